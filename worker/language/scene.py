"""Pictures in the words of an illustrator that knows a small world: who, where, when."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

NO_PLACES = ("paper",)
# The nouns of place phrases that mean no place in a story: "went home", "on white".
EMPTY_NOUNS = frozenset({"home", "indoors", "white", "page", "winter", "water"})
STAND_INS = {
    "boy": "man king prince father dad grandfather grandpa uncle child baby farmer pirate",
    "girl": "woman mother mum mom grandmother grandma aunt witch",
    "duck": "bird goose chick hen robin sparrow swan",
    "dog": "wolf",
    "lion": "tiger",
    "house": "home",
    "balloon": "kite",
    "whale": "dolphin shark",
}
HABITATS = {
    "sea": "whale fish octopus boat",
    "beach": "crab turtle",
    "snow": "penguin snowman",
    "forest": "bear fox owl hedgehog mushroom",
}
NOT_SEEN = {"day": ("moon", "star"), "sunset": ("moon", "star"), "night": ("sun", "rainbow")}
DEFAULT_PLACE = "meadow"
DEFAULT_SUBJECT = "house"


@dataclass(frozen=True)
class Named:
    """Something that the illustrator knows: its name, the words for it, how captions put it."""

    name: str
    pattern: re.Pattern[str]
    phrase: str

    def at(self, text: str) -> int | None:
        """Where a text first names it."""
        found = self.pattern.search(text)
        return found.start() if found else None


@dataclass(frozen=True)
class Vocabulary:
    """The illustrator's world; stand-ins are drawn for heroes that it does not know."""

    subjects: tuple[Named, ...]
    stand_ins: tuple[Named, ...]
    places: tuple[Named, ...]
    times: tuple[Named, ...]
    skies: tuple[Named, ...]

    def subjects_in(self, text: str) -> list[str]:
        """The names of the subjects in a text, in the order of their first mention."""
        return [named.name for named in _found(self.subjects, text)]

    def hero(self, *sources: str) -> str:
        """Whom a book is about: the first subject named in its sources, else a stand-in."""
        for known in (self.subjects, self.stand_ins):
            for source in sources:
                if found := _found(known, source):
                    return found[0].name
        return DEFAULT_SUBJECT


def _found(known: Iterable[Named], text: str) -> list[Named]:
    places = ((named.at(text), named) for named in known)
    return [named for at, named in sorted((p for p in places if p[0] is not None), key=_first)]


def _first(found: tuple[int, Named]) -> int:
    return found[0]


def load_vocabulary(path: Path) -> Vocabulary:
    """The vocabulary that the illustrator's training wrote beside its weights."""
    data = json.loads(path.read_text(encoding="utf-8"))
    places = [entry for entry in data["places"] if entry["name"] not in NO_PLACES]
    return Vocabulary(
        subjects=tuple(map(_subject, data["subjects"])),
        stand_ins=tuple(_stand_in(e) for e in data["subjects"] if e["name"] in STAND_INS),
        places=tuple(map(_scenery, places)),
        times=tuple(map(_scenery, data["times"])),
        skies=tuple(map(_scenery, data["skies"])),
    )


def _subject(entry: Mapping) -> Named:
    return _named_subject(entry["name"], [entry["name"], *entry["synonyms"]])


def _stand_in(entry: Mapping) -> Named:
    return _named_subject(entry["name"], STAND_INS[entry["name"]].split())


def _named_subject(name: str, nouns: Iterable[str]) -> Named:
    article = "an" if name[0] in "aeiou" else "a"
    pattern = _pattern(form for noun in nouns for form in _forms(noun))
    return Named(name, pattern, f"{article} {name}")


def _scenery(entry: Mapping) -> Named:
    nouns = {phrase.split()[-1] for phrase in entry["phrases"]} | {entry["name"]}
    words = [*entry["phrases"], *(nouns - EMPTY_NOUNS - {"above", "sky", "day", "rain"})]
    return Named(entry["name"], _pattern(f for w in words for f in _forms(w)), entry["phrases"][0])


def _forms(noun: str) -> list[str]:
    if noun == "mouse":
        return ["mouse", "mice"]
    if noun == "day":
        return [noun]
    plural = f"{noun[:-1]}ies" if re.search(r"[^aeiou]y$", noun) else f"{noun}s"
    return [noun, plural, f"{noun}es"]


def _pattern(words: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, words))})\b", re.IGNORECASE)


class Director:
    """Words every picture of one book, so that its hero and its places stay the same."""

    def __init__(self, vocabulary: Vocabulary, subject: str) -> None:
        self._vocabulary = vocabulary
        self._subject = subject
        self._hero: str | None = None
        self._place: Named | None = None

    def caption(self, picture: str, text: str, title: str) -> str:
        """The caption for a page, from the model's own line, the page, the title, the prompt."""
        who = " and ".join(self._who(picture, text, title))
        where = self._where(picture, text).phrase
        return " ".join([who, where, *self._when(picture, text)])

    def _who(self, picture: str, text: str, title: str) -> list[str]:
        known = self._vocabulary
        if self._hero is None:
            self._hero = known.hero(self._subject, title, text, picture)
        others = [*known.subjects_in(picture), *known.subjects_in(text)]
        shown = dict.fromkeys([self._hero, *others])
        phrases = {named.name: named.phrase for named in known.subjects}
        return [phrases.get(name, f"a {name}") for name in shown][:2]

    def _where(self, picture: str, text: str) -> Named:
        places = self._vocabulary.places
        named = [*_found(places, picture), *_found(places, text)]
        if self._place is None:
            named += [*_found(places, self._subject), *self._habitat()]
        self._place = named[0] if named else self._place
        return self._place

    def _habitat(self) -> list[Named]:
        natural = [place for place, heroes in HABITATS.items() if self._hero in heroes.split()]
        ranked = {name: rank for rank, name in enumerate([*natural, DEFAULT_PLACE])}
        return sorted(self._vocabulary.places, key=lambda p: ranked.get(p.name, len(ranked)))

    def _when(self, picture: str, text: str) -> list[str]:
        times, skies = self._vocabulary.times, self._vocabulary.skies
        time = [*_found(times, text), *_found(times, picture)][:1]
        wrong = [sky for named in time for sky in NOT_SEEN.get(named.name, ())]
        sky = [*_found(skies, text), *_found(skies, picture)]
        sky = [named for named in sky if named.name not in wrong][:1]
        return [named.phrase for named in (*time, *sky) if named.name != "day"]
