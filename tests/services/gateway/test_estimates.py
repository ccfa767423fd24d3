"""How long it will take: the simple estimate, and its honest gaps."""

import pytest

from services.contract.jobs import ImageRequest, Job, Status
from services.contract.queues import Load, QueueLoad
from services.gateway import estimates

IDLE = QueueLoad(waiting=0, running=0, oldest_age=0.0, service_mean=0.0, workers=0)
BUSY = QueueLoad(waiting=5, running=1, oldest_age=9.0, service_mean=4.0, workers=2)
UNMEASURED = QueueLoad(waiting=1, running=0, oldest_age=1.0, service_mean=0.0, workers=1)


def load(stories: QueueLoad, images: QueueLoad) -> Load:
    """Both queues at the moment 100."""
    return Load(now=100.0, arrival_rate=0.1, queues={"stories": stories, "images": images})


def job(status: Status, started_at: float | None = None) -> Job:
    """An image job created at the moment 90."""
    return Job(
        id="0" * 32,
        kind="image",
        queue="images",
        status=status,
        priority="normal",
        request=ImageRequest(kind="image", prompt="x"),
        created_at=90.0,
        queued_at=90.0,
        started_at=started_at,
    )


@pytest.mark.parametrize(
    ("queue", "jobs", "seconds"),
    [(IDLE, 0, 0.0), (IDLE, 1, None), (BUSY, 6, 12.0), (BUSY, 1, 2.0), (UNMEASURED, 1, None)],
)
def test_jobs_over_workers_times_service(
    queue: QueueLoad, jobs: int, seconds: float | None
) -> None:
    assert estimates.until_done(queue, jobs) == seconds


def test_the_slower_queue_counts_and_an_unknown_one_makes_all_unknown() -> None:
    assert estimates.predicted_wait(load(IDLE, BUSY)) == 12.0
    assert estimates.predicted_wait(load(IDLE, IDLE)) == 0.0
    assert estimates.predicted_wait(load(UNMEASURED, BUSY)) is None


def test_a_waiting_job_waits_for_those_before_it_and_itself() -> None:
    assert estimates.eta(job(Status.QUEUED), load(IDLE, BUSY), 2) == (1 + 2 + 1) * 4.0 / 2


@pytest.mark.parametrize(("started", "seconds"), [(99.0, 3.0), (90.0, 0.0)])
def test_a_running_job_needs_what_is_left(started: float, seconds: float) -> None:
    assert estimates.eta(job(Status.RUNNING, started), load(IDLE, BUSY), None) == seconds


def test_those_that_run_share_their_workers() -> None:
    crowded = QueueLoad(waiting=0, running=6, oldest_age=9.0, service_mean=4.0, workers=2)
    assert estimates.eta(job(Status.RUNNING, 99.0), load(IDLE, crowded), None) == 6 * 4.0 / 2 - 1


def test_a_finished_job_has_no_estimate() -> None:
    assert estimates.eta(job(Status.SUCCEEDED, 95.0), load(IDLE, BUSY), None) is None


@pytest.mark.parametrize(("queue", "seconds"), [(BUSY, 2), (IDLE, 1), (UNMEASURED, 1)])
def test_a_place_comes_free_after_whole_seconds(queue: QueueLoad, seconds: int) -> None:
    assert estimates.place_free(queue) == seconds
