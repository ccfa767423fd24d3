"""From a load to a level. Pure, so that the live loop, tests and simulations run the same code.

A burst drops the level as many rungs as the depth calls for, because every job that is begun at
too good a level lengthens the queue for all behind it. The way back is one rung per dwell: the
depth fell while jobs were cheap, and only the next rung shows whether it stays down.
"""

from dataclasses import dataclass

from services.contract.level import Pin
from services.contract.policy import Policy, PolicyState
from services.contract.queues import Load

_PINNED = "pinned by "


@dataclass(frozen=True)
class Standing:
    """What the decision starts from: the level in force, if any, and a person's pin, if any.

    A pin that has ended is none: its key expires by the clock of Redis, which no other clock here
    need agree with.
    """

    state: PolicyState | None = None
    pin: Pin | None = None


@dataclass(frozen=True)
class Decision:
    """A rung of the ladder, and why."""

    index: int
    reason: str


def decide(load: Load, standing: Standing, policy: Policy, now: float) -> Decision:
    """The level for this load: a pin, else the fixed level, else the thresholds'.

    `now` is in seconds since the epoch. While nothing changes, the reason stays the one for
    which the level was entered.
    """
    pin = standing.pin
    if pin is not None and pin.level in policy.names:
        return Decision(policy.index(pin.level), _because_of(pin))
    if policy.rules.kind == "fixed":
        return Decision(policy.index(policy.rules.level or ""), "the policy is fixed")
    return _by_thresholds(load.depth, _valid(standing.state, policy, now), policy, now)


def _because_of(pin: Pin) -> str:
    who = f"{_PINNED}{pin.by or 'someone unnamed'}"
    return f"{who}: {pin.reason}" if pin.reason else who


def _valid(state: PolicyState | None, policy: Policy, now: float) -> PolicyState | None:
    """The state, unless it says nothing about the load: lapsed, pinned, or of another ladder."""
    if state is None or state.lease_until <= now or state.reason.startswith(_PINNED):
        return None
    ours = state.index < len(policy.levels) and policy.levels[state.index] == state.level
    return state if ours else None


def _by_thresholds(depth: int, state: PolicyState | None, policy: Policy, now: float) -> Decision:
    thresholds, hysteresis = policy.rules.thresholds, policy.rules.hysteresis
    called_for = sum(depth >= threshold for threshold in thresholds)
    if state is None:
        return Decision(called_for, _afresh(depth, called_for, thresholds))
    if now - state.since < policy.rules.dwell_seconds:
        return Decision(state.index, state.reason)
    if called_for > state.index:
        return Decision(called_for, f"depth {depth} reached {thresholds[called_for - 1]}")
    if state.index > 0 and depth <= thresholds[state.index - 1] - hysteresis:
        limit = thresholds[state.index - 1]
        return Decision(state.index - 1, f"depth {depth} fell to {limit} - {hysteresis} or less")
    return Decision(state.index, state.reason)


def _afresh(depth: int, index: int, thresholds: tuple[int, ...]) -> str:
    if index:
        return f"depth {depth} is {thresholds[index - 1]} or more"
    return f"depth {depth} is below {thresholds[0]}" if thresholds else "there is one level"
