"""Painted backgrounds: every place at every time of day, in a few numbered variants."""

from functools import cache

import numpy as np

SIZE = 128
VARIANTS = 12

_SKY = {
    "day": ((120, 190, 245), (205, 232, 252)),
    "sunset": ((112, 78, 150), (255, 170, 105)),
    "night": ((14, 20, 58), (52, 62, 118)),
}
_LIGHT = {"day": (1.0, 1.0, 1.0), "sunset": (0.95, 0.74, 0.66), "night": (0.36, 0.42, 0.62)}
_GROUND = {
    "meadow": ((132, 196, 92), (96, 166, 70)),
    "forest": ((92, 142, 72), (66, 112, 56)),
    "sea": ((62, 142, 205), (36, 104, 172)),
    "beach": ((240, 218, 162), (226, 196, 132)),
    "snow": ((242, 247, 252), (214, 228, 242)),
    "desert": ((236, 186, 110), (214, 152, 80)),
}


def _grid() -> tuple[np.ndarray, np.ndarray]:
    rows, columns = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)
    return rows, columns


def _blend(top: tuple, bottom: tuple, share: np.ndarray) -> np.ndarray:
    share = np.clip(share, 0, 1)[..., None]
    return np.float32(top) * (1 - share) + np.float32(bottom) * share


def _wave(rng: np.random.Generator, height: float, swing: float) -> np.ndarray:
    """A smooth horizon line: [1, SIZE] row numbers."""
    columns = np.arange(SIZE, dtype=np.float32)[None]
    phase, length = rng.uniform(0, 6.3), rng.uniform(60, 130)
    return height + swing * np.sin(columns / length * 6.3 + phase)


def _cover(picture: np.ndarray, mask: np.ndarray, colour: np.ndarray | tuple) -> None:
    """Paints colour over the picture where mask (0..1) says so."""
    picture += mask[..., None] * (np.float32(colour) - picture)


def _below(line: np.ndarray) -> np.ndarray:
    return np.clip(_grid()[0] - line + 0.5, 0, 1)


def _disc(row: float, column: float, height: float, width: float) -> np.ndarray:
    rows, columns = _grid()
    radius = np.sqrt(((rows - row) / height) ** 2 + ((columns - column) / width) ** 2)
    return np.clip((1 - radius) * min(height, width) + 0.5, 0, 1)


def _sky(time: str) -> np.ndarray:
    return _blend(*_SKY[time], _grid()[0] / 88)


def _stars(picture: np.ndarray, rng: np.random.Generator) -> None:
    for row, column in zip(rng.uniform(3, 62, 14), rng.uniform(3, SIZE - 3, 14), strict=True):
        _cover(picture, _disc(row, column, 1.2, 1.2), (255, 250, 215))


def _lit(colour: tuple, time: str) -> np.ndarray:
    return np.float32(colour) * np.float32(_LIGHT[time])


def _ground(picture: np.ndarray, place: str, time: str, rng: np.random.Generator) -> None:
    line = _wave(rng, 80, 1 if place in ("sea", "beach") else 5)
    near, far = (_lit(colour, time) for colour in _GROUND[place])
    _cover(picture, _below(line), _blend(near, far, (_grid()[0] - 76) / 52))


def _hills(picture: np.ndarray, colour: np.ndarray, rng: np.random.Generator) -> None:
    _cover(picture, _below(_wave(rng, 72, 8)), colour)


def _trees(picture: np.ndarray, time: str, rng: np.random.Generator) -> None:
    rows, columns = _grid()
    for column in np.arange(0, SIZE + 1, 16) + rng.uniform(-4, 4, 9):
        top = rng.uniform(14, 34)
        width = np.clip((rows - top) * 0.2, 0, 13)
        mask = np.clip(width - np.abs(columns - column) + 0.5, 0, 1) * (rows > top) * (rows < 86)
        _cover(picture, mask, _lit((48, 108, 66) if column % 3 > 1.5 else (36, 90, 56), time))


def _waves(picture: np.ndarray, time: str, rng: np.random.Generator) -> None:
    for row in (88, 98, 108, 118):
        line = _wave(rng, row + rng.uniform(-2, 2), 2)
        mask = np.clip(1.5 - np.abs(_grid()[0] - line), 0, 1) * 0.55
        _cover(picture, mask, _lit((190, 224, 246), time))


def _mountains(picture: np.ndarray, time: str, rng: np.random.Generator) -> None:
    columns = _grid()[1]
    for peak in (rng.uniform(10, 40), rng.uniform(80, 115)):
        top = rng.uniform(38, 50)
        ridge = top + np.abs(columns - peak) * 0.9
        _cover(picture, _below(ridge), _lit((150, 170, 200), time))
        _cover(picture, _below(ridge) * (1 - _below(top + 12.0)), _lit((245, 248, 255), time))


def _flowers(picture: np.ndarray, time: str, rng: np.random.Generator) -> None:
    for row, column in zip(rng.uniform(92, 124, 10), rng.uniform(4, 124, 10), strict=True):
        colour = ((255, 240, 120), (255, 170, 190), (255, 255, 255))[rng.integers(3)]
        _cover(picture, _disc(row, column, 1.8, 1.8), _lit(colour, time))


def _flakes(picture: np.ndarray, rng: np.random.Generator) -> None:
    for row, column in zip(rng.uniform(3, 80, 16), rng.uniform(3, 125, 16), strict=True):
        _cover(picture, _disc(row, column, 1.4, 1.4), (255, 255, 255))


def _outdoors(place: str, time: str, rng: np.random.Generator) -> np.ndarray:
    picture = _sky(time)
    if time == "night":
        _stars(picture, rng)
    if place == "meadow":
        _hills(picture, _lit((112, 178, 96), time), rng)
    if place == "snow":
        _mountains(picture, time, rng)
    if place == "forest":
        _trees(picture, time, rng)
    if place == "beach":
        _cover(picture, _below(np.float32(66.0)), _lit((70, 160, 215), time))
    if place == "desert":
        _hills(picture, _lit((222, 164, 96), time), rng)
    _ground(picture, place, time, rng)
    _foreground(picture, place, time, rng)
    return picture


def _foreground(picture: np.ndarray, place: str, time: str, rng: np.random.Generator) -> None:
    if place == "meadow":
        _flowers(picture, time, rng)
    if place == "sea":
        _waves(picture, time, rng)
    if place == "snow":
        _flakes(picture, rng)


def _room(rng: np.random.Generator) -> np.ndarray:
    rows, columns = _grid()
    wall = ((246, 224, 190), (222, 232, 216), (240, 212, 214))[rng.integers(3)]
    picture = np.broadcast_to(np.float32(wall), (SIZE, SIZE, 3)).copy()
    stripes = (np.sin(columns / 8 * 3.1416) > 0.6) * 0.25
    _cover(picture, stripes, (255, 255, 255))
    _cover(picture, (rows >= 92).astype(np.float32), (176, 122, 78))
    _cover(picture, (np.abs(rows - 93) < 2).astype(np.float32), (140, 92, 58))
    window = (np.abs(rows - 30) < 19) & (np.abs(columns - 26) < 17)
    glass = (np.abs(rows - 30) < 16) & (np.abs(columns - 26) < 14)
    bars = (np.abs(rows - 30) < 1.2) | (np.abs(columns - 26) < 1.2)
    _cover(picture, window.astype(np.float32), (255, 255, 255))
    _cover(picture, (glass & ~bars).astype(np.float32), (150, 206, 246))
    return picture


def _paper(rng: np.random.Generator) -> np.ndarray:
    tint = np.float32((252, 249, 240)) - rng.uniform(0, 8)
    return np.broadcast_to(tint, (SIZE, SIZE, 3)).copy()


@cache
def paint(place: str, time: str, variant: int) -> np.ndarray:
    """The background of a place at a time: [128, 128, 3] float32 in 0..1; read-only."""
    rng = np.random.default_rng([variant, *place.encode(), *time.encode()])
    indoors = {"room": _room, "paper": _paper}
    picture = indoors[place](rng) if place in indoors else _outdoors(place, time, rng)
    picture = np.clip(picture / 255, 0, 1).astype(np.float32)
    picture.setflags(write=False)
    return picture
