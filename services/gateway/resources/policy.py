"""/v1/policy: the ladder, who decided what and when; hold a level or rules, or let go."""

import logging

from flask import Blueprint, Response

from services.contract import forecast, rule_override
from services.contract import level as levels
from services.contract.connection import server_time
from services.contract.jobs import QUEUES, Queue
from services.contract.level import Pin
from services.contract.policy import Policy, PolicyState
from services.contract.rule_override import RuleOverride
from services.contract.rules import BadRules
from services.gateway import policy_view, reading
from services.gateway.admission import check_level
from services.gateway.answers import respond
from services.gateway.context import Gateway, gateway
from services.gateway.policy_view import PIN_REQUEST, PinRequest, PolicyView, QueuePolicyView
from services.gateway.problems import invalid

blueprint = Blueprint("policy", __name__, url_prefix="/v1/policy")
log = logging.getLogger(__name__)

DECISIONS = 50


@blueprint.get("")
def show() -> Response:
    """The policy and its state."""
    return respond(_view(gateway()))


@blueprint.put("")
def put() -> Response:
    """Hold a level or rules, or let go; the controller's next decision follows."""
    here = gateway()
    asked = reading.json_body(PIN_REQUEST)
    _check(here, asked)
    until = server_time(here.redis) + asked.for_seconds
    for queue in (asked.queue,) if asked.queue else QUEUES:
        _apply(here, asked, queue, until)
    told = asked.level or f"{asked.rules.kind} rules"
    log.info("policy set to %s by %s", told, asked.by or "(unnamed)")
    return respond(_view(here))


def _check(here: Gateway, asked: PinRequest) -> None:
    """Raise Problem for what this gateway's ladder and profile rule out."""
    given = asked.model_fields_set & {"level", "rules"}
    if given == {"level", "rules"}:
        raise invalid("rules", "come in place of a level: name one of the two")
    if given != {"rules"}:
        return check_level(here, asked.level)
    try:
        return rule_override.check_for(here.policy, asked.rules)
    except BadRules as error:
        raise invalid(error.field, error.message) from None


def _apply(here: Gateway, asked: PinRequest, queue: Queue, until: float) -> None:
    note = {"by": asked.by, "reason": asked.reason, "until": until}
    if asked.level == "auto":
        levels.unpin(here.redis, queue)
        rule_override.withdraw(here.redis, queue)
    elif asked.level:
        levels.pin(here.redis, queue, Pin(asked.level, **note), seconds=asked.for_seconds)
    else:
        override = RuleOverride(rules=asked.rules, **note)
        rule_override.put(here.redis, queue, override, seconds=asked.for_seconds)


def _view(here: Gateway) -> PolicyView:
    return policy_view.view(
        here.policy,
        here.fallback,
        queues={queue: _queue(here, queue) for queue in QUEUES},
        decisions=levels.decisions(here.redis, DECISIONS),
        applied=levels.applied(here.redis),
    )


def _queue(here: Gateway, queue: Queue) -> QueuePolicyView:
    held, state = rule_override.read(here.redis, queue), levels.read(here.redis, queue)
    ignored = _why_ignored(here.policy, queue, held, state)
    gone_by = {} if ignored else {queue: held}
    return QueuePolicyView(
        rules=rule_override.ruled(here.policy, gone_by).rules_of(queue),
        override=policy_view.override(held, ignored),
        state=policy_view.state(state, server_time(here.redis)),
        pin=policy_view.pin(levels.pinned(here.redis, queue)),
        forecast=forecast.read(here.redis, queue),
    )


def _why_ignored(
    policy: Policy, queue: Queue, held: RuleOverride | None, state: PolicyState | None
) -> str | None:
    """Why a person's rules are not gone by: they do not fit the ladder here, or the controller, who
    knows the profile, says so."""
    if held is None:
        return None
    here = rule_override.misfit(policy, queue, held.rules)
    return here or (state and rule_override.said_ignored(state.reason, held))
