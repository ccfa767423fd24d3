"""/v1/queue: how much is outstanding, and at which level it is served."""

from flask import Blueprint, Response

from services.contract import level as levels
from services.contract import queues
from services.contract.jobs import QUEUES, Queue
from services.gateway import load_view
from services.gateway.answers import respond
from services.gateway.context import Gateway, gateway
from services.gateway.load_view import InForce

blueprint = Blueprint("queue", __name__)


@blueprint.get("/v1/queue")
def show() -> Response:
    """Depth, ages, rates, level."""
    here = gateway()
    load = queues.load(here.redis)
    in_force = {queue: _in_force(here, queue, load.now) for queue in QUEUES}
    return respond(load_view.view(load, in_force))


def _in_force(here: Gateway, queue: Queue, now: float) -> InForce:
    pinned = levels.pinned(here.redis, queue) is not None
    return InForce(_level(here, queue, now), pinned)


def _level(here: Gateway, queue: Queue, now: float) -> load_view.QueueLevel | None:
    state = levels.read(here.redis, queue)
    if state is None:
        return None
    applied = levels.resolve("auto", state, here.policy, here.settings.fallback_level, now)
    return load_view.level(applied, state)
