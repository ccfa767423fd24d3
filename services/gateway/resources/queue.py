"""/v1/queue: how much is outstanding, and at which level it is served."""

from flask import Blueprint, Response

from services.contract import calibration
from services.contract import level as levels
from services.contract.jobs import QUEUES, Queue
from services.gateway import load_view, outlook
from services.gateway.answers import respond
from services.gateway.context import Gateway, gateway
from services.gateway.load_view import InForce

blueprint = Blueprint("queue", __name__)


@blueprint.get("/v1/queue")
def show() -> Response:
    """Depth, ages, rates, level."""
    here = gateway()
    expected = outlook.read(here.redis, here.policy, here.fallback)
    in_force = {queue: _in_force(here, queue, expected.now) for queue in QUEUES}
    return respond(load_view.view(expected, in_force))


def _in_force(here: Gateway, queue: Queue, now: float) -> InForce:
    pinned = levels.pinned(here.redis, queue) is not None
    told = calibration.read(here.redis, queue)
    return InForce(_level(here, queue, now), pinned, told)


def _level(here: Gateway, queue: Queue, now: float) -> load_view.QueueLevel | None:
    state = levels.read(here.redis, queue)
    if state is None:
        return None
    applied = levels.resolve("auto", state, here.policy, here.fallback, now)
    return load_view.level(applied, state)
