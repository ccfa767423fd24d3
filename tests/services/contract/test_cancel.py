"""Cancelling: at once where the job waits, by request where it runs, with all its pictures."""

import pytest

from services.contract import events, keys, queues, transitions
from services.contract.jobs import Status
from services.contract.transitions import Hold
from tests.services.contract.making import (
    EXPIRED,
    LEASE,
    NOBODY,
    RETENTION,
    accept,
    cancel,
    claim,
    finish,
    reclaim,
    running,
    state,
)


def test_a_waiting_job_ends_at_once(redis):
    job_id = accept(redis)

    assert cancel(redis, job_id) == "cancelled"
    assert state(redis, job_id).status is Status.CANCELLED
    assert queues.load(redis).depth == 0
    assert claim(redis, job_id) is None


def test_a_running_job_is_asked_and_ends_itself(redis):
    job = running(redis)

    assert cancel(redis, job.id) == "cancelling"
    assert transitions.renew(redis, job, lease=LEASE) is Hold.CANCEL
    assert transitions.report(redis, job, "progress", {}) is Hold.CANCEL
    assert state(redis, job.id).cancel_requested
    assert finish(redis, job, Status.CANCELLED) is Hold.OK
    assert state(redis, job.id).status is Status.CANCELLED


@pytest.mark.parametrize("status", [Status.SUCCEEDED, Status.FAILED])
def test_a_finished_job_stays_as_it_is(redis, status):
    job = running(redis)
    finish(redis, job, status)

    assert cancel(redis, job.id) == "finished"
    assert state(redis, job.id).status is status


def test_an_unknown_job_is_unknown(redis):
    assert cancel(redis, NOBODY) == "unknown"
    assert redis.keys("*") == []


def test_a_cancelled_job_whose_owner_fell_silent_is_not_tried_again(redis):
    job = running(redis, lease=EXPIRED)
    cancel(redis, job.id)

    assert reclaim(redis) == []
    assert state(redis, job.id).status is Status.CANCELLED


def test_a_cancelled_job_that_is_handed_back_is_not_tried_again(redis):
    job = running(redis)
    cancel(redis, job.id)

    assert transitions.hand_back(redis, job, "stopping") is Hold.OK
    assert claim(redis, job.id) is None
    assert reclaim(redis) == []
    assert state(redis, job.id).status is Status.CANCELLED


def _book(redis):
    book = running(redis, "storybook")
    return book, accept(redis, parent=book.id), running(redis, parent=book.id)


def test_cancelling_a_book_reaches_its_pictures(redis):
    book, waiting, drawn = _book(redis)

    assert cancel(redis, book.id) == "cancelling"
    assert state(redis, waiting).status is Status.CANCELLED
    assert transitions.renew(redis, drawn, lease=LEASE) is Hold.CANCEL


def test_cancelling_a_requeued_book_reaches_its_running_pictures(redis):
    book = running(redis, "storybook", lease=EXPIRED)
    waiting, drawn = accept(redis, parent=book.id), running(redis, parent=book.id)
    assert reclaim(redis) == [book.id]

    assert cancel(redis, book.id) == "cancelled"
    assert state(redis, waiting).status is Status.CANCELLED
    assert transitions.renew(redis, drawn, lease=LEASE) is Hold.CANCEL


def test_a_book_that_fails_takes_its_pictures_with_it(redis):
    book, waiting, drawn = _book(redis)
    finish(redis, book, Status.FAILED)

    assert state(redis, waiting).status is Status.CANCELLED
    assert transitions.renew(redis, drawn, lease=LEASE) is Hold.CANCEL
    assert queues.load(redis).queues["images"].waiting == 0


def test_a_book_lost_for_good_takes_its_pictures_with_it(redis):
    book = running(redis, "storybook", lease=EXPIRED)
    child = accept(redis, parent=book.id)
    reclaim(redis, attempts=1)

    assert state(redis, book.id).status is Status.FAILED
    assert state(redis, child).status is Status.CANCELLED


def test_a_reclaimed_book_keeps_its_pictures(redis):
    book = running(redis, "storybook", lease=EXPIRED)
    child = accept(redis, parent=book.id)
    reclaim(redis)

    assert state(redis, child).status is Status.QUEUED
    assert claim(redis, book.id) is not None
    assert accept(redis, parent=book.id) != child
    assert redis.scard(keys.children(book.id)) == 2


def test_a_finished_picture_is_left_alone(redis):
    book, _, drawn = _book(redis)
    finish(redis, drawn)
    cancel(redis, book.id)

    assert state(redis, drawn.id).status is Status.SUCCEEDED
    assert [event.type for event in events.after(redis, drawn.id)][-1] == "succeeded"


def test_the_owner_of_a_book_may_drop_pictures_that_it_does_not_want(redis):
    book, waiting, drawn = _book(redis)
    wanted = accept(redis, parent=book.id)

    assert transitions.disown(redis, book, [wanted], retention=RETENTION) is Hold.OK
    assert state(redis, waiting).status is Status.CANCELLED
    assert transitions.renew(redis, drawn, lease=LEASE) is Hold.CANCEL
    assert state(redis, wanted).status is Status.QUEUED
    assert state(redis, book.id).status is Status.RUNNING


def test_whoever_lost_a_book_drops_none_of_its_pictures(redis):
    lost = running(redis, "storybook", lease=EXPIRED)
    child = accept(redis, parent=lost.id)
    reclaim(redis)
    claim(redis, lost.id)

    assert transitions.disown(redis, lost, [], retention=RETENTION) is Hold.LOST
    assert state(redis, child).status is Status.QUEUED
