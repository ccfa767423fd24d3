"""From what a model wrote on a line to what a book prints: repaired, or refused with a reason."""

import re
import unicodedata

CLOSERS = "\"'”’»)"
SENTENCE_END = re.compile(
    rf"(?<!\b(?:Mr|Ms|Dr|St))(?<!\bMrs)(?<!\bProf)(?:[.!?…]+[{CLOSERS}]*(?=\s+[^a-z\s]|\s*$)|[。！？]+[」』]?)"
)
LABEL = re.compile(r"\b(?:Book|Title|Page|Picture|Chapter|The End)\s*\d*\s*[:#]|https?://|www\.")
CLAUSE_END = re.compile(r"[,;:–—]\s|\s(?:and|but|because|so|when|while|until|who|that|which)\s")
LEAST_WORDS = 4
LONGEST_TITLE = 80
COPIED = 0.5
UNSUITABLE = re.compile(
    r"\b(?:dead|die[sd]?|dying|death|kill\w*|murder\w*|blood\w*|guns?|shot|knife|knives|sex\w*|"
    r"naked|drunk|beer|wine|drugs?|suicide|hell|damn|stupid|hate[sd]?|rape\w*|corpse\w*)\b",
    re.IGNORECASE,
)


class Unusable(ValueError):
    """A line that cannot be printed; says what is wrong with it."""


def clean(raw: str) -> str:
    """One line without markup, control characters or labels, with single spaces."""
    shown = "".join(c if _printable(c) else " " for c in raw.replace("\u200b", ""))
    shown = re.sub(r"[*_`#~|<>{}\[\]\\^=]+", "", shown)
    if label := LABEL.search(shown):
        shown = shown[: label.start()]
    shown = re.sub(r"\s+([.,;:!?…])", r"\1", " ".join(shown.split()))
    shown = re.sub(r"(\w['’])\s+(s|t|d|m|re|ll|ve)\b(?!['’])", r"\1\2", shown)
    return re.sub(r"([!?])\1{2,}", r"\1", shown).lstrip(" .,;:!?-–—)")


def _printable(character: str) -> bool:
    kind = unicodedata.category(character)
    return kind[0] in "LMNP" or character in " $+"


def sentences(text: str) -> list[str]:
    """The finished sentences of a text, in order; what is left unfinished is dropped."""
    found, start = [], 0
    for end in SENTENCE_END.finditer(text):
        found.append(text[start : end.end()].strip())
        start = end.end()
    return [sentence for sentence in found if any(c.isalnum() for c in sentence)]


def page_text(raw: str) -> str:
    """A page that ends at a sentence; raises Unusable when nothing printable remains."""
    text = clean(raw)
    whole = " ".join(dict.fromkeys(sentences(text))) or _closed_at_clause(text)
    whole = _paired(whole)
    if not re.search(r"[a-z]{40}", whole, re.IGNORECASE) and _length(whole) >= LEAST_WORDS:
        return whole[0].upper() + whole[1:]
    raise Unusable(f"too little text: {raw[:60]!r}")


def _length(text: str) -> int:
    """Words; scripts written without spaces count two characters as a word."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(re.findall(r"\w+", text)) + wide // 2


def _closed_at_clause(text: str) -> str:
    """An unfinished sentence, ended where its last whole clause ends."""
    cuts = [cut.start() for cut in CLAUSE_END.finditer(text)]
    return f"{text[: cuts[-1]]}." if cuts else ""


def _paired(text: str) -> str:
    """The text without a quotation mark that has no partner."""
    if text.count('"') % 2:
        at = text.rindex('"')
        text = (text[:at] + text[at + 1 :]).strip()
    if text.count("“") != text.count("”"):
        text = text.replace("“", "").replace("”", "")
    return " ".join(text.split())


def title(raw: str) -> str:
    """A title without quotes or a full stop; raises Unusable when it has no letters."""
    text = clean(raw).strip(" \"'“”‘’")
    text = re.sub(r"(?<![.])[.,;:]$", "", text)
    if len(text) > LONGEST_TITLE:
        text = text[:LONGEST_TITLE].rsplit(" ", 1)[0].rstrip(" ,;:-")
    if not any(c.isalpha() for c in text):
        raise Unusable(f"a title without words: {raw[:60]!r}")
    return text[0].upper() + text[1:]


def caption(raw: str) -> str:
    """A picture's description without its full stop; raises Unusable when it has no words."""
    text = clean(raw).strip(" \"'“”.,;:")
    if not any(c.isalpha() for c in text):
        raise Unusable(f"a picture without words: {raw[:60]!r}")
    return text


def check_page(text: str, earlier: list[str], prompt: str) -> None:
    """Raise Unusable for a page that repeats an earlier one or is not for children.

    A word that the prompt itself uses is let pass.
    """
    for page in earlier:
        if _shared(text, page) > COPIED:
            raise Unusable(f"repeats an earlier page: {text[:60]!r}")
    asked = set(re.findall(r"\w+", prompt.lower()))
    for word in UNSUITABLE.findall(text):
        if word.lower() not in asked:
            raise Unusable(f"not for children: {word!r}")


def _shared(text: str, other: str) -> float:
    """The share of a text's runs of three words that another has too."""
    own, theirs = _triples(text), _triples(other)
    return len(own & theirs) / max(1, len(own))


def _triples(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return set(zip(words, words[1:], words[2:], strict=False))
