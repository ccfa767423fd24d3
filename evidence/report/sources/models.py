"""M/M/k, M/G/k and the batch engine, each asked for the runs at one level for ever."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

from controller.queueing.engine import Engine
from controller.queueing.general import mgk
from controller.queueing.markovian import mmk
from controller.queueing.measures import Measures
from controller.queueing.refusal import Refusal
from controller.queueing.sharing import ps
from evidence.report.sources.compared import FIXED, Cell, Validation
from services.contract.profile import Profile

NAMES = ("M/M/k", "M/G/k", "batch engine")


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
    overheads = {level: each.value for level, each in found.overheads}
    cells = [
        _compared(cell, profile, workers, overheads.get(_level(cell), 0.0))
        for cell in found.cells
        if cell.steady and cell.policy.startswith(FIXED) and _level(cell) in known
    ]
    return Models(tuple(each for each in cells if each)) if any(cells) else None


def _level(cell: Cell) -> str:
    return cell.policy.removeprefix(FIXED)


def _compared(cell: Cell, profile: Profile, workers: int, overhead: float) -> Compared | None:
    measured = cell.figure("measured", "mean_response")
    if measured is None:
        return None
    cost, law = profile.cost(_level(cell), "images"), profile.law("images")
    seconds = cost.seconds.value
    asked: dict[str, Callable[[], Measures]] = {
        NAMES[0]: lambda: mmk(cell.rate, seconds, workers),
        NAMES[1]: lambda: mgk(cell.rate, seconds, cost.scv, workers),
        NAMES[2]: lambda: ps(cell.rate, Engine(seconds, law, workers), cost.scv),
    }
    predicted = {name: _said(model, overhead) for name, model in asked.items()}
    return Compared(_level(cell), cell.rate, measured.value, predicted)


def _said(model: Callable[[], Measures], overhead: float) -> float | None:
    """Where the models refuse, there is no steady state; what a job costs besides is added."""
    try:
        return model().mean_response + overhead
    except Refusal:
        return None
