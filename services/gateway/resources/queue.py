"""/v1/queue: how much is outstanding, and at which level it is served."""

from flask import Blueprint, Response

from services.contract import level as levels
from services.contract import queues
from services.gateway import load_view
from services.gateway.answers import respond
from services.gateway.context import Gateway, gateway

blueprint = Blueprint("queue", __name__)


@blueprint.get("/v1/queue")
def show() -> Response:
    """Depth, ages, rates, level."""
    here = gateway()
    load = queues.load(here.redis)
    pinned = levels.pinned(here.redis) is not None
    return respond(load_view.view(load, _level(here, load.now), pinned=pinned))


def _level(here: Gateway, now: float) -> load_view.QueueLevel | None:
    state = levels.read(here.redis)
    if state is None:
        return None
    applied = levels.resolve("auto", state, here.policy, here.settings.fallback_level, now)
    return load_view.level(applied, state)
