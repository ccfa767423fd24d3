"""Figures of synthetic records whose answers are known."""

import random
from statistics import NormalDist

import pytest

from loadgen import metrics
from loadgen.metrics import Goal
from loadgen.record import Record


def done(number: int, response: float, *, level: str = "fast", **changed: object) -> Record:
    """A request due at `number` seconds and done `response` later, half of that its service."""
    fields = {
        "number": number,
        "kind": "image",
        "due": float(number),
        "sent": number + 0.001,
        "accepted": number + 0.002,
        "started": number + response / 2,
        "finished": number + response,
        "status": "succeeded",
        "level": level,
    }
    return Record(**fields | changed)


MISSED = {"status": "rejected", "accepted": None, "started": None, "finished": None, "level": None}
RECORDS = [
    done(0, 1.0),
    done(1, 2.0, level="quality"),
    done(2, 3.0),
    done(3, 9.0),
    done(4, 0.0, **MISSED),
    done(5, 0.0, **MISSED | {"status": "timeout", "accepted": 5.1}),
    done(6, 500.0, warmup=True),
]


def test_the_summary_counts_everything_once() -> None:
    found = metrics.summary(RECORDS, (50, 95), Goal(3.0))
    counts = ("sent", "accepted", "succeeded", "failed", "rejected", "timeout")
    assert [found[name] for name in counts] == [6, 5, 4, 0, 1, 1]
    assert found["e2e"] == pytest.approx({"mean": 3.75, "p50": 2.5, "p95": 8.1})
    assert found["wait"]["mean"] == found["service"]["mean"] == pytest.approx(3.75 / 2)
    assert found["duration_seconds"] == 12.0
    assert found["level_shares"] == {"fast": 0.75, "quality": 0.25}
    assert found["lag_p99"] == pytest.approx(0.001)


def test_whatever_is_not_done_in_time_misses_the_goal() -> None:
    found = metrics.summary(RECORDS, (50,), Goal(3.0))
    assert found["goal_met"] == pytest.approx(3 / 6)
    assert found["goodput"] == pytest.approx(3 / 12)
    assert metrics.summary(RECORDS)["goodput"] == pytest.approx(4 / 12)


def test_quality_counts_only_where_it_is_in_time() -> None:
    worth = {"fast": 80.0, "quality": 90.0}
    counted = metrics.measured(RECORDS)
    found = metrics.quality_weighted_goodput(counted, Goal(3.0), worth)
    assert found == pytest.approx((80 + 90 + 80) / 12)
    with pytest.raises(KeyError, match="quality"):
        metrics.quality_weighted_goodput(counted, None, {"fast": 80.0})


def test_no_records_are_no_reason_to_fail() -> None:
    found = metrics.summary([])
    assert (found["sent"], found["e2e"], found["goodput"], found["lag_p99"]) == (0, {}, 0.0, None)


def test_the_interval_of_a_mean_is_that_of_theory() -> None:
    chance = random.Random(3)
    values = [chance.gauss(10, 2) for _ in range(400)]
    found = metrics.estimate(values, metrics.mean)
    half = NormalDist().inv_cdf(0.975) * 2 / 400**0.5
    assert found.high - found.low == pytest.approx(2 * half, rel=0.2)
    assert found.low < found.value < found.high


def test_percentiles_are_interpolated() -> None:
    assert metrics.percentile([1, 2, 3, 4], 50) == 2.5
    assert metrics.percentile([1, 2, 3, 4], 100) == 4
    assert metrics.percentile([7], 99) == 7
