"""Runs of the live stack beside their predictions, as the chapters show them."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from evidence.report.numbers import Estimate
from evidence.report.sources.near import Nearby
from evidence.report.sources.played import Played
from evidence.report.sources.rivals import Capacity, Contest, Distance, Gain, Margin
from evidence.report.sources.runs import (
    FIGURES,
    Accuracy,
    Asked,
    Cell,
    Run,
    Service,
    Variant,
    accuracy,
)
from evidence.report.sources.served import Served

FIXED = "fixed:"
OPTIMUM = "table:optimal"
CHANCE = 0.05
"""Of a true hypothesis to be rejected by one test, and of an interval to miss what it is of"""


@dataclass(frozen=True)
class Validation:
    """validation.json."""

    slo: str
    overheads: tuple[tuple[str, Estimate], ...]
    runs: tuple[Run, ...]
    simulated: Accuracy
    closed_form: Accuracy
    asked: Asked
    capacity: Capacity | None
    margins: tuple[Margin, ...]
    contests: tuple[Contest, ...]
    variants: Mapping[str, Variant]
    """Predictions on other terms that say anything, by name"""
    played: Played
    distances: tuple[Distance, ...] = ()
    law: Served | None = None
    nearby: Nearby | None = None
    """The laws of single runs, where they have their own"""
    stretched: frozenset[tuple[float, int]] = frozenset()
    """Schedules (rate, repeat) that are another one at a different pace."""

    @property
    def forecasts(self) -> Mapping[str, Accuracy]:
        """By the loops before the runs alone, of each kind of prediction."""
        return self._variant("before")

    @property
    def preceding(self) -> Mapping[str, Accuracy]:
        """By the loops that ended before the run began, likewise."""
        return self._variant("preceding")

    def _variant(self, name: str) -> Mapping[str, Accuracy]:
        return self.variants[name].by if name in self.variants else {}

    @property
    def policies(self) -> tuple[str, ...]:
        """In the order of the record."""
        return tuple(dict.fromkeys(run.policy for run in self.runs))

    @property
    def cells(self) -> tuple[Cell, ...]:
        """A policy at a rate."""
        keys = dict.fromkeys((run.policy, run.rate) for run in self.runs)
        return tuple(
            Cell(*key, tuple(r for r in self.runs if (r.policy, r.rate) == key)) for key in keys
        )

    @property
    def schedules(self) -> tuple[Run, ...]:
        """A run of each: all policies get the same requests at a rate and repeat."""
        known = {(run.rate, run.repeat): run for run in reversed(self.runs)}
        return tuple(known[key] for key in sorted(known))

    @property
    def tested(self) -> tuple[Run, ...]:
        """A run of each schedule whose gaps were tested, and whose draw is no other's."""
        known = [run for run in self.schedules if run.ks_p is not None]
        return tuple(run for run in known if (run.rate, run.repeat) not in self.stretched)

    def of(self, policy: str) -> tuple[Cell, ...]:
        """One policy's cells, by rate."""
        found = [cell for cell in self.cells if cell.policy == policy]
        return tuple(sorted(found, key=lambda cell: cell.rate))

    @property
    def fixed(self) -> tuple[str, ...]:
        """Policies that stay at one level, the one with the most work in a picture first."""
        found = [policy for policy in self.policies if policy.startswith(FIXED)]
        return tuple(sorted(found, key=self._work, reverse=True))

    def _work(self, policy: str) -> float:
        """Utilisation for each arrival a second."""
        first, *_ = self.of(policy)
        return (first.utilisation or 0.0) / first.rate

    @property
    def moving(self) -> tuple[str, ...]:
        """Policies that follow the queue."""
        return tuple(policy for policy in self.policies if not policy.startswith(FIXED))

    @property
    def optimum(self) -> str | None:
        """The policy that is the optimum's table, if it was run."""
        return OPTIMUM if OPTIMUM in self.policies else None

    @property
    def to_optimum(self) -> tuple[Distance, ...]:
        """Distances at rates whose table is an optimum."""
        return tuple(each for each in self.distances if each.optimal)

    @property
    def behind(self) -> tuple[Distance, ...]:
        """Of those, the ones of policies whose pictures are worse beyond chance."""
        return tuple(each for each in self.to_optimum if each.behind)

    @property
    def ahead(self) -> tuple[Distance, ...]:
        """The ones of policies whose pictures are better beyond chance."""
        return tuple(each for each in self.to_optimum if each.ahead)

    @property
    def apart_by_chance(self) -> float:
        """How many of them intervals would tell apart by chance, were there no difference."""
        return CHANCE * len(self.to_optimum)

    @property
    def lacking(self) -> dict[float, str]:
        """Rates whose table is no optimum, and why."""
        return {each.rate: each.lacking for each in self.distances if not each.optimal}

    @property
    def not_kept(self) -> bool:
        """Whether it is not known of some table that it meets its aim."""
        return any(each.met is None for each in self.distances)

    def tail(self, policy: str, rate: float) -> Estimate | None:
        """The measured 95th percentile of a policy at a rate."""
        found = [cell for cell in self.of(policy) if cell.rate == rate]
        return found[0].figure("measured", FIGURES[1]) if found else None

    def error(self, kind: str, name: str, policy: str | None = None) -> Accuracy:
        """Absolute relative errors of one figure over the runs that accuracy is asked of."""
        found = [run.errors.get(kind, {}).get(name) for run in self._asked(policy)]
        return accuracy([each for each in found if each is not None], self.asked)

    @property
    def leeways(self) -> tuple[Run, ...]:
        """The runs that accuracy is asked of and whose leeway is known."""
        return tuple(run for run in self._asked(None) if run.leeway)

    def _asked(self, policy: str | None) -> list[Run]:
        bound = self.asked.utilisation
        runs = [run for run in self.runs if policy is None or run.policy == policy]
        return [run for run in runs if run.steady and (run.utilisation or 0) <= bound]

    @property
    def gains(self) -> tuple[Gain, ...]:
        """Each fixed level against the one before it, at rates where both are steady."""
        pairs = ((self.of(dear), self.of(cheap)) for dear, cheap in pairwise(self.fixed))
        both = ((a, b) for dear, cheap in pairs for a in dear for b in cheap if a.rate == b.rate)
        found = (_gain(dear, cheap) for dear, cheap in both if dear.steady and cheap.steady)
        return tuple(each for each in found if each)

    @property
    def quicker(self) -> bool:
        """Whether pictures of some level took less when served than in the profile."""
        return any(each.high < 0 for _, each in self.overheads)

    @property
    def broken(self) -> tuple[tuple[str, int], ...]:
        """Each assumption that was found broken, and in how many runs."""
        said = [sentence for run in self.runs for sentence in dict.fromkeys(run.broken)]
        return tuple((sentence, said.count(sentence)) for sentence in dict.fromkeys(said))

    @property
    def services(self) -> tuple[Service, ...]:
        """Of each level, over the runs, weighed by their pictures."""
        each = [service for run in self.runs for service in run.services]
        levels = dict.fromkeys(service.level for service in each)
        found = ([one for one in each if one.level == name] for name in levels)
        return tuple(map(Service.together, found))


def _gain(dear: Cell, cheap: Cell) -> Gain | None:
    kinds = ("measured", "simulated")
    found = [[each.figure(kind, FIGURES[0]) for each in (cheap, dear)] for kind in kinds]
    ratios = [one.value / other.value for one, other in found if one and other]
    if len(ratios) < len(kinds):
        return None
    levels = (each.policy.removeprefix(FIXED) for each in (cheap, dear))
    return Gain(*levels, cheap.rate, *ratios)
