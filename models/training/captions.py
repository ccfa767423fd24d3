"""Captions: what a scene is called, from terse lists to sentences of a story."""

import numpy as np

from models.training import words, world
from models.training.scenes import Scene

PLACE_SAID = 0.9
DAY_SAID = 0.2
TIME_SAID = 0.95
SKY_SAID = 0.95
PLURAL_SHARE = 0.06
STORY_SHARE = 0.45
STRANGE_SHARE = 0.2


def _pick(rng: np.random.Generator, options: tuple[str, ...]) -> str:
    return options[rng.integers(len(options))]


def _noun(rng: np.random.Generator, name: str) -> str:
    subject = world.FIND_SUBJECT[name]
    return name if rng.random() < 0.65 else _pick(rng, subject.nouns)


def _subject(rng: np.random.Generator, name: str) -> str:
    noun = _noun(rng, name)
    if rng.random() < PLURAL_SHARE:
        return f"{_pick(rng, words.MANY)} {world.plural(noun)}"
    adjective = _pick(rng, words.ADJECTIVES) if rng.random() < 0.35 else ""
    return f"{_pick(rng, words.ARTICLES)} {adjective} {noun}"


def _said(rng: np.random.Generator, scene: Scene) -> list[str]:
    """The phrases for place, time and sky that this caption mentions, in some order."""
    phrases = []
    if rng.random() < PLACE_SAID:
        phrases.append(_pick(rng, world.FIND_PLACE[scene.place].phrases))
    outdoors = len(world.FIND_PLACE[scene.place].times) > 1
    if outdoors and rng.random() < (DAY_SAID if scene.time == "day" else TIME_SAID):
        phrases.append(_pick(rng, world.FIND_TIME[scene.time].phrases))
    if scene.sky and rng.random() < SKY_SAID:
        phrases.append(_pick(rng, world.FIND_SKY[scene.sky].phrases))
    if rng.random() < 0.35:
        rng.shuffle(phrases)
    return phrases


def _terse(rng: np.random.Generator, scene: Scene) -> list[str]:
    who = f" {_pick(rng, words.JOINS)} ".join(_subject(rng, name) for name in scene.subjects)
    return [_pick(rng, words.PREFIXES), who, *_said(rng, scene)]


def _story(rng: np.random.Generator, scene: Scene) -> list[str]:
    who = _subject(rng, scene.subjects[0])
    does = _pick(rng, words.VERBS)
    if len(scene.subjects) == 2:
        does = f"{_pick(rng, words.MEETINGS)} {_subject(rng, scene.subjects[1])}"
    phrases = _said(rng, scene)
    before = phrases.pop() if phrases and rng.random() < 0.25 else ""
    return [_pick(rng, words.OPENINGS), before, who, does, *phrases, _pick(rng, words.ENDINGS)]


def _strange(rng: np.random.Generator) -> str:
    """A word that means nothing: a name, or letters, or letters before a word it knows."""
    letters = rng.choice(list(words.LETTERS), rng.integers(2, 7))
    kind = rng.integers(3)
    if kind == 0:
        return _pick(rng, words.FILLERS)
    return "".join(letters) + (_pick(rng, words.SUFFIXES) if kind == 2 else "")


def _with_strangers(rng: np.random.Generator, text: str) -> str:
    parts = text.split()
    for _ in range(rng.integers(1, 4)):
        parts.insert(int(rng.integers(len(parts) + 1)), _strange(rng))
    return " ".join(parts)


def describe(scene: Scene, rng: np.random.Generator) -> str:
    """A random caption of the scene, in lower case; the left subject is named first."""
    parts = _story(rng, scene) if rng.random() < STORY_SHARE else _terse(rng, scene)
    text = " ".join(" ".join(parts).split()) + _pick(rng, ("", "", "", ".", "!"))
    return _with_strangers(rng, text) if rng.random() < STRANGE_SHARE else text


def _article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeio" else f"a {noun}"


def plain(scene: Scene) -> str:
    """The scene's full caption in main names, the same every time: "a fox in the forest"."""
    parts = [" and ".join(_article(name) for name in scene.subjects)]
    parts.append(world.FIND_PLACE[scene.place].phrases[0])
    if scene.time != "day":
        parts.append(world.FIND_TIME[scene.time].phrases[0])
    if scene.sky:
        parts.append(world.FIND_SKY[scene.sky].phrases[0])
    return " ".join(parts)
