"""A gateway whose jobs are done when they come: `python -m bench.contenders.instant_gateway 8123`.

What drives it has nothing to wait for but itself.
"""

import itertools
import sys
from datetime import UTC, datetime

from aiohttp import web


class InstantGateway:
    """As much of the gateway as the load generator asks for."""

    def __init__(self) -> None:
        self._numbers = itertools.count()

    async def here(self, request: web.Request) -> web.Response:
        """Somebody answers."""
        return web.json_response({"path": request.path})

    async def submit(self, request: web.Request) -> web.Response:
        """Read the request, and take it."""
        await request.read()
        return web.json_response({"id": f"{next(self._numbers):032x}"}, status=202)

    async def look(self, _: web.Request) -> web.Response:
        """It is done."""
        now = datetime.now(UTC).isoformat()
        times = dict.fromkeys(("created_at", "started_at", "finished_at"), now)
        rest = {"status": "succeeded", "level": None, "attempts": 1, "artifacts": []}
        return web.json_response(times | rest | {"result": {}, "error": None})


def app() -> web.Application:
    """Its routes."""
    gateway, made = InstantGateway(), web.Application()
    made.router.add_get("/", gateway.here)
    made.router.add_post("/v1/jobs", gateway.submit)
    made.router.add_get("/v1/jobs/{name}", gateway.look)
    return made


if __name__ == "__main__":
    web.run_app(app(), host="127.0.0.1", port=int(sys.argv[1]), print=None)
