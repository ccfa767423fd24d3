"""M/M/k, M/G/k and processor sharing, each asked for the runs at one level for ever."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, median

from controller.queueing.engine import Engine
from controller.queueing.general import mgk
from controller.queueing.markovian import mmk
from controller.queueing.refusal import Refusal
from controller.queueing.sharing import ps
from evidence.report.sources.compared import FIXED, Validation
from evidence.report.sources.runs import Cell, Run
from services.contract.profile import BatchLaw, Profile

NAMES = ("M/M/k", "M/G/k", "processor sharing")


@dataclass(frozen=True)
class Compared:
    """A fixed level at a rate: mean response measured and by each model, seconds.

    A model says None where it has no steady state at this rate.
    """

    level: str
    rate: float
    measured: float
    predicted: Mapping[str, float | None]

    def error(self, model: str) -> float | None:
        """Relative to the measurement."""
        found = self.predicted[model]
        return None if found is None else found / self.measured - 1


@dataclass(frozen=True)
class Models:
    """All of them."""

    cells: tuple[Compared, ...]

    def silent(self, model: str) -> int:
        """At how many steady points the model sees no steady state."""
        return sum(cell.predicted[model] is None for cell in self.cells)

    def median(self, model: str) -> float | None:
        """Of the absolute errors where it says something."""
        errors = [error for cell in self.cells if (error := cell.error(model)) is not None]
        return median(map(abs, errors)) if errors else None

    @property
    def best(self) -> str:
        """The model that says something most often, and is nearest."""
        return min(NAMES, key=lambda name: (self.silent(name), self.median(name) or 0.0))


def compare(found: Validation | None, profile: Profile | None, workers: int = 1) -> Models | None:
    """At every steady point of a fixed level; None without such points."""
    if found is None or profile is None:
        return None
    known = {rung.level.name for rung in profile.rungs if "images" in rung.costs}
    cells = [
        _compared(cell, [_picture(run, _level(cell), found, profile) for run in cell.runs], workers)
        for cell in found.cells
        if cell.steady and cell.policy.startswith(FIXED) and _level(cell) in known
    ]
    return Models(tuple(each for each in cells if each)) if any(cells) else None


def _level(cell: Cell) -> str:
    return cell.policy.removeprefix(FIXED)


@dataclass(frozen=True)
class Picture:
    """What a picture at a level takes, seconds: alone in a worker, and besides."""

    alone: float
    scv: float
    law: BatchLaw
    besides: float


def _picture(run: Run, level: str, found: Validation, profile: Profile) -> Picture:
    """As it was served near the run, or in the study, where that is known; else by the profile."""
    cost = profile.cost(level, "images")
    served = (run.law and run.law.level(level)) or (found.law and found.law.level(level))
    if found.law and served:
        return Picture(served.seconds, cost.scv, served.law(found.law.cap), 0.0)
    besides = {name: each.value for name, each in found.overheads}.get(level, 0.0)
    return Picture(cost.seconds.value, cost.scv, profile.law("images", level), besides)


def _compared(cell: Cell, pictures: Sequence[Picture], workers: int) -> Compared | None:
    """Of what a picture takes in each repeat."""
    measured = cell.figure("measured", "mean_response")
    if measured is None:
        return None
    said = [_predicted(cell.rate, picture, workers) for picture in pictures]
    predicted = {name: _mean([each[name] for each in said]) for name in NAMES}
    return Compared(_level(cell), cell.rate, measured.value, predicted)


def _predicted(rate: float, picture: Picture, workers: int) -> dict[str, float | None]:
    alone, scv = picture.alone, picture.scv
    engine = Engine(alone, picture.law, workers)
    asked: dict[str, Callable[[], float]] = {
        NAMES[0]: lambda: mmk(rate, alone, workers).mean_response,
        NAMES[1]: lambda: mgk(rate, alone, scv, workers).mean_response,
        NAMES[2]: lambda: ps(rate, engine, scv).mean_response,
    }
    return {name: _said(model, picture.besides) for name, model in asked.items()}


def _mean(said: Sequence[float | None]) -> float | None:
    """Nothing where a model says nothing of some repeat."""
    known = [each for each in said if each is not None]
    return mean(known) if len(known) == len(said) else None


def _said(model: Callable[[], float], besides: float) -> float | None:
    """Where the models refuse, there is no steady state; what a job costs besides is added."""
    try:
        return model() + besides
    except Refusal:
        return None
