"""/openapi.json for machines, /docs for people."""

from functools import lru_cache

from flask import Blueprint, Response, jsonify, render_template

from services.contract.settings import Settings
from services.gateway.context import gateway

blueprint = Blueprint("documentation", __name__)

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@lru_cache(maxsize=4)
def _description(settings: Settings, levels: tuple[str, ...]) -> dict[str, object]:
    from services.gateway import openapi  # noqa: PLC0415 - openapi reads every resource

    return openapi.describe(settings, levels)


@blueprint.get("/openapi.json")
def machine() -> Response:
    """OpenAPI 3.1 of this gateway."""
    here = gateway()
    return jsonify(_description(here.settings, here.policy.names))


@blueprint.get("/docs")
def people() -> Response:
    """A page that reads /openapi.json."""
    answer = Response(render_template("docs.html"), mimetype="text/html")
    answer.headers["Content-Security-Policy"] = PAGE_POLICY
    return answer
