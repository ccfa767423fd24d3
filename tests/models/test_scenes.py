"""The scene generator: the same seed draws the same world, and held-out scenes stay out."""

import numpy as np
import pytest

from models.training import art, scenes, world
from models.training.scenes import Scene


def _samples(count: int, seed: int = 3) -> list[Scene]:
    rng = np.random.default_rng(seed)
    return [scenes.sample(rng) for _ in range(count)]


def test_a_seed_gives_the_same_scenes() -> None:
    assert _samples(50) == _samples(50)
    assert _samples(50) != _samples(50, seed=4)


@pytest.mark.usefixtures("font")
def test_a_scene_is_always_drawn_alike_and_differs_from_others() -> None:
    fox = Scene(("fox",), "forest")
    assert np.array_equal(scenes.draw(fox), scenes.draw(Scene(("fox",), "forest")))
    assert scenes.draw(fox).shape == (128, 128, 3)
    assert not np.array_equal(scenes.draw(fox), scenes.draw(Scene(("owl",), "forest")))


@pytest.mark.usefixtures("font")
def test_two_subjects_stand_left_and_right() -> None:
    pair = scenes.draw(Scene(("fox", "owl"), "paper"))
    turned = scenes.draw(Scene(("owl", "fox"), "paper"))
    assert np.array_equal(pair[:, :64], turned[:, 64:])
    assert np.array_equal(pair[:, 64:], turned[:, :64])


@pytest.mark.usefixtures("font")
def test_every_subject_looks_different() -> None:
    drawn = np.stack([art.sprite(subject.emoji, 16).ravel() for subject in world.SUBJECTS])
    apart = np.abs(drawn[:, None] - drawn[None]).mean(-1) + np.eye(len(drawn))
    assert apart.min() > 0.02


def test_training_never_meets_a_held_out_scene() -> None:
    assert not any(scenes.is_held_out(scene) for scene in _samples(2000))


def test_held_out_scenes_are_held_out_and_about_a_tenth_of_single_ones() -> None:
    chosen = scenes.held_out(60, 1, seed=0) + scenes.held_out(60, 2, seed=0)
    assert all(scenes.is_held_out(scene) for scene in chosen)
    everything = [
        Scene((subject.name,), place.name) for subject in world.SUBJECTS for place in world.PLACES
    ]
    share = sum(map(scenes.is_held_out, everything)) / len(everything)
    assert 0.05 < share < 0.15


def test_a_missing_font_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setattr(art, "FONT", tmp_path / "none.ttf")
    with pytest.raises(art.ArtMissing, match="fonts-noto-color-emoji"):
        art.check()
