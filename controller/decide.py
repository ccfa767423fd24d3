"""From a load to a level. Pure, so that the live loop, tests and simulations run the same code.

A burst drops the level as many rungs as the depth calls for, because every job that is begun at
too good a level lengthens the queue for all behind it. The way back is one rung per dwell: the
depth fell while jobs were cheap, and only the next rung shows whether it stays down.
"""

from dataclasses import dataclass

from services.contract.forecast import Forecast, response
from services.contract.level import Pin
from services.contract.policy import Policy, PolicyState
from services.contract.queues import QueueLoad
from services.contract.rules import PolicyRules, Slo

_PINNED = "pinned by "


@dataclass(frozen=True)
class Standing:
    """What the decision starts from: the level in force, a person's pin, the live model, if any.

    A pin that has ended is none: its key expires by the clock of Redis, which no other clock here
    need agree with.
    """

    state: PolicyState | None = None
    pin: Pin | None = None
    forecast: Forecast | None = None


@dataclass(frozen=True)
class Decision:
    """A rung of the ladder, and why."""

    index: int
    reason: str


@dataclass(frozen=True)
class _Call:
    """The level that the load calls for, the one up to which it allows to climb, and why."""

    down_to: int
    up_to: int
    why_down: str
    why_up: str
    stride: int = 1
    """Rungs that one decision may climb."""


def decide(load: QueueLoad, standing: Standing, policy: Policy, now: float) -> Decision:
    """The level of one queue for this load: a pin, else the fixed level, else what the rules say.

    `policy.rules` are those of the queue; `now` is in seconds since the epoch. While nothing
    changes, the reason stays the one for which the level was entered.
    """
    pin = standing.pin
    if pin is not None and pin.level in policy.names:
        return Decision(policy.index(pin.level), _because_of(pin))
    if policy.rules.kind == "fixed":
        return Decision(policy.index(policy.rules.level or ""), "the policy is fixed")
    state = _valid(standing.state, policy, now)
    if state is not None and now - state.since < policy.rules.dwell_seconds:
        return Decision(state.index, state.reason)
    return _step(_impatient(_called(load, state, standing, policy), load, policy), state)


def _because_of(pin: Pin) -> str:
    who = f"{_PINNED}{pin.by or 'someone unnamed'}"
    return f"{who}: {pin.reason}" if pin.reason else who


def _valid(state: PolicyState | None, policy: Policy, now: float) -> PolicyState | None:
    """The state, unless it says nothing about the load: lapsed, pinned, or of another ladder."""
    if state is None or state.lease_until <= now or state.reason.startswith(_PINNED):
        return None
    ours = state.index < len(policy.levels) and policy.levels[state.index] == state.level
    return state if ours else None


def _step(call: _Call, state: PolicyState | None) -> Decision:
    """Down as far as is called for; up by one rung, or as far as a table says."""
    if state is None or call.down_to > state.index:
        return Decision(call.down_to, call.why_down)
    if call.up_to < state.index:
        return Decision(max(call.up_to, state.index - call.stride), call.why_up)
    return Decision(state.index, state.reason)


def _called(
    load: QueueLoad, state: PolicyState | None, standing: Standing, policy: Policy
) -> _Call:
    rules, forecast, index = policy.rules, standing.forecast, state.index if state else 0
    if rules.kind == "table":
        return _by_table(load.depth, index, rules)
    if rules.kind == "slo" and rules.slo is not None:
        if forecast is None:
            return _staying(index, "nothing is predicted yet")
        return _by_slo(load.depth, forecast, rules.slo, rules.hysteresis)
    if rules.kind == "planned" and forecast is not None and forecast.thresholds:
        return _by_thresholds(load.depth, forecast.thresholds, forecast.climb)
    if rules.kind == "planned" and not rules.thresholds:
        return _staying(index, "nothing is planned yet")
    return _by_thresholds(load.depth, rules.thresholds, rules.climbs)


def _staying(index: int, because: str) -> _Call:
    return _Call(index, index, because, because)


def _by_thresholds(depth: int, thresholds: tuple[int, ...], climbs: tuple[int, ...]) -> _Call:
    down_to = sum(depth >= threshold for threshold in thresholds)
    up_to = sum(depth > climb for climb in climbs)
    if down_to:
        why_down = f"depth {depth} reached {thresholds[down_to - 1]}"
    else:
        why_down = f"depth {depth} is below {thresholds[0]}" if thresholds else "there is one level"
    why_up = f"depth {depth} fell to {climbs[up_to]} or less" if up_to < len(climbs) else ""
    return _Call(down_to, up_to, why_down, why_up)


def _by_table(depth: int, index: int, rules: PolicyRules) -> _Call:
    row = rules.table[index]
    target = row[min(depth, len(row) - 1)]
    because = f"the table says so for depth {depth}"
    return _Call(target, target, because, because, stride=len(rules.table))


def _by_slo(depth: int, forecast: Forecast, slo: Slo, margin: int) -> _Call:
    """To climb, the target must be met with `margin` more jobs ahead."""
    down_to, up_to = _meeting(forecast, slo, depth), _meeting(forecast, slo, depth + margin)
    seconds = _predicted(forecast, slo, down_to, depth)
    what = "mean" if slo.percentile == "mean" else f"p{slo.percentile:g}"
    because = f"{what} of a job behind {depth} is {seconds:.1f} s, asked {slo.seconds:g} s"
    return _Call(down_to, up_to, because, because)


def _meeting(forecast: Forecast, slo: Slo, ahead: int) -> int:
    """The best level that meets the target; the last one where none does."""
    last = len(forecast.paces) - 1
    meeting = (i for i in range(last) if _predicted(forecast, slo, i, ahead) <= slo.seconds)
    return next(meeting, last)


def _predicted(forecast: Forecast, slo: Slo, level: int, ahead: int) -> float:
    found = response(forecast, level, ahead)
    return found.mean if slo.percentile == "mean" else found.percentile(slo.percentile)


def _impatient(call: _Call, load: QueueLoad, policy: Policy) -> _Call:
    """One rung lower while the oldest has waited too long, whatever the depth says: a queue that
    does not move is not seen in how long it is."""
    patience, last = policy.rules.patience_seconds, len(policy.levels) - 1
    if patience is None or load.oldest_age <= patience:
        return call
    down_to, up_to = min(call.down_to + 1, last), min(call.up_to + 1, last)
    because = f"the oldest has waited {load.oldest_age:.0f} s, more than {patience:g} s"
    return _Call(down_to, up_to, because, because)
