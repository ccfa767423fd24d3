"""/metrics for Prometheus."""

from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from services.gateway.context import gateway

blueprint = Blueprint("metrics", __name__)


@blueprint.get("/metrics")
def scrape() -> Response:
    """The queue and this process's requests, in the text format."""
    return Response(generate_latest(gateway().traffic.registry), content_type=CONTENT_TYPE_LATEST)
