"""From a load to a level. Pure, so that the live loop, tests and simulations run the same code.

A burst drops the level as many rungs as the depth calls for, because every job that is begun at
too good a level lengthens the queue for all behind it. The way back is one rung per dwell: the
depth fell while jobs were cheap, and only the next rung shows whether it stays down.
"""

from dataclasses import dataclass, replace

from services.contract.forecast import Forecast, response
from services.contract.level import Pin
from services.contract.policy import Policy, PolicyState
from services.contract.queues import QueueLoad
from services.contract.rules import PolicyRules, Slo

_PINNED = "pinned by "
_UNKNOWN = "nothing is "


@dataclass(frozen=True)
class Standing:
    """What the decision starts from: the level in force, a person's pin, the live model, if any,
    and the rung that workers fall back to while no level is in force.

    A pin that has ended is none: its key expires by the clock of Redis, which no other clock here
    need agree with.
    """

    state: PolicyState | None = None
    pin: Pin | None = None
    forecast: Forecast | None = None
    fallback: int = 0


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
    floor: int | None = None
    """The rung to which patience may lower; None for one below the level called for."""


def decide(load: QueueLoad, standing: Standing, policy: Policy, now: float) -> Decision:
    """The level of one queue for this load: a pin, else the fixed level, else what the rules say.

    `policy.rules` are those of the queue; `now` is in seconds since the epoch. The depth that
    counts is `load.workload`, what is left for this queue's workers. While nothing changes, the
    reason stays the one for which the level was entered.
    """
    pin = standing.pin
    if pin is not None and pin.level in policy.names:
        return Decision(policy.index(pin.level), _because_of(pin))
    if policy.rules.kind == "fixed":
        return Decision(policy.index(policy.rules.level or ""), "the policy is fixed")
    state = _valid(standing.state, policy, now)
    if state is not None and _dwells(state, policy, now):
        return Decision(state.index, state.reason)
    return _step(_impatient(_called(load, state, standing, policy), load, policy), state)


def _because_of(pin: Pin) -> str:
    who = f"{_PINNED}{pin.by or 'someone unnamed'}"
    return f"{who}: {pin.reason}" if pin.reason else who


def _valid(state: PolicyState | None, policy: Policy, now: float) -> PolicyState | None:
    """The state, unless it says nothing about the load: lapsed, pinned, or of another ladder."""
    if state is None or state.lease_until <= now or state.reason.startswith(_PINNED):
        return None
    return state if _is_of(policy, state) else None


def _is_of(policy: Policy, state: PolicyState) -> bool:
    return state.index < len(policy.levels) and policy.levels[state.index] == state.level


def _dwells(state: PolicyState, policy: Policy, now: float) -> bool:
    """A level that was entered without knowing anything is left as soon as something is known."""
    recent = now - state.since < policy.rules.dwell_seconds
    return recent and not state.reason.startswith(_UNKNOWN)


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
    rules, forecast = policy.rules, standing.forecast
    if rules.kind == "table":
        return _by_table(load.workload, state.index if state else 0, rules)
    if rules.kind == "slo" and rules.slo is not None:
        if forecast is None:
            return _staying(standing, policy, f"{_UNKNOWN}predicted yet")
        return _by_slo(load.workload, forecast, rules.slo, rules.hysteresis)
    if rules.kind == "planned" and forecast is not None and forecast.thresholds:
        return _by_thresholds(load.workload, forecast.thresholds, forecast.climb)
    if rules.kind == "planned" and not rules.thresholds:
        return _staying(standing, policy, f"{_UNKNOWN}planned yet")
    return _by_thresholds(load.workload, rules.thresholds, rules.climbs)


def _staying(standing: Standing, policy: Policy, because: str) -> _Call:
    """The level as it is, even one that lapsed or was pinned: a depth alone calls for none."""
    state = standing.state
    index = state.index if state and _is_of(policy, state) else standing.fallback
    return _Call(index, index, because, because, floor=index)


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
    """Patience is measured from the levels that the best one and the cheapest would go to: the row
    of a level that it lowered calls for that level again, and it would lower from there anew."""
    column = [row[min(depth, len(row) - 1)] for row in rules.table]
    target, calm = column[index], min(max(index, column[0] + 1), column[-1] + 1)
    because = f"the table says so for depth {depth}"
    return _Call(target, target, because, because, stride=len(rules.table), floor=calm)


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
    floor = last if call.floor is None else min(call.floor, last)
    down_to, up_to = (max(each, min(each + 1, floor)) for each in (call.down_to, call.up_to))
    if (down_to, up_to) == (call.down_to, call.up_to):
        return call
    because = f"the oldest has waited {load.oldest_age:.0f} s, more than {patience:g} s"
    return replace(call, down_to=down_to, up_to=up_to, why_down=because, why_up=because)
