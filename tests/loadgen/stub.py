"""A gateway that serves one job after another in a known time, over real HTTP."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import takewhile
from threading import Event, Thread
from typing import Any

from aiohttp import web

from services.contract.ladder import ImageLevel, Level, StoryLevel

SLOWER = {"quality": 10, "fast": 1}
"""The ladder: by how much longer a job takes, fixed at each level."""
AHEAD = 1000.0
"""Seconds by which the stub's clock differs from the generator's."""
LADDER = tuple(
    Level(
        name=name,
        image=ImageLevel(sampler="ddim", steps=slower, guidance_scale=3.0),
        story=StoryLevel(max_tokens=64),
    )
    for name, slower in SLOWER.items()
)
QUEUES = ("images", "stories")
SHOWN = 50
"""Decisions that an answer holds, the newest."""


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
    kinds: tuple[str, ...] = ("threshold", "fixed", "table")
    lease_holds: bool = True
    held: dict[str, dict[str, Any] | None] = field(
        default_factory=lambda: {"pin": None, "override": None}
    )
    put: list[dict[str, Any]] = field(default_factory=list)
    """What was asked of /v1/policy, the number of jobs submitted until then among it."""
    decided: list[dict[str, Any]] = field(default_factory=list)
    shows_policy: bool = True
    looks: int = 0
    """How often the policy was looked at."""

    def __post_init__(self) -> None:
        self.decide("the start")

    @property
    def level(self) -> str:
        """A pin's, a fixed policy's, else the fast one."""
        pin, override = self.held["pin"], self.held["override"]
        return (pin or (override or {}).get("rules", {})).get("level") or "fast"

    def decide(self, reason: str) -> None:
        """Both queues go by the level that holds now, for this reason."""
        version = len(self.decided) // len(QUEUES) + 1
        fields = {"at": _iso(time.time()), "version": version, "level": self.level}
        self.decided += [{"queue": queue, "reason": reason, **fields} for queue in QUEUES]

    async def policy(self, request: web.Request) -> web.Response:
        self.looks += 1
        if not self.shows_policy:
            return web.json_response({"detail": "Redis does not answer"}, status=503)
        return web.json_response(
            {
                "ladder": [level.model_dump(mode="json") for level in LADDER],
                "kinds": self.kinds,
                "queues": {queue: self.queue_policy() for queue in QUEUES},
                "decisions": self.decided[::-1][:SHOWN],
            }
        )

    def queue_policy(self) -> dict[str, Any]:
        newest = self.decided[-1]
        held = takewhile(lambda each: each["level"] == newest["level"], reversed(self.decided))
        *_, since = (each["at"] for each in held)
        state = {name: newest[name] for name in ("version", "level", "reason")}
        return {
            "rules": {"dwell_seconds": 0.0},
            "state": state | {"since": since, "lease_holds": self.lease_holds},
            **self.held,
        }

    async def put_policy(self, request: web.Request) -> web.Response:
        asked = await request.json()
        self.put.append(asked | {"submitted": len(self.jobs)})
        if asked.get("level") == "auto":
            self.held = {"pin": None, "override": None}
        else:
            self.held["override" if "rules" in asked else "pin"] = asked | {"until": "later"}
        self.decide(asked.get("reason", ""))
        return await self.policy(request)

    async def queue(self, request: web.Request) -> web.Response:
        depth = sum(finished > time.time() for *_, finished in self.jobs.values())
        return web.json_response({"depth": depth, "level": {"name": self.level}})

    async def here(self, request: web.Request) -> web.Response:
        return web.Response(text="here")

    async def submit(self, request: web.Request) -> web.Response:
        self.asked.append(await request.json())
        now = time.time()
        if self.free_at - now > self.capacity * self.service:
            return web.json_response({"detail": "the queue is full"}, status=429)
        start = max(now, self.free_at)
        self.free_at = start + self.service * SLOWER[self.level]
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
                "worker": "image-worker-1f2e@somewhere",
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
    app.router.add_get("/v1/policy", stub.policy)
    app.router.add_put("/v1/policy", stub.put_policy)
    app.router.add_get("/v1/queue", stub.queue)
    app.router.add_post("/v1/images/generations", stub.images)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    stub.url = f"http://127.0.0.1:{port}"
    yield stub
    await runner.cleanup()


@contextmanager
def up(stub: Stub) -> Iterator[Stub]:
    """The stub, served from a thread of its own."""
    ready, over = Event(), Event()

    async def serve() -> None:
        async with serving(stub):
            ready.set()
            await asyncio.to_thread(over.wait)

    thread = Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(60)
    try:
        yield stub
    finally:
        over.set()
        thread.join()
