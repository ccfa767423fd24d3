"""Policies held against each other: what they sustain, and by how much one is better."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from evidence.report.numbers import Estimate


@dataclass(frozen=True)
class Capacity:
    """The highest rate that each policy sustains, and how that of the best compares."""

    knees: dict[str, float | None]
    best_level: str
    ratio: float | None
    asked: float
    held: bool | None
    at_least: tuple[str, ...] = ()
    """Policies that sustained the highest rate they were tried at."""
    brackets: Mapping[str, Sequence[float | None]] = field(default_factory=dict)
    """The highest rate sustained, and the lowest that was not; None: none failed."""
    ratio_at_least: float | None = None
    """The largest knee of those that follow the queue over the rate that the best level failed."""

    def bounded(self, policy: str) -> bool:
        """Whether its knee is no more than a lower bound."""
        return policy in self.at_least and self.knees.get(policy) is not None

    def failed(self, policy: str) -> float | None:
        """The lowest rate that it was tried at and did not sustain."""
        return (*self.brackets.get(policy, ()), None, None)[1]

    def over(self, knee: float | None) -> float | None:
        """A policy's as a multiple of the best level's."""
        least = self.knees.get(self.best_level)
        return knee / least if knee and least else None


@dataclass(frozen=True)
class Margin:
    """By how much a policy's effective quality is above a fixed level's at the same rate."""

    policy: str
    rate: float
    over: str
    margin: Estimate
    held: bool | None


@dataclass(frozen=True)
class Contest:
    """Planned rules less thresholds set by hand at a rate: quality in points, tail in seconds."""

    rate: float
    planned: str
    hand_set: str
    quality: Estimate
    p95_response: Estimate
    held: bool | None


@dataclass(frozen=True)
class Distance:
    """A policy less the optimum, run at the same rate: quality in points, tail in seconds.

    `met`: whether the table of the optimum meets its aim in the model; None where that is not
    known. `note` says what else the table does not do.
    """

    rate: float
    policy: str
    optimum: str
    quality: Estimate
    p95_response: Estimate
    met: bool | None = None
    note: str | None = None

    @property
    def optimal(self) -> bool:
        """Whether it is one to the optimum: where no table meets the aim, there is none."""
        return self.met is not False and not self.note

    @property
    def lacking(self) -> str:
        """What its table lacks, where that is no optimum."""
        said = self.note or "the percentile of its table may be beyond the aim"
        return said.replace("=", " ≤ ")

    @property
    def verdict(self) -> str:
        """In three words at most."""
        if not self.optimal:
            return "no optimum"
        return "worse" if self.behind else "better" if self.ahead else "not told apart"

    @property
    def behind(self) -> bool:
        """Whether its pictures are worse beyond chance."""
        return self.quality.high < 0

    @property
    def ahead(self) -> bool:
        """Whether they are better beyond chance."""
        return self.quality.low > 0


@dataclass(frozen=True)
class Gain:
    """What a cheaper fixed level does to the mean response at a rate: ratios below 1 shorten it."""

    cheap: str
    dear: str
    rate: float
    measured: float
    predicted: float

    @property
    def error(self) -> float:
        """Of the predicted ratio, relative to the measured one."""
        return self.predicted / self.measured - 1
