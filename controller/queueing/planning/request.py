"""What is asked of the planner."""

from dataclasses import dataclass, field
from typing import Literal

from controller.queueing.levels.queue import LevelledQueue
from controller.queueing.planning.conduct import Conduct
from controller.queueing.planning.ladder import Candidate
from controller.queueing.planning.trial import Trial
from controller.queueing.refusal import BadInput, require_count, require_positive
from services.contract.jobs import Queue
from services.contract.profile import Profile
from services.contract.rules import Slo

Kind = Literal["threshold", "table", "planned", "slo"]
LEAST_JOBS = 1000
"""Of a replication: with fewer, its percentiles say nothing."""


@dataclass(frozen=True)
class Request:
    """One plan: for one queue of a profile, at one rate (jobs a second), within one target.

    The least number of `workers` between the two that meets the target is chosen, and at most
    `levels` levels. `conduct` is how the live system will obey the plan; `jobs` those of each of
    the simulated replications. A plan is one only if it loses no more than the share `most_lost`
    of the jobs at the `capacity`. Raises BadInput for what cannot be asked.
    """

    profile: Profile
    queue: Queue
    rate: float
    slo: Slo
    workers: tuple[int, int] = (1, 1)
    levels: int = 3
    kind: Kind = "threshold"
    capacity: int | None = None
    conduct: Conduct = field(default_factory=Conduct)
    jobs: int = 20_000
    most_lost: float = 0.01

    def __post_init__(self) -> None:
        require_positive(rate=self.rate)
        least, most = self.workers
        require_count(workers=least, levels=self.levels)
        require_count(LEAST_JOBS, jobs=self.jobs)
        if self.capacity is not None:
            require_count(capacity=self.capacity)
        if not 0 <= self.most_lost <= 1:
            raise BadInput(f"{self.most_lost:g} is no share of jobs lost: it is from 0 to 1")
        if most < least:
            raise BadInput(f"from {least} to {most} workers there is nothing: write 1:4, say")

    def loaded(self, ladder: tuple[Candidate, ...], workers: int) -> LevelledQueue:
        """The queue with these levels and so many workers."""
        return LevelledQueue(
            arrival_rate=self.rate,
            paces=tuple(each.pace for each in ladder),
            qualities=tuple(each.quality.value for each in ladder),
            law=self.profile.law(self.queue),
            workers=workers,
            capacity=self.capacity,
        )

    def trial(self, queue: LevelledQueue) -> Trial:
        """The queue as it is simulated."""
        return Trial(queue, self.slo, self.conduct, self.jobs, self.most_lost)
