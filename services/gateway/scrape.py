"""The queue as Prometheus sees it, read from Redis at each scrape."""

from collections.abc import Iterator, Mapping
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from services.contract import calibration, keys
from services.contract import level as levels
from services.contract.jobs import QUEUES, Queue
from services.contract.policy import Policy, PolicyState
from services.contract.queues import Load
from services.gateway import estimates, outlook
from services.gateway.failures import OUTAGES
from services.gateway.outlook import Outlook

_QUEUE_GAUGES = (
    ("jobs_waiting", "Jobs that no worker has claimed.", "waiting"),
    ("jobs_running", "Jobs that a worker holds.", "running"),
    ("oldest_age_seconds", "Seconds that the oldest waiting job has waited.", "oldest_age"),
    ("service_seconds_mean", "Mean share of the latest stories or pictures.", "service_mean"),
    ("workers", "Workers seen in the last seconds.", "workers"),
)


_CALIBRATION_GAUGES = (
    ("eta_ratio_median", "Actual over predicted response time.", "median_ratio"),
    ("eta_relative_error_mean", "|predicted - actual|/actual.", "mean_relative_error"),
    ("eta_within_quarter", "Share of estimates within a quarter.", "within_quarter"),
)


class QueueCollector(Collector):
    """Depth, ages, rates, workers, levels, estimates, and jobs finished."""

    def __init__(self, redis: Any, policy: Policy, fallback: str) -> None:
        self._redis, self._policy, self._fallback = redis, policy, fallback

    def collect(self) -> Iterator[Metric]:
        """The metrics now; `storyteller_redis_up` 0 and no other while Redis is away."""
        try:
            found = list(self._read())
        except OUTAGES:
            yield _gauge("redis_up", "1 while Redis answers.", 0)
            return
        yield _gauge("redis_up", "1 while Redis answers.", 1)
        yield from found

    def _read(self) -> Iterator[Metric]:
        expected = outlook.read(self._redis, self._policy, self._fallback)
        yield from load_metrics(expected.load)
        yield from level_metrics({queue: levels.read(self._redis, queue) for queue in QUEUES})
        yield from outlook_metrics(expected)
        told = {queue: calibration.read(self._redis, queue) for queue in QUEUES}
        for name, help_text, attribute in _CALIBRATION_GAUGES:
            yield _by_queue(name, help_text, _each(attribute, told))
        yield total_metric(self._redis.hgetall(keys.TOTALS))


def _gauge(name: str, help_text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"storyteller_{name}", help_text, value=value)


def _by_queue(name: str, help_text: str, values: dict[Queue, float | None]) -> Metric:
    """One value a queue; none for a queue of which nothing is known."""
    family = GaugeMetricFamily(f"storyteller_{name}", help_text, labels=("queue",))
    for queue, value in values.items():
        if value is not None:
            family.add_metric((queue,), value)
    return family


def _each(attribute: str, figures: Mapping[Queue, Any]) -> dict[Queue, float | None]:
    return {queue: getattr(each, attribute, None) for queue, each in figures.items()}


def load_metrics(load: Load) -> Iterator[Metric]:
    """What is outstanding, in all and by queue."""
    yield _gauge("depth", "Accepted jobs that are not finished.", load.depth)
    yield _gauge("arrival_rate", "Jobs a second over the last minute.", load.arrival_rate)
    for name, help_text, attribute in _QUEUE_GAUGES:
        yield _by_queue(name, help_text, _each(attribute, load.queues))


def level_metrics(states: dict[Queue, PolicyState | None]) -> Iterator[Metric]:
    """The levels in force; nothing of a queue before its first."""
    yield _by_queue("level_index", "The level in force; 0 is the best.", _each("index", states))
    yield _by_queue("policy_version", "Changes of level so far.", _each("version", states))


def outlook_metrics(expected: Outlook) -> Iterator[Metric]:
    """What is predicted: waits, and with a live model the arrival rate and its error."""
    waits = {queue: estimates.until_drained(each) for queue, each in expected.queues.items()}
    yield _by_queue("predicted_wait_seconds", "Until everything outstanding is done.", waits)
    models = {queue: each.forecast for queue, each in expected.queues.items()}
    rates = {queue: model.arrivals for queue, model in models.items() if model}
    values, errors = _each("value", rates), _each("error", rates)
    yield _by_queue(
        "estimated_arrival_rate", "Stories or pictures a second, by the live model.", values
    )
    yield _by_queue("estimated_arrival_rate_error", "Standard error of that rate.", errors)


def total_metric(totals: dict[str, str]) -> Metric:
    """Jobs finished, from `kind:status` counters."""
    family = CounterMetricFamily(
        "storyteller_jobs_finished", "Jobs that have ended.", labels=("kind", "status")
    )
    for name, count in totals.items():
        family.add_metric(name.split(":"), int(count))
    return family
