"""The queue as Prometheus sees it, read from Redis at each scrape."""

from collections.abc import Iterator
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from services.contract import keys, queues
from services.contract import level as levels
from services.contract.policy import PolicyState
from services.contract.queues import Load
from services.gateway.failures import OUTAGES

_QUEUE_GAUGES = (
    ("jobs_waiting", "Jobs that no worker has claimed.", "waiting"),
    ("jobs_running", "Jobs that a worker holds.", "running"),
    ("oldest_age_seconds", "Seconds that the oldest waiting job has waited.", "oldest_age"),
    ("service_seconds_mean", "Mean service time of the latest jobs.", "service_mean"),
    ("workers", "Workers seen in the last seconds.", "workers"),
)


class QueueCollector(Collector):
    """Depth, ages, rates, workers, level, and jobs finished."""

    def __init__(self, redis: Any) -> None:
        self._redis = redis

    def collect(self) -> Iterator[Metric]:
        """The metrics now; `storyteller_redis_up` 0 and no other while Redis is away."""
        try:
            load, state = queues.load(self._redis), levels.read(self._redis)
            totals = self._redis.hgetall(keys.TOTALS)
        except OUTAGES:
            yield _gauge("redis_up", "1 while Redis answers.", 0)
            return
        yield _gauge("redis_up", "1 while Redis answers.", 1)
        yield from load_metrics(load)
        yield from level_metrics(state)
        yield total_metric(totals)


def _gauge(name: str, help_text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"storyteller_{name}", help_text, value=value)


def load_metrics(load: Load) -> Iterator[Metric]:
    """What is outstanding, in all and by queue."""
    yield _gauge("depth", "Accepted jobs that are not finished.", load.depth)
    yield _gauge("arrival_rate", "Jobs a second over the last minute.", load.arrival_rate)
    for name, help_text, attribute in _QUEUE_GAUGES:
        family = GaugeMetricFamily(f"storyteller_{name}", help_text, labels=("queue",))
        for queue, figures in load.queues.items():
            family.add_metric((queue,), getattr(figures, attribute))
        yield family


def level_metrics(state: PolicyState | None) -> Iterator[Metric]:
    """The level in force; nothing before the first."""
    if state is not None:
        yield _gauge("level_index", "The level in force; 0 is the best.", state.index)
        yield _gauge("policy_version", "Changes of level so far.", state.version)


def total_metric(totals: dict[str, str]) -> Metric:
    """Jobs finished, from `kind:status` counters."""
    family = CounterMetricFamily(
        "storyteller_jobs_finished", "Jobs that have ended.", labels=("kind", "status")
    )
    for name, count in totals.items():
        family.add_metric(name.split(":"), int(count))
    return family
