"""/livez: the process answers. /readyz: a job accepted now would be served."""

from typing import Literal

from flask import Blueprint, Response
from pydantic import BaseModel

from services.gateway import readiness
from services.gateway.answers import respond
from services.gateway.context import gateway
from services.gateway.problems import Problem

blueprint = Blueprint("health", __name__)

RETRY_SECONDS = 1


class Health(BaseModel):
    """The good news; the bad is a problem document."""

    status: Literal["alive", "ready"]


@blueprint.get("/livez")
def live() -> Response:
    """The process answers."""
    return respond(Health(status="alive"))


@blueprint.get("/readyz")
def ready() -> Response:
    """Redis answers, every queue has a worker, a controller holds the policy."""
    missing = readiness.missing(gateway().redis)
    if missing:
        detail = "; ".join(gap.message for gap in missing)
        raise Problem("not-ready", detail, missing, {"Retry-After": str(RETRY_SECONDS)})
    return respond(Health(status="ready"))
