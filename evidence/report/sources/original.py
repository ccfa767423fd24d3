"""The study that the project grew from, run again."""

from dataclasses import dataclass
from typing import Any

from evidence.report import records
from evidence.report.numbers import Estimate
from evidence.report.records import BadStudy
from evidence.report.study import Study

SHOWN = ("cifar10", 0.9)
"""The data set and rate whose rows are shown; all rows are in the CSV beside the record."""


@dataclass(frozen=True)
class Row:
    """A mean response in seconds: as published, and by the simulator."""

    policy: str
    published: Estimate
    conditioned: Estimate
    unconditioned: Estimate
    inside: bool


@dataclass(frozen=True)
class Dominated:
    """A rung that another beats in seconds and in Fréchet inception distance."""

    dataset: str
    rung: str
    seconds: float
    fid: float
    by: str
    by_seconds: float
    by_fid: float


@dataclass(frozen=True)
class Original:
    """How many published intervals hold our mean, and examples."""

    published: int
    conditioned: int
    unconditioned: int
    dataset: str
    rate: float
    rows: tuple[Row, ...]
    dominated: tuple[Dominated, ...]

    @property
    def held(self) -> bool:
        """Whether all of them do, under the arrivals that the study had."""
        return self.conditioned == self.published


def read(study: Study) -> Original | None:
    """Of OUT/original; None where it was not run. Raises BadStudy."""
    path = study.folder / "original" / "reproduction.json"
    found = records.load(path)
    if found is None:
        return None
    try:
        return _original(found)
    except (KeyError, TypeError) as error:
        raise BadStudy(f"{path} is no reproduction: {error!r}") from error


def _original(told: dict[str, Any]) -> Original:
    dataset, rate = SHOWN
    shown = [each for each in told["rows"] if (each["dataset"], each["rate"]) == SHOWN]
    inside = told["inside"]
    return Original(
        published=told["published"],
        conditioned=inside["conditioned"]["response"],
        unconditioned=inside["unconditioned"]["response"],
        dataset=dataset,
        rate=rate,
        rows=tuple(map(_row, shown)),
        dominated=tuple(map(_dominated, told["dominated"])),
    )


def _row(told: dict[str, Any]) -> Row:
    kinds = ("published", "conditioned", "unconditioned")
    found = (
        _around(told[f"response_{kind}"], told[f"response_{kind}_half_width"]) for kind in kinds
    )
    return Row(told["policy"], *found, told["response_conditioned_inside"])


def _around(value: float, half: float) -> Estimate:
    return Estimate(value, value - half, value + half)


def _dominated(told: dict[str, Any]) -> Dominated:
    own = told["rung_seconds"], told["rung_fid"]
    return Dominated(
        told["dataset"], told["rung"], *own, told["by"], told["by_seconds"], told["by_fid"]
    )
