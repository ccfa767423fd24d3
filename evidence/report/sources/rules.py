"""Both rules of dispatch at each rate: what was measured, and what explains it. Pure."""

from dataclasses import dataclass
from statistics import mean
from typing import ClassVar, Literal

from evidence.report.numbers import Estimate
from evidence.report.sources.crowding import Crowding
from evidence.report.sources.routed import Theory

RULES = ("shared", "jsq")
Ahead = Literal["shared", "jsq", "no difference", "mixed"]
"""The rule that is ahead; `mixed` over several rates, or where that depends on who asks first"""


@dataclass(frozen=True)
class Beside:
    """How many others were under way beside a picture on average: in its worker, and in others."""

    own: float
    other: float

    @property
    def both(self) -> float:
        """Anywhere."""
        return self.own + self.other

    @property
    def share(self) -> float:
        """Of them in a picture's own worker."""
        return self.own / self.both if self.both else 0.0


@dataclass(frozen=True)
class Rule:
    """Of one rule at a rate: `mean` and `p95` in seconds, over requests that both rules answered.

    `busier`: the share of pictures that joined a worker with more under way than the least busy;
    `apart`: the time average of the difference in pictures under way; `beside`: how many others
    were under way beside a picture. None where records do not say which worker it was.
    """

    mean: Estimate
    p95: Estimate
    busier: Estimate | None
    apart: Estimate | None
    beside: Beside | None


@dataclass(frozen=True)
class Rate:
    """Both rules at one rate; seconds. `difference` is jsq less shared, request by request, and
    `by_repeat` its mean in each repeat.

    `crowding` is fitted to the pictures of both rules; `theory` is by the profile.
    """

    policy: str
    rate: float
    repeats: int
    jobs: int
    shared: Rule
    jsq: Rule
    difference: Estimate
    by_repeat: tuple[float, ...]
    crowding: Crowding | None
    theory: Theory | None

    @property
    def change(self) -> Estimate:
        """The difference relative to the mean under the shared queue."""
        return self.difference.times(1 / self.shared.mean.value)

    @property
    def verdict(self) -> Ahead:
        """Which is shorter, if chance does not explain it."""
        if self.difference.high < 0:
            return "jsq"
        return "shared" if self.difference.low > 0 else "no difference"

    @property
    def explained(self) -> Estimate | None:
        """Of the difference, what it makes by the crowding that another share of those beside a
        picture is in its own worker, their number being the same; seconds."""
        if self.crowding is None or self.shared.beside is None or self.jsq.beside is None:
            return None
        fewer = self.jsq.beside.share - self.shared.beside.share
        seconds = fewer * (self.jsq.beside.both + self.shared.beside.both) / 2
        found = self.crowding.more.times(seconds * self.crowding.alone.value)
        return Estimate(found.value, *sorted((found.low, found.high)))


@dataclass(frozen=True)
class Dispatch:
    """By policy and rate. `order`: the rules of the runs in the order in which they began; empty
    where that is not known of all."""

    TOLD: ClassVar[float] = 0.01
    """Of the mean: less is not worth a rule"""

    rates: tuple[Rate, ...]
    order: tuple[str, ...] = ()

    def won(self, verdict: Ahead) -> int:
        """At how many rates it came out so."""
        return sum(each.verdict == verdict for each in self.rates)

    @property
    def expected(self) -> Ahead:
        """Which rule theory has ahead with a device each, by more than is told at some rate."""
        changes = [each.theory.changes for each in self.rates if each.theory]
        ahead = any(low < -self.TOLD for low, _ in changes)
        behind = any(high > self.TOLD for _, high in changes)
        if ahead and behind:
            return "mixed"
        return "jsq" if ahead else "shared" if behind else "no difference"

    @property
    def balanced(self) -> bool:
        """Whether both rules have the same mean place in the order: a steady drift of the machine
        favours neither."""
        places = {rule: [i for i, x in enumerate(self.order) if x == rule] for rule in RULES}
        return all(places.values()) and len({mean(each) for each in places.values()}) == 1
