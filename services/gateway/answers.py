"""Models to responses."""

from flask import Response
from pydantic import BaseModel


def respond(model: BaseModel, status: int = 200, **headers: str) -> Response:
    """A JSON answer that no cache keeps; a header's underscores become hyphens."""
    answer = Response(model.model_dump_json(), status, mimetype="application/json")
    answer.headers["Cache-Control"] = "no-store"
    for name, value in headers.items():
        answer.headers[name.replace("_", "-")] = value
    return answer
