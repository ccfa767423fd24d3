"""What a prompt asks a book to be about."""

import re

REQUEST = re.compile(
    r"^(?:please\s+)?(?:can|could|would)?\s*(?:you\s+)?(?:please\s+)?"
    r"(?:write|tell|make|create|give|generate|compose)\s+(?:me|us)?\s*"
    r"(?:an?|the|some)?\s*(?:\w+\s+){0,3}?(?:story|stories|book|storybook|tale)\s*"
    r"(?:about|of|on|where|in which|with)?\s*:?\s*",
    re.IGNORECASE,
)
ABOUT = re.compile(
    r"^(?:an?\s+)?(?:\w+\s+){0,2}?(?:story|book|tale)\s+(?:about|of)\s+", re.IGNORECASE
)
HERO = re.compile(
    r"^(?P<hero>(?P<count>an?|one|two|three|four|five|some)\s+[\w' -]+?)"
    r"(?=,|\.|$|\s(?:who|whose|that|which|and (?:his|her|its|their)|in|on|at|with|from|by|under|"
    r"goes|is|are|has|finds?|learns?|wants?|tries|loses?|makes?|meets?|gets?)\b)",
    re.IGNORECASE,
)
LONGEST = 300
LONGEST_HERO = 8
EMPTY_WORDS = frozenset(
    re.findall(
        r"\w+",
        """a an and are as at be but by for from has have he her him his how in into is it its of on
        or our she so some that the their them then they this to two three was we were what when
        where which who whose will with you your about story book write tell very""",
    )
)


def subject(prompt: str) -> str:
    """The prompt on one line, without "write a story about"."""
    line = " ".join(prompt.split())
    for request in (REQUEST, ABOUT):
        line = request.sub("", line, count=1) or line
    line = line.strip(" .\"'")
    return line if len(line) <= LONGEST else line[:LONGEST].rsplit(" ", 1)[0]


def opening(subject_line: str) -> str | None:
    """How a book about it can begin: "Once there was a brave fox"; None if it does not say."""
    found = HERO.match(subject_line)
    if not found or len(found["hero"].split()) > LONGEST_HERO:
        return None
    verb = "was" if found["count"].lower() in ("a", "an", "one") else "were"
    hero = found["hero"]
    return f"Once there {verb} {hero[0].lower()}{hero[1:]}"


def words(text: str) -> frozenset[str]:
    """The words that carry meaning, lower case, cut to the stem that plurals share."""
    return frozenset(
        word[:5] for word in re.findall(r"\w+", text.lower()) if word not in EMPTY_WORDS
    )


def mentions(text: str, subject_line: str) -> bool:
    """Whether a text names anything that the subject names."""
    wanted = words(subject_line)
    return not wanted or bool(wanted & words(text))
