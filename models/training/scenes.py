"""Scenes: what is in a picture, drawn by pasting sprites on a painted background."""

import itertools
import zlib
from dataclasses import dataclass

import numpy as np

from models.training import art, backgrounds, world

SPRITE_SIZE = 64
SKY_SIZE = 32
SKY_CORNER = (6, 90)
FLOOR_ROW = 52
SLOTS = {1: (32,), 2: (0, 64)}
HELD_OUT_SHARE = 10


@dataclass(frozen=True)
class Scene:
    """One picture: one or two subject names (left first), a place, a time, maybe a sky thing."""

    subjects: tuple[str, ...]
    place: str
    time: str = "day"
    sky: str | None = None
    variant: int = 0


def _one_in_ten(*words: str) -> bool:
    return zlib.crc32("|".join(words).encode()) % HELD_OUT_SHARE == 0


def is_held_out(scene: Scene) -> bool:
    """Whether training never sees this subject in this place, or this pair of subjects."""
    if any(_one_in_ten(subject, scene.place) for subject in scene.subjects):
        return True
    return len(scene.subjects) == 2 and _one_in_ten(*sorted(scene.subjects))


def _place_and_time(rng: np.random.Generator) -> tuple[str, str]:
    place = world.PLACES[rng.integers(len(world.PLACES))]
    if len(place.times) == 1:
        return place.name, place.times[0]
    return place.name, str(rng.choice(place.times, p=(0.5, 0.2, 0.3)))


def _sky(rng: np.random.Generator, place: str, time: str) -> str | None:
    indoors = len(world.FIND_PLACE[place].times) == 1
    if indoors or rng.random() < 0.6:
        return None
    fitting = [sky.name for sky in world.SKIES if time in sky.times]
    return fitting[rng.integers(len(fitting))]


def _any_scene(rng: np.random.Generator) -> Scene:
    count = 1 if rng.random() < 0.45 else 2
    picked = rng.choice(len(world.SUBJECTS), count, replace=False)
    place, time = _place_and_time(rng)
    names = tuple(world.SUBJECTS[index].name for index in picked)
    sky = _sky(rng, place, time)
    return Scene(names, place, time, sky, int(rng.integers(backgrounds.VARIANTS)))


def sample(rng: np.random.Generator) -> Scene:
    """A random scene for training: never a held-out one."""
    draws = (_any_scene(rng) for _ in itertools.count())
    return next(scene for scene in draws if not is_held_out(scene))


def held_out(count: int, subjects: int, seed: int) -> list[Scene]:
    """Different held-out scenes with that many subjects, in an order the seed decides."""
    rng = np.random.default_rng(seed)
    found: dict[tuple, Scene] = {}
    while len(found) < count:
        scene = _any_scene(rng)
        if len(scene.subjects) == subjects and is_held_out(scene):
            found.setdefault((scene.subjects, scene.place, scene.time, scene.sky), scene)
    return list(found.values())


def _paste(picture: np.ndarray, pixels: np.ndarray, row: int, column: int) -> None:
    height, width = pixels.shape[:2]
    under = picture[row : row + height, column : column + width]
    under *= 1 - pixels[..., 3:]
    under += pixels[..., :3]


def draw(scene: Scene) -> np.ndarray:
    """The scene as a picture: [128, 128, 3] uint8."""
    picture = backgrounds.paint(scene.place, scene.time, scene.variant).copy()
    if scene.sky:
        _paste(picture, art.sprite(world.FIND_SKY[scene.sky].emoji, SKY_SIZE), *SKY_CORNER)
    for name, column in zip(scene.subjects, SLOTS[len(scene.subjects)], strict=True):
        emoji = world.FIND_SUBJECT[name].emoji
        _paste(picture, art.sprite(emoji, SPRITE_SIZE), FLOOR_ROW, column)
    return (picture * 255 + 0.5).astype(np.uint8)
