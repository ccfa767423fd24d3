"""What a controller would do now, for a person to read; nothing is changed."""

from typing import Any

from redis import Redis

from controller import lost
from controller.control import considered
from controller.observe import observe
from services.contract import jobs, keys
from services.contract.policy import Policy


def preview(redis: Redis, policy: Policy) -> dict[str, Any]:
    """The load, the level in force, the level that it calls for and why, and what is to mend."""
    seen = observe(redis)
    decision = considered(seen, policy)
    now = seen.load.now
    return {
        "depth": seen.load.depth,
        "oldest_age_seconds": round(seen.load.oldest_age, 3),
        "level": seen.state.level.name if seen.state else None,
        "would_be": policy.names[decision.index],
        "reason": decision.reason,
        "expired_leases": sum(
            redis.zcount(keys.running(queue), "-inf", now) for queue in jobs.QUEUES
        ),
        "lost_tickets": sum(len(lost.lost_tickets(redis, queue, now)) for queue in jobs.QUEUES),
        "stale_deliveries": len(lost.stale_deliveries(redis)),
    }


def sentence(found: dict[str, Any]) -> str:
    """The same in one line of prose."""
    return (
        f"depth {found['depth']}, oldest {found['oldest_age_seconds']:.1f} s: "
        f"level {found['level']} -> {found['would_be']} ({found['reason']}); "
        f"{found['expired_leases']} expired leases, {found['lost_tickets']} lost tickets, "
        f"{found['stale_deliveries']} stale deliveries"
    )
