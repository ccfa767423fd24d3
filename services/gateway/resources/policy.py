"""/v1/policy: the ladder, who decided what and when; pin a level or return to the policy."""

import logging

from flask import Blueprint, Response

from services.contract import forecast
from services.contract import level as levels
from services.contract.connection import server_time
from services.contract.jobs import QUEUES, Queue
from services.contract.level import Pin
from services.gateway import policy_view, reading
from services.gateway.admission import check_level
from services.gateway.answers import respond
from services.gateway.context import Gateway, gateway
from services.gateway.policy_view import PIN_REQUEST, PinRequest, PolicyView, QueuePolicyView

blueprint = Blueprint("policy", __name__, url_prefix="/v1/policy")
log = logging.getLogger(__name__)

DECISIONS = 50


@blueprint.get("")
def show() -> Response:
    """The policy and its state."""
    return respond(_view(gateway()))


@blueprint.put("")
def pin() -> Response:
    """Hold a level, or let go; the controller's next decision follows it."""
    here = gateway()
    asked = reading.json_body(PIN_REQUEST)
    check_level(here, asked.level)
    _apply(here, asked)
    log.info("policy set to %s by %s", asked.level, asked.by or "(unnamed)")
    return respond(_view(here))


def _apply(here: Gateway, asked: PinRequest) -> None:
    until = server_time(here.redis) + asked.for_seconds
    held = Pin(level=asked.level, by=asked.by, reason=asked.reason, until=until)
    for queue in (asked.queue,) if asked.queue else QUEUES:
        if asked.level == "auto":
            levels.unpin(here.redis, queue)
        else:
            levels.pin(here.redis, queue, held, seconds=asked.for_seconds)


def _view(here: Gateway) -> PolicyView:
    return policy_view.view(
        here.policy,
        here.settings.fallback_level,
        queues={queue: _queue(here, queue) for queue in QUEUES},
        decisions=levels.decisions(here.redis, DECISIONS),
        applied=levels.applied(here.redis),
    )


def _queue(here: Gateway, queue: Queue) -> QueuePolicyView:
    return QueuePolicyView(
        rules=here.policy.rules_of(queue),
        state=policy_view.state(levels.read(here.redis, queue), server_time(here.redis)),
        pin=policy_view.pin(levels.pinned(here.redis, queue)),
        forecast=forecast.read(here.redis, queue),
    )
