"""Captions: they name what is there, and shipped held-out ones name only unseen combinations."""

from itertools import combinations
from pathlib import Path

import numpy as np

from models.training import captions, scenes, world
from models.training.scenes import Scene

HELD_OUT = Path(__file__).parents[2] / "models" / "captions-held-out.txt"


def _names(text: str) -> list[str]:
    words = text.split()
    return [subject.name for subject in world.SUBJECTS if subject.name in words]


def _places(text: str) -> list[str]:
    return [place.name for place in world.PLACES if place.phrases[0] in text]


def test_a_plain_caption_reads_as_a_person_would_say_it() -> None:
    assert captions.plain(Scene(("fox",), "forest")) == "a fox in the forest"
    pair = Scene(("owl", "unicorn"), "sea", "night", "moon")
    assert captions.plain(pair) == "an owl and a unicorn on the sea at night under the moon"


def test_every_caption_names_every_subject_left_first() -> None:
    rng = np.random.default_rng(5)
    nouns = {
        name: {form for noun in subject.nouns for form in (noun, world.plural(noun))}
        for name, subject in world.FIND_SUBJECT.items()
    }
    for _ in range(500):
        scene = scenes.sample(rng)
        words = captions.describe(scene, rng).rstrip(".!").split()
        first = [
            min(words.index(noun) for noun in nouns[name] if noun in words)
            for name in scene.subjects
        ]
        assert first == sorted(first)


def test_shipped_held_out_captions_are_plenty_and_different() -> None:
    lines = HELD_OUT.read_text().splitlines()
    assert len(lines) == len(set(lines)) == 200


def test_shipped_held_out_captions_name_only_combinations_never_trained_on() -> None:
    for line in HELD_OUT.read_text().splitlines():
        (place,) = _places(line)
        names = _names(line)
        singles = [scenes.is_held_out(Scene((name,), place)) for name in names]
        pairs = [scenes.is_held_out(Scene(pair, "paper")) for pair in combinations(names, 2)]
        assert any(singles + pairs), line
