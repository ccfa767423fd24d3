"""What this process has answered: a request id, a log line, and counts for each request."""

import logging
import time
import uuid

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram

log = logging.getLogger(__name__)

PROBES = frozenset({"/livez", "/readyz", "/metrics"})


class Traffic:
    """Counts and times requests by method and route, never by path: paths hold job ids."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "storyteller_http_requests",
            "Requests answered by this process.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "storyteller_http_request_seconds",
            "Seconds from request to answer; of a stream, to its first byte.",
            ("method", "route"),
            registry=self.registry,
        )

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Record one answered request."""
        self._requests.labels(method, route, status).inc()
        self._seconds.labels(method, route).observe(seconds)


def _begin() -> None:
    g.request_id = uuid.uuid4().hex
    g.began = time.monotonic()


def _log(answer: Response, seconds: float) -> None:
    fields = {"request": g.request_id, "status": answer.status_code, "seconds": round(seconds, 4)}
    if request.view_args and "job_id" in request.view_args:
        fields["job"] = request.view_args["job_id"]
    level = logging.DEBUG if request.path in PROBES else logging.INFO
    log.log(level, "%s %s %s", request.method, request.path, answer.status_code, extra=fields)


def register(app: Flask, traffic: Traffic) -> None:
    """Give every request an id, and record how it was answered."""

    def end(answer: Response) -> Response:
        seconds = time.monotonic() - g.began
        route = request.url_rule.rule if request.url_rule else "(none)"
        method = request.method if request.url_rule else "(any)"
        traffic.count(method, route, answer.status_code, seconds)
        _log(answer, seconds)
        answer.headers["X-Request-ID"] = g.request_id
        answer.headers["X-Content-Type-Options"] = "nosniff"
        return answer

    app.before_request(_begin)
    app.after_request(end)
