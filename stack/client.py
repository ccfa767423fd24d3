"""The gateway as its clients see it."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import httpx

ENDS = frozenset({"succeeded", "failed", "cancelled"})
RETRY_SECONDS = 1.0

PROBLEM = "application/problem+json"


@dataclass(frozen=True)
class Event:
    """One server-sent event of a job; `id` says where a stream goes on after it."""

    id: str
    type: str
    data: dict[str, Any]


class Gateway:
    """REST calls, each raising httpx.HTTPError when it fails; a context manager."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._http = httpx.Client(base_url=self.url, timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def missing(self) -> str | None:
        """What the system still waits for; None once it is ready for jobs.

        Raises httpx.HTTPStatusError where something else answers at this address.
        """
        try:
            answer = self._http.get("/readyz")
        except httpx.TransportError:
            return "the gateway"
        if answer.status_code == httpx.codes.OK:
            return None
        if not answer.headers.get("Content-Type", "").startswith(PROBLEM):
            raise httpx.HTTPStatusError(
                f"what answers at {self.url} is no gateway of Storyteller: stop it, or set "
                "STORYTELLER_GATEWAY_PORT to a free port",
                request=answer.request,
                response=answer,
            )
        return answer.json()["detail"]

    def submit(self, request: dict[str, Any]) -> dict[str, Any]:
        """A new job, as the gateway announces it."""
        return self._json(self._http.post("/v1/jobs", json=request))

    def job(self, job_id: str) -> dict[str, Any]:
        """A job's record."""
        return self._json(self._http.get(f"/v1/jobs/{job_id}"))

    def cancel(self, job_id: str) -> dict[str, Any]:
        """Ask for a job to be cancelled."""
        return self._json(self._http.delete(f"/v1/jobs/{job_id}"))

    def queue(self) -> dict[str, Any]:
        """Depth, level and predicted wait."""
        return self._json(self._http.get("/v1/queue"))

    def artifact(self, job_id: str, name: str) -> bytes:
        """A file that a job made."""
        return self._http.get(f"/v1/jobs/{job_id}/artifacts/{name}").raise_for_status().content

    def events(self, job_id: str) -> Iterator[Event]:
        """A job's events from the first to the last, taken up again where a connection broke."""
        seen = ""
        while True:
            try:
                for event in self._stream(job_id, seen):
                    yield event
                    seen = event.id
                    if event.type in ENDS:
                        return
            except httpx.TransportError:
                time.sleep(RETRY_SECONDS)
            self.job(job_id)  # raises once there is no such job any more

    def _stream(self, job_id: str, after: str) -> Iterator[Event]:
        path, seen = f"/v1/jobs/{job_id}/events", {"Last-Event-ID": after} if after else {}
        patience = httpx.Timeout(30, read=None)
        with self._http.stream("GET", path, headers=seen, timeout=patience) as answer:
            answer.raise_for_status()
            fields: dict[str, str] = {}
            for line in answer.iter_lines():
                name, _, value = line.partition(": ")
                fields[name] = value
                if name == "data":
                    yield Event(fields["id"], fields["event"], json.loads(value))

    def _json(self, answer: httpx.Response) -> dict[str, Any]:
        if answer.is_error:
            detail = answer.json().get("detail", answer.text)
            raise httpx.HTTPStatusError(detail, request=answer.request, response=answer)
        return answer.json()
