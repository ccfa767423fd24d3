"""What a controller would do now, for a person to read; nothing is changed."""

from typing import Any

from redis import Redis

from controller import lost
from controller.control import considered
from controller.observe import Observation, observe
from services.contract import jobs, keys
from services.contract.jobs import Queue
from services.contract.policy import Policy


def preview(redis: Redis, policy: Policy) -> dict[str, Any]:
    """The load, the level in force, the level that it calls for and why, and what is to mend."""
    seen = observe(redis)
    now = seen.load.now
    return {
        "queues": {queue: _would_be(seen, queue, policy) for queue in jobs.QUEUES},
        "expired_leases": sum(
            redis.zcount(keys.running(queue), "-inf", now) for queue in jobs.QUEUES
        ),
        "lost_tickets": sum(len(lost.lost_tickets(redis, queue, now)) for queue in jobs.QUEUES),
        "stale_deliveries": len(lost.stale_deliveries(redis)),
    }


def _would_be(seen: Observation, queue: Queue, policy: Policy) -> dict[str, Any]:
    decision = considered(seen, queue, policy)
    load, state = seen.load.queues[queue], seen.states[queue]
    return {
        "depth": load.depth,
        "oldest_age_seconds": round(load.oldest_age, 3),
        "level": state.level.name if state else None,
        "would_be": policy.names[decision.index],
        "reason": decision.reason,
    }


def sentence(found: dict[str, Any]) -> str:
    """The same in a line of prose for each queue, and one for what is to mend."""
    lines = [
        f"{queue}: depth {each['depth']}, oldest {each['oldest_age_seconds']:.1f} s: "
        f"level {each['level']} -> {each['would_be']} ({each['reason']})"
        for queue, each in found["queues"].items()
    ]
    mending = (
        f"{found['expired_leases']} expired leases, {found['lost_tickets']} lost tickets, "
        f"{found['stale_deliveries']} stale deliveries"
    )
    return "\n".join((*lines, mending))
