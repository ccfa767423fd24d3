"""A gateway that serves one job after another in a known time, over real HTTP."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

AHEAD = 1000.0
"""Seconds by which the stub's clock differs from the generator's."""


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment + AHEAD, UTC).isoformat()


@dataclass
class Stub:
    """Refuses when more than `capacity` wait; answers all but the first so many seconds late."""

    service: float = 0.02
    capacity: int = 10**6
    answer_seconds: float = 0.0
    broken_looks: int = 0
    never: bool = False
    url: str = ""
    free_at: float = 0.0
    jobs: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)

    async def here(self, request: web.Request) -> web.Response:
        return web.Response(text="here")

    async def submit(self, request: web.Request) -> web.Response:
        self.asked.append(await request.json())
        now = time.time()
        if self.free_at - now > self.capacity * self.service:
            return web.json_response({"detail": "the queue is full"}, status=429)
        start = max(now, self.free_at)
        self.free_at = start + self.service
        name = f"{len(self.jobs):032x}"
        self.jobs[name] = (now, start, self.free_at)
        await asyncio.sleep(self.answer_seconds if len(self.jobs) > 1 else 0)
        return web.json_response({"id": name, "eta_seconds": self.free_at - now}, status=202)

    async def look(self, request: web.Request) -> web.Response:
        if self.broken_looks:
            self.broken_looks -= 1
            return web.json_response({"detail": "Redis does not answer"}, status=503)
        created, started, finished = self.jobs[request.match_info["name"]]
        done = finished <= time.time() and not self.never
        return web.json_response(
            {
                "status": "succeeded" if done else "running",
                "created_at": _iso(created),
                "started_at": _iso(started),
                "finished_at": _iso(finished) if done else None,
                "eta_seconds": 0.0,
                "level": {"name": "fast"},
                "attempts": 1,
                "artifacts": [{"bytes": 100}, {"bytes": 23}],
                "result": {"drawings": [{"steps": 7, "levels": [{"level": "quality", "step": 0},
                                                                {"level": "fast", "step": 3}]}]},
                "error": None,
            }
        )  # fmt: skip

    async def images(self, request: web.Request) -> web.Response:
        self.asked.append(await request.json())
        if len(self.asked) > self.capacity:
            return web.Response(text="overloaded", status=503)
        return web.json_response({"data": [{"b64_json": "x" * 50}]})


@asynccontextmanager
async def serving(stub: Stub) -> AsyncIterator[Stub]:
    """The stub at an address of its own."""
    app = web.Application()
    app.router.add_get("/", stub.here)
    app.router.add_post("/v1/jobs", stub.submit)
    app.router.add_get("/v1/jobs/{name}", stub.look)
    app.router.add_post("/v1/images/generations", stub.images)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    stub.url = f"http://127.0.0.1:{port}"
    yield stub
    await runner.cleanup()
