"""A study as far as validation reads it: what the live stack ran with, and what was recorded."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from controller.estimate import ArrivalRate
from evidence.served import ClosedLoop
from evidence.validation.intervals import Floats
from evidence.validation.relative_speed import Probes
from evidence.validation.solved import Solved
from loadgen.level_changes import Change
from loadgen.policies import Policy as Asked
from loadgen.record import Record
from services.contract.policy import Policy
from services.contract.profile import Interval, Profile, Rung
from services.contract.rules import PolicyRules, Slo

QUEUE_CAPACITY = 200
"""The gateway's, unless the study says that it ran with another."""


class BadStudy(ValueError):
    """The folder holds no study that can be validated; says what is missing."""


@dataclass(frozen=True)
class Run:
    """One run on the live stack: a policy at a rate, for the n-th time.

    `changes` of the level; None where they were not recorded. It `began` in unix seconds; `probes`
    of the machine's speed while pictures were under way, from then on. The controller had `watched`
    the arrivals before; None where that is not known.
    """

    name: str
    policy: Asked
    rate: float
    repeat: int
    records: tuple[Record, ...]
    changes: tuple[Change, ...] | None = None
    began: float | None = None
    probes: Probes | None = None
    watched: ArrivalRate | None = None

    @property
    def ordered(self) -> list[Record]:
        """Pictures, in the order they were due."""
        pictures = (each for each in self.records if each.kind == "image")
        return sorted(pictures, key=lambda each: each.due)

    @property
    def middle(self) -> float | None:
        """Unix seconds between its begin and when its last request was due, which is known before
        it; None where it is not known when it began."""
        if self.began is None:
            return None
        return self.began + max(each.due for each in self.records) / 2


@dataclass(frozen=True)
class Study:
    """What the live stack ran with, and what was recorded.

    `loops` are the closed loops before the runs, evenly spaced pictures as loops of one among
    them, those beside the runs, and those after.
    `captions[level]` are the qualities of the pictures of the same captions in the same order.
    `skipped` names what cannot be read, and why. `reference` are the probes of the machine's speed
    while pictures of the calibration, before and after, were under way; None where there are none.
    `solved` is what is known of the optimum, by rate.
    """

    policy: Policy
    profile: Profile
    slo: Slo | None
    runs: tuple[Run, ...]
    calibration: tuple[Run, ...] = ()
    loops: tuple[ClosedLoop, ...] = ()
    captions: Mapping[str, Floats] = field(default_factory=dict)
    skipped: Mapping[str, str] = field(default_factory=dict)
    capacity: int = QUEUE_CAPACITY
    workers: int = 1
    reference: Probes | None = None
    solved: Mapping[str, Solved] = field(default_factory=dict)

    def rules(self, run: Run) -> PolicyRules:
        """What the level went by in a run."""
        return run.policy.rules or self.policy.rules_of("images")

    def under(self, run: Run) -> Policy:
        """The ladder under the rules of a run."""
        return self.policy.model_copy(update={"rules": self.rules(run), "queues": {}})

    def slower(self, seconds: Floats) -> "Study":
        """The same where a picture of each level takes so much longer in the engine, (levels,)."""
        more = dict(zip(self.names, seconds.tolist(), strict=True))
        rungs = tuple(_slower(rung, more.get(rung.level.name, 0.0)) for rung in self.profile.rungs)
        return replace(self, profile=self.profile.model_copy(update={"rungs": rungs}))

    @property
    def names(self) -> tuple[str, ...]:
        """Of the levels, best first."""
        return self.policy.names

    @property
    def qualities(self) -> tuple[float, ...] | None:
        """Of the levels, best first; None where the profile lacks one."""
        costs = [self.profile.cost(name, "images") for name in self.names]
        known = tuple(cost.quality.value for cost in costs if cost.quality is not None)
        return known if len(known) == len(costs) else None


def _slower(rung: Rung, seconds: float) -> Rung:
    """With that much more work in a picture, which adds nothing to its variance."""
    cost = rung.costs.get("images")
    if cost is None:
        return rung
    ends = {name: value + seconds for name, value in cost.seconds.model_dump().items()}
    shrunk = cost.scv * (cost.seconds.value / ends["value"]) ** 2
    longer = cost.model_copy(update={"seconds": Interval(**ends), "scv": shrunk})
    return rung.model_copy(update={"costs": rung.costs | {"images": longer}})
