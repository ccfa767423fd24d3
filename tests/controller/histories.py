"""Rules of every kind drawn at random, and what the live loop would go through under them."""

from typing import Any, NamedTuple

from hypothesis import settings
from hypothesis import strategies as st

from controller.decide import Standing, decide
from services.contract.forecast import Forecast, Pace
from services.contract.policy import Policy
from services.contract.profile import BatchLaw
from services.contract.rules import Slo
from tests.controller.situations import (
    NAMES,
    NOW,
    fixed,
    forecast,
    ladder,
    load,
    predicting,
    state,
    table,
)

DEPTHS = st.integers(0, 60)
PATIENCE = 50.0
AGES = st.floats(0, 2 * PATIENCE)
STEPS = st.lists(st.tuples(st.floats(0, 5), DEPTHS, AGES), max_size=30)
# The same examples in every run, however slow the machine.
STEADY = settings(derandomize=True, deadline=None, database=None)
KINDS = ("threshold", "fixed", "slo", "table", "planned")


class Case(NamedTuple):
    """Rules, and the live model that they may ask."""

    policy: Policy
    forecast: Forecast | None = None

    @property
    def last(self) -> int:
        """The cheapest level."""
        return len(self.policy.levels) - 1

    def with_rules(self, **changed: Any) -> "Case":
        """The same under other rules."""
        rules = self.policy.rules.model_copy(update=changed)
        return self._replace(policy=self.policy.model_copy(update={"rules": rules}))

    def standing(self, index: int | None = None, **fields: Any) -> Standing:
        """With a level in force, or none; other fields of it, or a pin."""
        pin = fields.pop("pin", None)
        held = None if index is None else state(self.policy, index, **fields)
        return Standing(held, pin, self.forecast)

    def index(self, depth: int, standing: Standing, oldest: float = 1.0) -> int:
        """The level decided on, now."""
        return decide(load(depth, oldest), standing, self.policy, NOW).index


@st.composite
def ladders(draw):
    """One to five levels, any thresholds, any hysteresis that can be climbed back from."""
    thresholds = sorted(draw(st.sets(st.integers(1, 40), max_size=4)))
    hysteresis = draw(st.integers(1, thresholds[0] if thresholds else 1))
    return ladder(*thresholds, hysteresis=hysteresis, dwell=draw(st.floats(0, 10)))


@st.composite
def models(draw, levels: int):
    """A live model with any paces, worse levels quicker or not."""
    pace = st.builds(
        Pace, seconds=st.floats(0.05, 30), scv=st.floats(0, 2), error=st.floats(0, 0.3)
    )
    law = BatchLaw(tau0=draw(st.floats(0, 1)), tau1=0.2, cap=draw(st.integers(1, 8)))
    found = forecast(*(1.0,) * levels, law=law, workers=draw(st.integers(1, 3)))
    paces = tuple(draw(st.lists(pace, min_size=levels, max_size=levels)))
    return found.model_copy(update={"paces": paces})


def tabulated(policy: Policy, depths: int = 61) -> list[list[int]]:
    """A table that does what thresholds do, but climbs as far as it may at once."""
    thresholds, climbs = policy.rules.thresholds, policy.rules.climbs
    down = [sum(depth >= each for each in thresholds) for depth in range(depths)]
    up = [sum(depth > each for each in climbs) for depth in range(depths)]
    return [
        [min(max(index, down[depth]), up[depth]) for depth in range(depths)]
        for index in range(len(policy.levels))
    ]


@st.composite
def cases(draw, kind):
    """Rules of a kind, with patience or without."""
    case = draw(_calm(kind))
    return case.with_rules(patience_seconds=draw(st.sampled_from([None, PATIENCE])))


def _calm(kind):
    if kind == "fixed":
        return st.sampled_from(NAMES[:3]).map(lambda name: Case(fixed(name)))
    return by_prediction() if kind == "slo" else ladders().map(lambda each: by_depth(kind, each))


def by_depth(kind, plain: Policy) -> Case:
    """Rules of a kind that do what the thresholds of this ladder say."""
    rules = plain.rules
    options = {"dwell_seconds": rules.dwell_seconds, "hysteresis": rules.hysteresis}
    if kind == "table":
        return Case(table(tabulated(plain), **options))
    if kind == "planned":
        plan = {"thresholds": rules.thresholds, "climb": rules.climbs}
        levels = len(plain.levels)
        return Case(predicting(kind, levels, **options), forecast(*(1.0,) * levels, **plan))
    return Case(plain)


@st.composite
def by_prediction(draw):
    """Rules of the kind slo, and the model that they ask."""
    plain = draw(ladders())
    rules, levels = plain.rules, len(plain.levels)
    options = {"dwell_seconds": rules.dwell_seconds, "hysteresis": rules.hysteresis}
    slo = Slo(seconds=draw(st.floats(0.1, 200)), percentile=draw(_PERCENTILES))
    return Case(predicting("slo", levels, slo=slo, **options), draw(models(levels)))


_PERCENTILES = st.sampled_from(["mean", 50, 95, 99])


@st.composite
def positions(draw, kind):
    """A case, and a level in force or none."""
    case = draw(cases(kind))
    return case, draw(st.none() | st.integers(0, case.last))


def history(case: Case, steps) -> list[tuple[float, int]]:
    """(time, index) of each step of (seconds, depth, oldest age), as the live loop would go through
    them."""
    now, standing, seen = NOW, case.standing(), []
    for seconds, depth, oldest in steps:
        now += seconds
        decision = decide(load(depth, oldest), standing, case.policy, now)
        seen.append((now, decision.index))
        old = standing.state
        since = now if old is None or old.index != decision.index else old.since
        standing = case.standing(
            decision.index, reason=decision.reason, since=since, lease_until=now + 1e6
        )
    return seen
