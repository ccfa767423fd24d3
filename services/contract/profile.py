"""profile.json: what each candidate level was measured to cost and to be worth.

`python -m worker.study profile` writes it; the planner, the simulator and the controller read it.
"""

from pathlib import Path
from typing import Any, Self

from pydantic import Field, ValidationError, model_validator

from services.contract.jobs import Queue
from services.contract.ladder import Level, Strict

MOST_TOLD = 3
"""Of the things that are wrong with a file."""


class ProfileError(ValueError):
    """A profile cannot be read, or lacks what is asked of it."""


class Interval(Strict):
    """A figure and its 95 % confidence interval."""

    value: float
    low: float
    high: float

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.low <= self.value <= self.high:
            raise ValueError("an interval must hold its value: low <= value <= high")
        return self


class BatchLaw(Strict):
    """How jobs that advance together slow each other: a step of b jobs takes τ(b) = τ0 + τ1·b.

    Seconds a step. A job's rate beside b - 1 others is τ(1)/τ(b) of its rate alone; a worker
    advances at most `cap` jobs together, and the rest wait in order. Cap 1 is one job at a time.
    """

    tau0: float = Field(ge=0)
    tau1: float = Field(ge=0)
    cap: int = Field(1, ge=1)

    @model_validator(mode="after")
    def _takes_time(self) -> Self:
        if self.tau0 + self.tau1 <= 0:
            raise ValueError("a step must take time: tau0 + tau1 > 0")
        return self

    def slowdown(self, jobs: int) -> float:
        """τ(b)/τ(1): how many times longer a job takes when so many advance together."""
        return (self.tau0 + self.tau1 * jobs) / (self.tau0 + self.tau1)

    @property
    def crowding(self) -> float:
        """τ1/τ(1): by which share of its time alone each other job lengthens a job."""
        return self.tau1 / (self.tau0 + self.tau1)

    def crowded(self, crowding: float | None) -> "BatchLaw":
        """The law of jobs that each other lengthens by another share; itself for None."""
        if crowding is None:
            return self
        step = self.tau0 + self.tau1
        return BatchLaw(tau0=(1 - crowding) * step, tau1=crowding * step, cap=self.cap)

    @property
    def speedup(self) -> float:
        """Jobs' worth of work that a full worker does in the time of one job alone."""
        return self.cap / self.slowdown(self.cap)


ONE_AT_A_TIME = BatchLaw(tau0=0.0, tau1=1.0, cap=1)


class Cost(Strict):
    """What a job of one queue takes and gives at a level."""

    seconds: Interval = Field(description="Mean service time of a job alone in a worker.")
    scv: float = Field(0.0, ge=0, description="Squared coefficient of variation of that time.")
    crowding: float | None = Field(
        None,
        ge=0,
        le=1,
        description="Share of that time by which each other job in the worker lengthens it; as the "
        "queue's batch law says where absent.",
    )
    quality: Interval | None = Field(None, description="Up is better, such as CLIPScore.")
    memory_mb: float | None = Field(None, ge=0)


class Rung(Strict):
    """A candidate level, and what it costs each queue it was measured for."""

    level: Level
    costs: dict[Queue, Cost]


class Timing(Strict):
    """Repeated measurements of one setting: `batch` jobs together, `steps` steps or tokens each.

    `seconds` are those from the first step to the last result, one entry a repeat.
    """

    queue: Queue
    setting: dict[str, Any] = Field(description="Sampler, size, precision, guidance, …")
    steps: int = Field(ge=1)
    batch: int = Field(ge=1)
    seconds: tuple[float, ...] = Field(min_length=1)
    memory_mb: float | None = None
    reference: bool = Field(False, description="The batch law of its queue is of this work.")


class Profile(Strict):
    """Candidates for a ladder, the batch law of each queue's worker, and the raw measurements."""

    made_with: dict[str, Any] = Field(description="Command, date, processor, libraries, models.")
    quality_measure: str = "clip-score"
    rungs: tuple[Rung, ...] = Field(min_length=1)
    batch: dict[Queue, BatchLaw] = Field({}, description="One job at a time where absent.")
    timings: tuple[Timing, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [rung.level.name for rung in self.rungs]
        if len(set(names)) < len(names):
            raise ValueError("two rungs have the same level name")
        return self

    def law(self, queue: Queue, level: str | None = None) -> BatchLaw:
        """The batch law of a queue's workers; one at a time where none was measured. With a level,
        that of jobs at it; raises ProfileError if it was not measured."""
        shared = self.batch.get(queue, ONE_AT_A_TIME)
        return shared if level is None else shared.crowded(self.cost(level, queue).crowding)

    def cost(self, level: str, queue: Queue) -> Cost:
        """What a job of this queue costs at a level. Raises ProfileError if it was not measured."""
        known = {rung.level.name: rung.costs[queue] for rung in self.rungs if queue in rung.costs}
        if level not in known:
            measured = ", ".join(known) or "none"
            raise ProfileError(
                f"the profile has no {queue} cost for the level {level!r}: it has {measured}. "
                "Measure it: python -m worker.study profile"
            )
        return known[level]


def load(path: Path) -> Profile:
    """The profile in a JSON file. Raises ProfileError saying what is wrong and where."""
    try:
        return Profile.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ProfileError(
            f"cannot read the profile {path}: {error}. Make one: python -m worker.study profile"
        ) from error
    except ValidationError as error:
        raise ProfileError(f"{path} is not a profile: {_wrong(error)}") from error


def _wrong(error: ValidationError) -> str:
    """The first few things that are wrong, and where, in one line."""
    found = error.errors(include_url=False, include_input=False)
    said = [f"{'.'.join(map(str, each['loc'])) or 'the file'}: {each['msg']}" for each in found]
    more = len(said) - MOST_TOLD
    return "; ".join(said[:MOST_TOLD]) + (f"; and {more} more" if more > 0 else "")
