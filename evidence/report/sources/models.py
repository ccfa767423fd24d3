"""M/M/k, M/G/k and processor sharing, each asked for the runs at one level for ever."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

from controller.queueing.engine import Engine
from controller.queueing.general import mgk
from controller.queueing.markovian import mmk
from controller.queueing.refusal import Refusal
from controller.queueing.sharing import ps
from evidence.report.sources.compared import FIXED, Validation
from evidence.report.sources.runs import Cell
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
        _compared(cell, _picture(_level(cell), found, profile), workers)
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


def _picture(level: str, found: Validation, profile: Profile) -> Picture:
    """As it was served where that is known, else by the profile."""
    cost = profile.cost(level, "images")
    if found.law and (served := found.law.level(level)):
        return Picture(served.seconds, cost.scv, served.law(found.law.cap), 0.0)
    besides = {name: each.value for name, each in found.overheads}.get(level, 0.0)
    return Picture(cost.seconds.value, cost.scv, profile.law("images", level), besides)


def _compared(cell: Cell, picture: Picture, workers: int) -> Compared | None:
    measured = cell.figure("measured", "mean_response")
    if measured is None:
        return None
    rate, alone, scv = cell.rate, picture.alone, picture.scv
    engine = Engine(alone, picture.law, workers)
    asked: dict[str, Callable[[], float]] = {
        NAMES[0]: lambda: mmk(rate, alone, workers).mean_response,
        NAMES[1]: lambda: mgk(rate, alone, scv, workers).mean_response,
        NAMES[2]: lambda: ps(rate, engine, scv).mean_response,
    }
    predicted = {name: _said(model, picture.besides) for name, model in asked.items()}
    return Compared(_level(cell), rate, measured.value, predicted)


def _said(model: Callable[[], float], besides: float) -> float | None:
    """Where the models refuse, there is no steady state; what a job costs besides is added."""
    try:
        return model() + besides
    except Refusal:
        return None
