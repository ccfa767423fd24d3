"""How long it will take: by the live model, and without it by jobs, shares and workers."""

import pytest

from services.contract.forecast import Forecast
from services.contract.jobs import Queue, Status
from services.contract.level import resolve
from services.contract.queues import QueueLoad
from services.gateway import estimates
from tests.services.gateway.expecting import (
    NOTHING,
    POLICY,
    TOGETHER,
    expected,
    forecast,
    outstanding,
    request,
    running,
    waiting,
)

BUSY = outstanding(5, 1, service_mean=4.0, workers=2)
UNMEASURED = outstanding(1)
SIX = {"images": outstanding(5, 1)}


@pytest.mark.parametrize(
    ("queue", "seconds"),
    [
        (NOTHING, 0.0),
        (BUSY, 6 * 4 / 2),
        (outstanding(0, 1, service_mean=4.0, workers=2), 4.0),
        (UNMEASURED, None),
    ],
)
def test_without_a_model_jobs_over_workers_times_share(
    queue: QueueLoad, seconds: float | None
) -> None:
    assert estimates.until_drained(expected({"images": queue}).queues["images"]) == seconds


def test_the_slower_queue_counts_and_an_unknown_one_makes_all_unknown() -> None:
    assert estimates.predicted_wait(expected({"images": BUSY})) == 12.0
    assert estimates.predicted_wait(expected({})) == 0.0
    assert estimates.predicted_wait(expected({"images": BUSY, "stories": UNMEASURED})) is None


def test_a_model_of_one_queue_leaves_the_other_to_its_shares() -> None:
    loads = {"stories": BUSY, "images": outstanding(2, 1, service_mean=50.0)}
    outlook = expected(loads, {"images": forecast(7.0)})
    waits = [estimates.until_drained(outlook.queues[name]) for name in ("stories", "images")]
    assert waits == [12.0, pytest.approx(3 * 7.0)]
    assert estimates.predicted_wait(outlook) == pytest.approx(21.0)


def test_a_waiting_job_waits_for_those_before_it_and_itself() -> None:
    assert estimates.eta(waiting(), expected({"images": BUSY}), 2) == (1 + 2 + 1) * 4.0 / 2
    modelled = expected({"images": BUSY}, {"images": forecast(7.0)})
    assert estimates.eta(waiting(), modelled, 2) == pytest.approx((1 + 2 + 1) * 7.0)


@pytest.mark.parametrize(
    ("in_force", "asked", "seconds"),
    [
        (0, "auto", 4 * 9.0),
        (2, "auto", 4 * 1.0),
        (0, "fast", 3 * 9.0 + 1.0),
        (2, "quality", 3 * 1.0 + 9.0),
    ],
)
def test_a_job_waits_at_the_level_in_force_and_is_done_at_its_own(
    in_force: int, asked: str, seconds: float
) -> None:
    model = forecast(9.0, 3.0, 1.0).model_copy(update={"level": in_force})
    outlook = expected(SIX, {"images": model})
    assert estimates.eta(waiting(level=asked), outlook, 2) == pytest.approx(seconds)


def test_a_level_that_the_model_does_not_know_counts_as_the_one_in_force() -> None:
    outlook = expected(SIX, {"images": forecast(9.0)})
    assert estimates.eta(waiting(level="fast"), outlook, 2) == pytest.approx(4 * 9.0)


def test_several_pictures_are_as_many_jobs_that_come_together() -> None:
    alone = expected({"images": outstanding(1)}, {"images": forecast(2.0, law=TOGETHER)})
    assert estimates.eta(waiting(count=1), alone, 0) == 2.0
    assert estimates.eta(waiting(count=4), alone, 0) == 4 * 2.0


def test_those_ahead_count_by_their_pictures() -> None:
    """Six jobs, 24 pictures in all: two jobs go before this one, and one runs."""
    sets = {"images": outstanding(5, 1, sisters=18)}
    found = expected(sets, {"images": forecast(2.0)})
    assert estimates.eta(waiting(count=4), found, 2) == pytest.approx((3 * 4 + 4) * 2.0)
    assert estimates.newcomer(found, request("image")).mean == pytest.approx((24 + 1) * 2.0)
    assert estimates.until_drained(found.queues["images"]) == pytest.approx(24 * 2.0)
    assert estimates.place_free(found, "images") == 4 * 2


def test_books_that_only_wait_for_pictures_are_not_ahead() -> None:
    """Eight books are drawn, and nobody writes."""
    found = expected({"stories": outstanding(0, 8, drawing=8)}, {"stories": forecast(3.0)})
    assert estimates.newcomer(found, request("story")).mean == pytest.approx(3.0)
    assert estimates.until_drained(found.queues["stories"]) == 0.0
    assert estimates.eta(waiting("story"), found, 0) == pytest.approx(3.0)
    one_writes = expected({"stories": outstanding(0, 9, drawing=8)}, {"stories": forecast(3.0)})
    assert estimates.eta(running(1.0, "story"), one_writes, None) == pytest.approx(3.0)


def test_a_newcomer_goes_before_those_of_lower_priority() -> None:
    load = outstanding(5, 1).model_copy(update={"by_priority": {"high": 1, "normal": 1, "low": 3}})
    outlook = expected({"images": load}, {"images": forecast(2.0)})
    means = [
        estimates.newcomer(outlook, request("image", priority=priority)).mean
        for priority in ("high", "normal", "low")
    ]
    assert means == pytest.approx([2.0 * 3, 2.0 * 4, 2.0 * 7])


@pytest.mark.parametrize(("spent", "seconds"), [(1.0, 3.0), (10.0, 0.0)])
def test_without_a_model_a_running_job_needs_what_is_left(spent: float, seconds: float) -> None:
    assert estimates.eta(running(spent), expected({"images": BUSY}), None) == seconds


@pytest.mark.parametrize(("spent", "seconds"), [(0.0, 8.0), (2.0, 6.0), (7.0, 2.0), (99.0, 2.0)])
def test_an_overdue_job_is_told_what_its_spread_says(spent: float, seconds: float) -> None:
    outlook = expected({"images": outstanding(0, 1)}, {"images": forecast(8.0, scv=0.25)})
    assert estimates.eta(running(spent), outlook, None) == pytest.approx(seconds)


def test_a_running_job_has_the_pace_of_the_level_it_got() -> None:
    outlook = expected({"images": outstanding(0, 1)}, {"images": forecast(9.0, 3.0, 1.0)})
    applied = resolve("fast", None, POLICY, "balanced", 0.0)
    job = running(0.0).model_copy(update={"level": applied})
    assert estimates.eta(job, outlook, None) == pytest.approx(1.0)


def test_those_that_run_share_their_workers() -> None:
    crowded = {"images": outstanding(0, 6, service_mean=4.0, workers=2)}
    assert estimates.eta(running(1.0), expected(crowded), None) == 6 * 4.0 / 2 - 1
    model = {"images": forecast(2.0, law=TOGETHER, scv=0.0)}
    assert estimates.eta(running(1.0), expected(crowded, model), None) == 6 * 2.0 - 1


@pytest.mark.parametrize("status", [Status.SUCCEEDED, Status.FAILED, Status.CANCELLED])
def test_a_finished_job_has_no_estimate(status: Status) -> None:
    job = running(5.0).model_copy(update={"status": status, "finished_at": 99.0})
    assert estimates.eta(job, expected({"images": BUSY}), None) is None


def test_nothing_is_told_before_a_job_was_measured() -> None:
    outlook = expected({"images": outstanding(1, 1)})
    assert estimates.eta(waiting(), outlook, 0) is None
    assert estimates.eta(running(1.0), outlook, None) is None
    assert estimates.newcomer(outlook, request("image")) is None


@pytest.mark.parametrize(
    ("loads", "model", "seconds"),
    [
        ({"images": BUSY}, None, 2),
        ({"images": UNMEASURED}, None, 1),
        ({}, None, 1),
        ({"images": outstanding(5, 1)}, forecast(6.5), 7),
        ({"images": outstanding(0, 3)}, forecast(6.5, law=TOGETHER), 7),
        ({"images": outstanding(5, 1)}, forecast(0.01), 1),
    ],
)
def test_a_place_comes_free_with_the_next_departure(
    loads: dict[Queue, QueueLoad], model: Forecast | None, seconds: int
) -> None:
    assert estimates.place_free(expected(loads, {"images": model}), None) == seconds


def test_any_queue_may_free_a_place_unless_one_is_named() -> None:
    loads = {"images": outstanding(1, 1), "stories": outstanding(1, 1)}
    outlook = expected(loads, {"images": forecast(30.0), "stories": forecast(15.0)})
    assert estimates.place_free(outlook, None) == 10
    assert estimates.place_free(outlook, "images") == 30
    assert estimates.place_free(outlook, "images", 3) == 90


@pytest.mark.parametrize(
    ("arrivals", "seconds"), [(0.0, 12), (0.25, 24), (0.5, 12), (0.6, 12), (0.4999, 3600)]
)
def test_the_work_ahead_shrinks_by_what_does_not_arrive(arrivals: float, seconds: int) -> None:
    """The one worker does half a job a second."""
    model = {"images": forecast(2.0, arrivals=arrivals)}
    found = estimates.until_meetable(expected(SIX, model), request("image"), 12.0)
    assert found == seconds


def test_a_book_waits_for_the_busier_queue() -> None:
    models = {"stories": forecast(2.0, arrivals=0.1), "images": forecast(2.0, arrivals=0.25)}
    assert estimates.until_meetable(expected(SIX, models), request("storybook"), 12.0) == 24
