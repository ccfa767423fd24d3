"""Puts policies in force in a live stack, and waits until it is idle and has followed."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any

import aiohttp

from loadgen.intensity import BadLoad
from loadgen.policies import Policy

BY = "loadgen"
LOOK_SECONDS = 0.25
OK, FAILURE = 200, 500
PUT_ATTEMPTS = 5
PUT_PAUSE_SECONDS = 1.0
"""After the first attempt; twice as much after the second, and so on."""
LONGEST = 86400.0
"""Seconds that the gateway lets anything hold."""
Seen = tuple[Any, ...]


class NotSettled(TimeoutError):
    """The stack did not come to rest at the policy that was to be measured."""


@dataclass(frozen=True)
class Steering:
    """The policy of the stack at `url`. Calls raise aiohttp.ClientError where nobody answers."""

    url: str
    session: aiohttp.ClientSession

    async def policy(self) -> dict[str, Any]:
        """What GET /v1/policy says. Raises BadLoad where no Storyteller answers."""
        async with self.session.get(f"{self.url}/v1/policy") as answer:
            if answer.status >= FAILURE:
                answer.raise_for_status()
            found = await _json(answer) if answer.status == OK else None
        if not isinstance(found, dict) or "ladder" not in found:
            raise BadLoad(f"what answers at {self.url} is no gateway whose policy can be set")
        return found

    async def put(self, policy: Policy, seconds: float) -> None:
        """Put the policy in force for so long, without a pin. Raises BadLoad if it is refused."""
        await self.release()
        if policy.rules is not None:
            rules = policy.rules.model_dump(mode="json", exclude_defaults=True)
            note = {"by": BY, "reason": policy.reason, "for_seconds": min(seconds, LONGEST)}
            await self._put({"rules": rules | {"kind": policy.rules.kind}} | note)

    async def release(self) -> None:
        """Return to policy.toml; tried a few times, for it is what is done last."""
        for attempt in range(1, PUT_ATTEMPTS + 1):
            try:
                await self._put({"level": "auto"})
            except (aiohttp.ClientError, TimeoutError):
                if attempt == PUT_ATTEMPTS:
                    raise
                await asyncio.sleep(attempt * PUT_PAUSE_SECONDS)
            else:
                return

    async def _put(self, body: dict[str, Any]) -> None:
        async with self.session.put(f"{self.url}/v1/policy", json=body) as answer:
            if answer.status != OK:
                raise BadLoad(f"the gateway refuses the policy: {(await answer.text())[:500]}")

    async def drained(self, fastest: str, patience: float) -> None:
        """Wait until nothing is outstanding, at the level that gets it done soonest. Raises
        NotSettled after `patience` seconds."""
        deadline, pinned = time.monotonic() + patience, False
        while depth := await self._depth():
            if not pinned:
                why = {"by": BY, "reason": "to be done with what is outstanding"}
                await self._put({"level": fastest, "for_seconds": min(patience, LONGEST)} | why)
            pinned = True
            if time.monotonic() > deadline:
                raise NotSettled(f"{depth} jobs are still outstanding after {patience:g} s")
            await asyncio.sleep(LOOK_SECONDS)

    async def _depth(self) -> int:
        async with self.session.get(f"{self.url}/v1/queue") as answer:
            answer.raise_for_status()
            return (await answer.json())["depth"]

    async def settled(self, policy: Policy, margin: float, patience: float) -> None:
        """Wait until nothing is outstanding and the level has not changed for longer than its
        dwell, by `margin` seconds. Raises NotSettled after `patience` seconds."""
        deadline, since, before = time.monotonic() + patience, time.monotonic(), None
        while True:
            now, (seen, dwell) = time.monotonic(), await self._seen()
            if seen != before or _unready(seen, policy):
                before, since = seen, now
            elif now - since >= dwell + margin:
                return
            if now > deadline:
                why = _unready(seen, policy) or "the level changes"
                raise NotSettled(f"after {patience:g} s the stack has not come to rest: {why}")
            await asyncio.sleep(LOOK_SECONDS)

    async def _seen(self) -> tuple[Seen, float]:
        """Depth, then of each queue level, whether its lease holds, whose rules it is to go by and
        why it does not; and the longest dwell."""
        depth, queues = await self._depth(), (await self.policy())["queues"].values()
        return (depth, *map(_queue, queues)), max(q["rules"]["dwell_seconds"] for q in queues)


async def _json(answer: aiohttp.ClientResponse) -> Any:
    try:
        return await answer.json(content_type=None)
    except ValueError:
        return None


def _queue(found: dict[str, Any]) -> tuple[str | None, bool, str | None, str | None]:
    state, override = found["state"] or {}, found["override"] or {}
    whose = override.get("reason"), override.get("ignored")
    return state.get("level"), state.get("lease_holds", False), *whose


def _unready(seen: Seen, policy: Policy) -> str | None:
    """Why nothing can be measured yet."""
    depth, *queues = seen
    if depth:
        return f"{depth} jobs are outstanding"
    if not all(holds for _, holds, *_ in queues):
        return "no controller holds the level; is one running?"
    if any(reason != (policy.reason if policy.rules else None) for *_, reason, _ in queues):
        return f"somebody else has changed the policy, which should be {policy.notation}"
    ignored = next((why for *_, why in queues if why), None)
    if ignored:
        return f"the controller does not go by {policy.notation}: {ignored}"
    fixed = policy.rules.level if policy.rules else None
    if fixed and any(level != fixed for level, *_ in queues):
        return f"the controller has not put {fixed} in force"
    return None


def taken(found: dict[str, Any]) -> str | None:
    """Who else holds the policy, by what GET /v1/policy says; None where nobody does."""
    for queue, each in found["queues"].items():
        for name in ("pin", "override"):
            held = each[name]
            if held and held["by"] != BY:
                who = held["by"] or "somebody"
                return f"{who} holds the policy of {queue} until {held['until']}"
    return None
