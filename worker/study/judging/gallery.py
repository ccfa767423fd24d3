"""Draws the same captions at several settings, by turns, through the engine."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from PIL.Image import Image

from services.contract.ladder import ImageLevel
from worker.batching.engine import Engine
from worker.batching.request import Drawing, ImageRequest
from worker.study.progress import Tell

Levels = Callable[[Mapping[str, Sequence[Drawing]], int], list[ImageLevel]]
"""Given what the arms before it drew of the same captions, and how many they are: their levels."""
WARM_UP = 2


@dataclass(frozen=True, slots=True)
class Arm:
    """One setting of a comparison."""

    name: str
    levels: Levels


def plain(name: str, level: ImageLevel) -> Arm:
    """Every picture at one level."""
    return Arm(name, lambda _, count: [level] * count)


def as_many_steps(name: str, level: ImageLevel, as_arm: str) -> Arm:
    """Every picture at `level`, in as many steps, group by group, as `as_arm` took on average."""
    return Arm(name, lambda before, count: shared_out(level, _taken(before[as_arm]), count))


def shared_out(level: ImageLevel, steps: int, count: int) -> list[ImageLevel]:
    """`count` levels whose steps add up to `steps` and differ by one at most."""
    least, more = divmod(steps, count)
    few, many = (level.model_copy(update={"steps": each}) for each in (least, least + 1))
    return [many] * more + [few] * (count - more)


def _taken(drawings: Sequence[Drawing]) -> int:
    return sum(drawing.steps for drawing in drawings)


@dataclass(frozen=True, slots=True)
class Round:
    """One group of captions, drawn by one arm."""

    drawings: tuple[Drawing, ...]
    seconds: float
    """Wall-clock time from the first request to the last picture"""


@dataclass
class Sheet:
    """What one arm drew, in the order of the captions."""

    rounds: list[Round] = field(default_factory=list)

    @property
    def drawings(self) -> list[Drawing]:
        """All of them."""
        return [drawing for each in self.rounds for drawing in each.drawings]

    @property
    def pictures(self) -> list[Image]:
        """Their pictures."""
        return [drawing.picture for drawing in self.drawings]

    @property
    def steps(self) -> list[int]:
        """Steps that each of them took."""
        return [drawing.steps for drawing in self.drawings]

    @property
    def seconds(self) -> list[float]:
        """Seconds for a picture, one figure for each round."""
        return [each.seconds / len(each.drawings) for each in self.rounds]


@dataclass(frozen=True)
class Sitting:
    """What is drawn: caption i with seed `seed` + i, in groups of `group`."""

    captions: Sequence[str]
    seed: int
    group: int

    def requests(self, start: int, levels: Sequence[ImageLevel]) -> list[ImageRequest]:
        """The requests of the group that begins at caption `start`."""
        captions = self.captions[start : start + len(levels)]
        return [
            ImageRequest(prompt=caption, seed=self.seed + start + index, level=level)
            for index, (caption, level) in enumerate(zip(captions, levels, strict=True))
        ]


def draw(engine: Engine, arms: Sequence[Arm], sitting: Sitting, tell: Tell) -> dict[str, Sheet]:
    """Each arm's sheet; `tell` is called after each round.

    The arms take turns at every group, so that whatever slows the machine down meets them all.
    What is done at the first picture only (variants are loaded) is done before, untimed.
    """
    sheets = {arm.name: Sheet() for arm in arms}
    _take_turns(engine, arms, Sitting(sitting.captions[:WARM_UP], sitting.seed, WARM_UP), 0)
    for start in range(0, len(sitting.captions), sitting.group):
        for name, done in _take_turns(engine, arms, sitting, start, tell).items():
            sheets[name].rounds.append(done)
    return sheets


def _take_turns(
    engine: Engine, arms: Sequence[Arm], sitting: Sitting, start: int, tell: Tell = lambda: None
) -> dict[str, Round]:
    done: dict[str, Round] = {}
    count = len(sitting.captions[start : start + sitting.group])
    for arm in arms:
        before = {name: each.drawings for name, each in done.items()}
        done[arm.name] = _drawn(engine, sitting.requests(start, arm.levels(before, count)))
        tell()
    return done


def _drawn(engine: Engine, requests: Sequence[ImageRequest]) -> Round:
    began = time.perf_counter()
    futures = [engine.submit(request) for request in requests]
    drawings = tuple(future.result() for future in futures)
    return Round(drawings, time.perf_counter() - began)
