"""Storyteller's gateway as a target: jobs are accepted at once and looked at until they end."""

import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import aiohttp

from loadgen.clock import ServerClock
from loadgen.record import Record
from loadgen.target import Answer
from loadgen.workload import Arrival

ENDS = frozenset({"succeeded", "failed", "cancelled"})
SOONEST, LATEST = 0.25, 5.0


@dataclass(frozen=True)
class Gateway:
    """The gateway at an address such as http://127.0.0.1:8000."""

    url: str
    clock: ServerClock = field(default_factory=ServerClock)

    async def submit(self, session: aiohttp.ClientSession, arrival: Arrival) -> Answer:
        """Make a job."""
        async with session.post(f"{self.url}/v1/jobs", json=arrival.request) as answer:
            found = await _json(answer)
            if answer.status not in (200, 202):
                return Answer(answer.status, error=found.get("detail") or str(found)[:500])
            return Answer(answer.status, job=found["id"], eta=found.get("eta_seconds"))

    async def look(
        self, session: aiohttp.ClientSession, record: Record
    ) -> tuple[Record | None, float]:
        """The finished job, or when to look again: about when its ETA says."""
        async with session.get(f"{self.url}/v1/jobs/{record.job}") as answer:
            found = await _json(answer)
            if answer.status >= 500:
                return None, LATEST
            if answer.status != 200:
                return replace(record, status="failed", error=str(found)[:500]), 0.0
        if found["status"] not in ENDS:
            eta = found.get("eta_seconds")
            return None, min(LATEST, max(SOONEST, eta / 2 if eta else SOONEST))
        ended = self._ended(record, found)
        if record.kind == "image":
            return replace(ended, first_picture=ended.finished), 0.0
        return await self._with_firsts(session, ended), 0.0

    def _ended(self, record: Record, found: dict[str, Any]) -> Record:
        self.clock.note(record.sent or 0.0, record.accepted or 0.0, _moment(found["created_at"]))
        started, finished = found["started_at"], found["finished_at"]
        return replace(
            record,
            **_outcome(found),
            started=self.clock.here(_moment(started)) if started else None,
            finished=self.clock.here(_moment(finished)),
        )

    async def _with_firsts(self, session: aiohttp.ClientSession, record: Record) -> Record:
        """When the first page and the first picture were there, from the job's events."""
        async with session.get(f"{self.url}/v1/jobs/{record.job}/events") as answer:
            text = (await answer.read()).decode()
        seen: dict[str, float] = {}
        for event_id, name in _events(text):
            seen.setdefault(name, self.clock.here(int(event_id.split("-")[0]) / 1000))
        return replace(record, first_page=seen.get("page"), first_picture=seen.get("picture"))


async def _json(answer: aiohttp.ClientResponse) -> dict[str, Any]:
    try:
        return json.loads(await answer.read())
    except ValueError:
        return {"detail": f"the answer ({answer.status}) is not JSON"}


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _outcome(found: dict[str, Any]) -> dict[str, Any]:
    drawings = (found.get("result") or {}).get("drawings", ())
    level = found["level"]["name"] if found.get("level") else None
    visited = tuple(each["level"] for drawing in drawings for each in drawing["levels"])
    return {
        "status": found["status"],
        "error": (found.get("error") or {}).get("message"),
        "level": level,
        "levels": visited or ((level,) if level else ()),
        "attempts": found["attempts"],
        "worker": _without_host(found.get("worker")),
        "steps": sum(drawing["steps"] for drawing in drawings),
        "bytes": sum(artifact["bytes"] for artifact in found["artifacts"]),
    }


def _without_host(worker: str | None) -> str | None:
    """`image-worker-1f2e` of `image-worker-1f2e@HOST`: records are published."""
    return worker.partition("@")[0] if worker else None


def _events(text: str) -> list[tuple[str, str]]:
    """(id, type) of each event of a server-sent stream."""
    blocks = [dict(_field(line) for line in block.splitlines()) for block in text.split("\n\n")]
    return [(block["id"], block["event"]) for block in blocks if {"id", "event"} <= set(block)]


def _field(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name, value.removeprefix(" ")
