"""What is driven: something that takes a request and, at once or later, gives a result."""

from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import aiohttp

from loadgen.record import REJECTED, SUCCEEDED, Record
from loadgen.workload import Arrival

TOO_MANY, UNAVAILABLE = 429, 503


@dataclass(frozen=True)
class Answer:
    """What a target said to a request: `result` where it was done at once, `job` where it is to
    be followed, neither where it was refused."""

    http_status: int
    job: str | None = None
    eta: float | None = None
    error: str | None = None
    result: dict[str, Any] = field(default_factory=dict)

    def noted(self, record: Record) -> Record:
        """The record with what was answered. A refusal is a rejection only when it says later."""
        later = self.http_status in (TOO_MANY, UNAVAILABLE)
        status = REJECTED if later else "failed" if self.error else "accepted"
        noted = replace(record, http_status=self.http_status, job=self.job, eta=self.eta)
        return replace(noted, status=status, error=self.error)


class Target(Protocol):
    """An address that takes requests. Calls raise aiohttp.ClientError or TimeoutError."""

    async def submit(self, session: aiohttp.ClientSession, arrival: Arrival) -> Answer:
        """Send one request."""

    async def look(
        self, session: aiohttp.ClientSession, record: Record
    ) -> tuple[Record | None, float]:
        """What became of an accepted job, None while it is not finished; and the seconds after
        which to look again."""


@dataclass(frozen=True)
class OpenAiImages:
    """`POST /v1/images/generations`, the call that vLLM-Omni, SGLang and others offer: the answer
    is the picture, so nothing is followed. `options` go along with each request."""

    url: str
    options: dict[str, Any] = field(default_factory=dict)

    async def submit(self, session: aiohttp.ClientSession, arrival: Arrival) -> Answer:
        """Ask for one picture and wait for it."""
        asked = arrival.request
        body = {"prompt": asked["prompt"], "seed": asked["seed"], "n": 1, **self.options}
        address = f"{self.url}/v1/images/generations"
        async with session.post(address, json=body) as answer:
            content = await answer.read()
            if answer.status >= 400:
                return Answer(answer.status, error=content[:500].decode(errors="replace"))
            return Answer(answer.status, result={"status": SUCCEEDED, "bytes": len(content)})

    async def look(self, session: aiohttp.ClientSession, record: Record) -> tuple[None, float]:
        """Never called: `submit` gives a result or an error."""
        raise NotImplementedError(f"{self.url} answers with the picture; nothing is to be followed")
