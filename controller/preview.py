"""What a controller would do now, for a person to read; nothing is changed."""

from typing import Any

from redis import Redis

from controller import lost
from controller.forecasting import models
from controller.model import QueueModel, Thresholds, fixed_thresholds, in_force
from controller.observe import Observation, observe
from controller.planning import planner, watched_for
from controller.ruling import considered
from controller.terms import Terms
from services.contract import forecast, jobs, keys, samples
from services.contract.forecast import Forecast, response
from services.contract.jobs import Queue


def preview(redis: Redis, terms: Terms) -> dict[str, Any]:
    """The load, the level in force, the level that it calls for and why, and what is to mend."""
    seen = observe(redis)
    now = seen.load.now
    made = models(terms.policy, terms.profile, terms.settings)
    return {
        "queues": {
            queue: _would_be(seen, queue, terms, _predicted(redis, seen, queue, terms, made[queue]))
            for queue in jobs.QUEUES
        },
        "expired_leases": sum(
            redis.zcount(keys.running(queue), "-inf", now) for queue in jobs.QUEUES
        ),
        "lost_tickets": sum(len(lost.lost_tickets(redis, queue, now)) for queue in jobs.QUEUES),
        "stale_deliveries": len(lost.stale_deliveries(redis)),
    }


def _predicted(
    redis: Redis, seen: Observation, queue: Queue, terms: Terms, model: QueueModel
) -> Forecast | None:
    """By what jobs took; arrivals are those that the leader published."""
    model = model.learned(samples.after(redis, queue))
    level = in_force(seen.states[queue], len(terms.policy.levels))
    found = model.forecast(seen.load.queues[queue], seen.load.now, level)
    if found is None:
        return None
    latest = forecast.read(redis, queue)
    if latest is not None:
        found = found.model_copy(update={"arrivals": latest.arrivals})
    thresholds = _thresholds(seen, queue, terms, found, latest)
    return found.model_copy(update=thresholds._asdict())


def _thresholds(
    seen: Observation, queue: Queue, terms: Terms, found: Forecast, latest: Forecast | None
) -> Thresholds:
    """Those of the rules, or those that the leader planned; where no leader did, planned here."""
    ruled = seen.ruled(terms.policy, terms.profile)
    planning = planner(ruled, queue, terms.profile)
    if planning is None:
        return fixed_thresholds(ruled.rules_of(queue))
    resumed = planning.resume(latest) if latest else None
    if resumed is not None:
        return resumed
    known = latest.arrivals if latest else watched_for(seen.load)
    made = planning.once(found.model_copy(update={"arrivals": known}))
    return made.chosen if made else fixed_thresholds(ruled.rules_of(queue))


def _would_be(
    seen: Observation, queue: Queue, terms: Terms, found: Forecast | None
) -> dict[str, Any]:
    decision = considered(seen, queue, terms, found)
    load, state = seen.load.queues[queue], seen.states[queue]
    return {
        "depth": load.depth,
        "workload": load.workload,
        "oldest_age_seconds": round(load.oldest_age, 3),
        "level": state.level.name if state else None,
        "would_be": terms.policy.names[decision.index],
        "reason": decision.reason,
        "rules": seen.ruled(terms.policy, terms.profile).rules_of(queue).kind,
        "forecast": found and _shown(found, load.workload, terms.policy.names),
    }


def _shown(found: Forecast, ahead: int, names: tuple[str, ...]) -> dict[str, Any]:
    return {
        "arrivals": found.arrivals.model_dump(),
        "workers": found.workers,
        "together": found.law.cap,
        "thresholds": list(found.thresholds),
        "climb": list(found.climb),
        "levels": [
            {"name": name, **_level(found, index, ahead)} for index, name in enumerate(names)
        ],
    }


def _level(found: Forecast, index: int, ahead: int) -> dict[str, float | None]:
    """Seconds: of a job alone, and from acceptance to end of one that came now; `crowding`, by
    which share each other job in the worker lengthens the first, where there may be any."""
    pace, took, law = found.paces[index], response(found, index, ahead), found.law
    return {
        "service_seconds": pace.seconds,
        "service_error_seconds": pace.error * pace.seconds,
        "crowding": law.crowded(pace.crowding).crowding if law.cap > 1 else None,
        "mean_response_seconds": took.mean,
        "p95_response_seconds": took.percentile(95),
    }


def sentence(found: dict[str, Any]) -> str:
    """The same in prose: a line for each queue and each of its levels, and what is to mend."""
    lines = [line for queue, each in found["queues"].items() for line in _lines(queue, each)]
    mending = (
        f"{found['expired_leases']} expired leases, {found['lost_tickets']} lost tickets, "
        f"{found['stale_deliveries']} stale deliveries"
    )
    return "\n".join((*lines, mending))


def _lines(queue: str, each: dict[str, Any]) -> list[str]:
    decided = (
        f"{queue}: depth {each['depth']}, oldest {each['oldest_age_seconds']:.1f} s: "
        f"level {each['level']} -> {each['would_be']} ({each['reason']})"
    )
    found = each["forecast"]
    if found is None:
        return [decided, f"  {each['rules']}; no job was seen yet, so nothing is predicted"]
    return [decided, _rules_line(each["rules"], found), *map(_level_line, found["levels"])]


def _rules_line(kind: str, found: dict[str, Any]) -> str:
    rate = found["arrivals"]
    arrivals = (
        f"{rate['value']:.3g} ± {rate['error']:.2g} arrivals a second"
        if rate["error"]
        else "arrivals unknown: no controller leads"
    )
    depths = f"; left at {found['thresholds']}, regained at {found['climb']}"
    return f"  {kind}{depths if found['thresholds'] else ''}; {arrivals}"


def _level_line(level: dict[str, Any]) -> str:
    share = level["crowding"]
    company = "" if share is None else f", {share:.1%} more for each other in its worker"
    return (
        f"  {level['name']}: {level['service_seconds']:.3g} ± "
        f"{level['service_error_seconds']:.2g} s a job alone{company}; one that came now would "
        f"take {level['mean_response_seconds']:.3g} s, p95 {level['p95_response_seconds']:.3g} s"
    )
