"""Turns whatever a request raises into a problem document."""

import logging
from http import HTTPStatus

from flask import Flask, Response, g, request
from redis import exceptions as redis_errors
from werkzeug.exceptions import HTTPException

from services.gateway import peers
from services.gateway.problems import MEDIA_TYPE, PROBLEMS, Problem, ProblemDocument

log = logging.getLogger(__name__)

OUTAGES = (
    redis_errors.ConnectionError,
    redis_errors.TimeoutError,
    redis_errors.ReadOnlyError,
    redis_errors.OutOfMemoryError,
)
OUTAGE_RETRY_SECONDS = 5
_SLUG_OF = {404: "not-found", 405: "method-not-allowed"}


def _answer(document: ProblemDocument, headers: dict[str, str]) -> Response:
    answer = Response(document.model_dump_json(), document.status, headers)
    answer.content_type = MEDIA_TYPE
    answer.headers["Cache-Control"] = "no-store"
    peers.drain_afterwards(answer, request.environ)
    return answer


def _problem(problem: Problem) -> Response:
    return _answer(problem.document(request.path), dict(problem.headers))


def _http(error: HTTPException) -> Response | HTTPException:
    status = error.code or 500
    if status < 400:
        return error
    row = PROBLEMS.get(_SLUG_OF.get(status, ""))
    document = ProblemDocument(
        type=row.uri if row else "about:blank",
        title=row.title if row else HTTPStatus(status).phrase,
        status=status,
        detail=row.remedy if row else error.description or HTTPStatus(status).phrase,
        instance=request.path,
    )
    headers = {name: value for name, value in error.get_headers() if name != "Content-Type"}
    return _answer(document, headers)


def _outage(error: Exception) -> Response:
    log.error("Redis does not answer: %s. Check STORYTELLER_REDIS_URL and Redis itself.", error)
    detail = "The job store does not answer; nothing was changed that the answer did not confirm."
    return _problem(
        Problem("unavailable", detail, headers={"Retry-After": str(OUTAGE_RETRY_SECONDS)})
    )


def _unexpected(error: Exception) -> Response:
    log.error("request failed", exc_info=error, extra={"request": g.request_id})
    detail = f"The gateway's log says more under request {g.request_id}."
    return _problem(Problem("internal", detail))


def register(app: Flask) -> None:
    """Answer every error of the app with a problem document."""
    app.register_error_handler(Problem, _problem)
    app.register_error_handler(HTTPException, _http)
    for outage in OUTAGES:
        app.register_error_handler(outage, _outage)
    app.register_error_handler(Exception, _unexpected)
