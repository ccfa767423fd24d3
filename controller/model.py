"""What is known of one queue: its arrivals, and what a job takes at each level. Pure."""

import math
from collections.abc import Iterable
from typing import NamedTuple

from controller.estimate import ArrivalRate, Prior, ServiceTimes, alone
from services.contract.forecast import Forecast
from services.contract.jobs import Queue
from services.contract.ladder import Level
from services.contract.policy import Policy, PolicyState
from services.contract.profile import BatchLaw, Cost, Profile, ProfileError
from services.contract.queues import QueueLoad
from services.contract.rules import PREDICTING, PolicyRules
from services.contract.samples import BEGINNING, Sample

OTHER_MACHINE = 0.5
"""Standard deviation of how much slower a machine may be than the profile's, as a share."""
OTHER_LEVEL = 0.1
"""The same of one level, when the others are as the profile says."""
UNKNOWN_MACHINE = 1.0
NORMAL_95 = 1.96


class Thresholds(NamedTuple):
    """Depths at which levels are left, and at or below which they are regained."""

    thresholds: tuple[int, ...] = ()
    climb: tuple[int, ...] = ()


class QueueModel(NamedTuple):
    """Estimates for a queue; `times` is None while nothing is known of its service times."""

    names: tuple[str, ...]
    settings: tuple[str, ...]
    """Of each level, the digest of what it asks of this queue's model."""
    law: BatchLaw
    works: tuple[float, ...]
    """Of each level, the work in a job: only their ratios count."""
    times: ServiceTimes | None = None
    arrivals: ArrivalRate = ArrivalRate()
    crowding: tuple[float | None, ...] = ()
    """By level, as the profile's costs have it; none where there is no profile."""
    last: str = BEGINNING
    """The last sample that was seen."""

    def watched(self, load: QueueLoad, now: float) -> "QueueModel":
        """After a look at the queue."""
        return self._replace(arrivals=self.arrivals.seen(load.arrivals, now))

    def learned(self, samples: Iterable[Sample]) -> "QueueModel":
        """After more jobs; those that were not of one level of this ladder say nothing."""
        model = self
        for sample in samples:
            model = model._replace(last=sample.id)
            if self._tells(sample):
                level = self.names.index(sample.level)
                law = self.law.crowded(self._crowding(level))
                model = model._after(level, alone(sample, law))
        return model

    def _crowding(self, level: int) -> float | None:
        return self.crowding[level] if self.crowding else None

    def _tells(self, sample: Sample) -> bool:
        """A level may have been edited since; where a sample does not say, its name decides."""
        if sample.level not in self.names or sample.share <= 0 or sample.retimed:
            return False
        return sample.settings in ("", self.settings[self.names.index(sample.level)])

    def _after(self, level: int, seconds: float) -> "QueueModel":
        times = self.times or _scaled(self.works, seconds / self.works[level])
        return self._replace(times=times.seen(level, seconds))

    def forecast(self, load: QueueLoad, now: float, level: int) -> Forecast | None:
        """The model as the others see it; None until anything is known of service times."""
        if self.times is None:
            return None
        paces = tuple(
            self.times.pace(i).model_copy(update={"crowding": self._crowding(i)})
            for i in range(len(self.names))
        )
        fields = {} if self.arrivals.rate is None else {"arrivals": self.arrivals.rate}
        workers = max(load.workers, 1)
        return Forecast(at=now, level=level, paces=paces, law=self.law, workers=workers, **fields)


def begin(policy: Policy, queue: Queue, profile: Profile | None, cap: int) -> QueueModel:
    """Before anything was seen: the profile's costs and law, or none and `cap` jobs at a time.

    Without a profile a worker that advances several is taken to do no more work at once: then the
    share of its time that a job took is what the job takes alone. Raises ProfileError for a profile
    that lacks a level which the queue's rules ask for.
    """
    costs, settings = _costs(policy, queue, profile), _settings(policy, queue)
    if profile is None or not costs:
        works = tuple(work(level, queue) for level in policy.levels)
        return QueueModel(policy.names, settings, BatchLaw(tau0=0.0, tau1=1.0, cap=cap), works)
    times = ServiceTimes.of(tuple(_prior(cost) for cost in costs), OTHER_MACHINE)
    works = tuple(cost.seconds.value for cost in costs)
    crowding = tuple(cost.crowding for cost in costs)
    return QueueModel(policy.names, settings, profile.law(queue), works, times, crowding=crowding)


def _settings(policy: Policy, queue: Queue) -> tuple[str, ...]:
    if queue == "images":
        return tuple(level.image.digest for level in policy.levels)
    return tuple(level.story.digest for level in policy.levels)


def _costs(policy: Policy, queue: Queue, profile: Profile | None) -> tuple[Cost, ...]:
    if profile is None:
        return ()
    try:
        return tuple(profile.cost(name, queue) for name in policy.names)
    except ProfileError:
        if policy.rules_of(queue).kind in PREDICTING:
            raise
        return ()


def _prior(cost: Cost) -> Prior:
    seconds = cost.seconds
    measured = (seconds.high - seconds.low) / (2 * NORMAL_95 * seconds.value)
    return Prior(seconds.value, cost.scv, math.hypot(measured, OTHER_LEVEL))


def _scaled(works: tuple[float, ...], seconds: float) -> ServiceTimes:
    """When a job with one unit of work took so long, and no more is known."""
    return ServiceTimes.of(tuple(Prior(work * seconds) for work in works), UNKNOWN_MACHINE)


def work(level: Level, queue: Queue) -> float:
    """Roughly in proportion to what a job takes: calls of the denoiser, or tokens at most."""
    if queue == "stories":
        return float(level.story.max_tokens)
    guided = 2 if level.image.guidance_scale > 1 else 1
    return float(level.image.steps * guided)


def fixed_thresholds(rules: PolicyRules) -> Thresholds:
    """Those that the rules themselves name, where they go by any."""
    by_depth = rules.kind in ("threshold", "planned")
    return Thresholds(rules.thresholds, rules.climbs) if by_depth else Thresholds()


def in_force(state: PolicyState | None, levels: int) -> int:
    """The level last put in force; the best before the first, and where the ladder lacks it."""
    return state.index if state is not None and state.index < levels else 0
