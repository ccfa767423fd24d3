"""A book over the real job layer: what each strategy orders when, and what becomes of a book
whose attempts or pictures end otherwise than well."""

import threading
from itertools import pairwise
from typing import get_args

import pytest

from services.contract import events, keys, queues, samples
from services.contract.jobs import TERMINAL, Status
from services.contract.ladder import Strategy
from tests.services.contract.making import EXPIRED, cancel, claim, reclaim, state
from tests.waiting import wait_until
from tests.worker.press import (
    CAPTIONS,
    LEVEL,
    TEXT_SECONDS,
    TEXT_SHARE,
    Dictation,
    Pause,
    Press,
    after_pictures,
    dies_before,
    story,
    waits_before,
)
from worker.children import Pictures
from worker.claims import Claim
from worker.interruptions import Cancelled, LeaseLost

STORY = story(*CAPTIONS)
OTHER_END = story(CAPTIONS[0], CAPTIONS[1], "a fox on the beach")
STRATEGIES = get_args(Strategy)
WITH_THE_TEXT = ("pipelined", "autoregressive")


@pytest.mark.parametrize(
    ("strategy", "order"),
    [
        ("sequential", "pppwododod"),
        ("parallel", "pppwoooddd"),
        ("pipelined", "popdopdowd"),
        ("autoregressive", "popdopdowd"),
    ],
)
def test_a_strategy_says_when_pictures_are_ordered(press: Press, strategy: str, order: str) -> None:
    book = press.order(strategy=strategy)
    made = press.attempt(book, Dictation(STORY, after_pictures))
    press.draw_all(made)
    assert made.result()
    assert press.order_of_events(book) == order
    done = state(press.redis, book)
    assert done.status is Status.SUCCEEDED
    assert (done.result["strategy"], done.result["strategy_reason"]) == (
        strategy,
        "the request names it",
    )


@pytest.mark.parametrize(
    ("strategy", "order"), [("pipelined", "popopowddd"), ("autoregressive", "poppwdodod")]
)
def test_text_does_not_wait_for_pictures(press: Press, strategy: str, order: str) -> None:
    book = press.order(strategy=strategy)
    made = press.attempt(book, Dictation(STORY))
    wait_until(lambda: press.told(book, "written"), "the text is complete")
    press.draw_all(made)
    assert press.order_of_events(book) == order


def test_the_level_names_the_strategy_where_the_request_does_not(press: Press) -> None:
    book = press.order()
    press.draw_all(press.attempt(book, Dictation(STORY)))
    result = state(press.redis, book).result
    assert result["strategy"] == "pipelined"
    assert result["strategy_reason"] == "the level quality names it"


def test_each_picture_of_a_chain_starts_from_the_one_before(press: Press) -> None:
    book = press.order(strategy="autoregressive")
    press.draw_all(press.attempt(book, Dictation(STORY)))
    pictures = press.ordered(book, 3)
    assert [picture.request.start_from for picture in pictures] == [
        None,
        *(picture.id for picture in pictures[:-1]),
    ]
    for before, after in pairwise(pictures):
        assert after.created_at >= before.finished_at


def test_the_result_says_how_long_the_first_picture_took(press: Press) -> None:
    book = press.order(strategy="pipelined")
    press.draw_all(press.attempt(book, Dictation(STORY, after_pictures)))
    done = state(press.redis, book)
    first = state(press.redis, done.result["pictures"][0]["job"])
    expected = first.finished_at - done.started_at
    assert done.result["first_picture_seconds"] == pytest.approx(expected, abs=1e-3)
    assert 0 < expected <= done.finished_at - done.started_at


@pytest.mark.parametrize("strategy", WITH_THE_TEXT)
def test_a_death_in_the_text_draws_nothing_twice(press: Press, strategy: str) -> None:
    book = press.order(strategy=strategy)
    press.die(book, Dictation(STORY, after_pictures, dies_before(3)), drawn=2)
    before = press.ordered(book, 2)
    press.draw_all(press.attempt(book, Dictation(STORY)))
    done = state(press.redis, book)
    bound = [picture["job"] for picture in done.result["pictures"]]
    assert bound[:2] == [picture.id for picture in before]
    assert [state(press.redis, job_id).attempts for job_id in bound] == [1, 1, 1]
    assert press.redis.scard(keys.children(book)) == 3
    assert done.result["first_picture_seconds"] == 0


@pytest.mark.parametrize("strategy", WITH_THE_TEXT)
def test_a_picture_of_a_text_that_was_lost_is_cancelled_and_never_bound(
    press: Press, strategy: str
) -> None:
    book = press.order(strategy=strategy)
    longer = story(*CAPTIONS, "a fox in a room")
    press.die(book, Dictation(longer, dies_before(4), after_pictures), drawn=2)
    first, second, stale = press.ordered(book, 3)
    made = press.attempt(book, Dictation(OTHER_END))
    wait_until(lambda: press.told(book, "written"), "the second text is complete")
    wait_until(lambda: state(press.redis, stale.id).finished, "the stale picture ends")
    assert state(press.redis, stale.id).status is Status.CANCELLED
    press.draw_all(made)
    bound = [picture["job"] for picture in state(press.redis, book).result["pictures"]]
    assert bound[:2] == [first.id, second.id]
    assert state(press.redis, bound[2]).request.prompt.startswith("a fox on the beach")


def test_a_text_that_was_finished_is_not_written_again(press: Press) -> None:
    book = press.order(strategy="parallel", seed=5)
    held = press.begin(book, Dictation(STORY))
    press.ordered(book, 3)
    assert reclaim(press.redis) == [book]
    press.draw_all(press.attempt(book, desk=None))
    done = state(press.redis, book)
    assert [picture["seed"] for picture in done.result["pictures"]] == [5, 6, 7]
    assert done.attempts == 2
    assert done.result["text_seconds"] == TEXT_SECONDS
    assert queues.load(press.redis).queues["stories"].service_mean == pytest.approx(TEXT_SHARE)
    assert isinstance(held.exception(20), LeaseLost)


def test_a_book_is_bound_once(press: Press) -> None:
    book = press.order(strategy="parallel")
    slow = press.begin(book, Dictation(STORY))
    press.ordered(book, 3)
    reclaim(press.redis)
    press.draw_all(press.attempt(book, Dictation(STORY)))
    assert isinstance(slow.exception(20), LeaseLost)
    types = [event.type for event in events.after(press.redis, book)]
    assert types.count("succeeded") == 1
    assert {file.path.split("/")[1] for file in state(press.redis, book).artifacts} == {"2"}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_worker_that_lost_the_book_orders_no_more_pictures(press: Press, strategy: str) -> None:
    book, pause = press.order(strategy=strategy), Pause(3)
    slow = press.begin(book, Dictation(STORY, pause))
    wait_until(lambda: len(press.told(book, "page")) == 2, "the worker stands still")
    reclaim(press.redis)
    made = press.attempt(book, Dictation(OTHER_END))
    wait_until(lambda: press.told(book, "written"), "the second text is complete")
    pause.go_on.set()
    # Between its two owners the book takes no pictures, which may be what the slow one hears first.
    assert isinstance(slow.exception(20), LeaseLost | Cancelled)
    press.draw_all(made)
    bound = {picture["job"] for picture in state(press.redis, book).result["pictures"]}
    assert press.redis.smembers(keys.children(book)) == bound


def test_a_worker_that_has_not_heard_yet_orders_none_either(press: Press) -> None:
    book = press.order(strategy="parallel")
    stale = Claim(press.redis, claim(press.redis, book, EXPIRED), threading.Event())
    reclaim(press.redis)
    with pytest.raises(LeaseLost):
        Pictures(stale, press.printer).collect(STORY)
    assert not press.redis.exists(keys.children(book))


def test_a_picture_that_expired_before_the_binding_says_what_to_raise(press: Press) -> None:
    book = press.order(strategy="parallel")
    made = press.attempt(book, Dictation(STORY))
    first = press.ordered(book, 3)[0].id
    press.draw(first)
    wait_until(lambda: press.told(book, "picture"), "the first picture is told")
    press.redis.delete(keys.job(first))
    press.draw_all(made)
    error = state(press.redis, book).error
    assert error.type == "PictureFailed"
    assert "1 of 3 pictures expired" in error.message
    assert "STORYTELLER_RETENTION_SECONDS" in error.message


def test_a_lost_picture_is_drawn_again_alone(press: Press) -> None:
    book = press.order(strategy="parallel")
    made = press.attempt(book, Dictation(STORY))
    lost = press.ordered(book, 3)[1].id
    claim(press.redis, lost, EXPIRED)
    assert reclaim(press.redis) == [lost]
    press.draw_all(made)
    done = state(press.redis, book)
    assert (done.status, done.attempts) == (Status.SUCCEEDED, 1)
    attempts = {job.id: job.attempts for job in press.ordered(book, 3)}
    assert attempts.pop(lost) == 2
    assert set(attempts.values()) == {1}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_cancelling_a_book_ends_its_pictures(press: Press, strategy: str) -> None:
    book = press.order(strategy=strategy)
    made = press.attempt(book, Dictation(STORY))
    press.draw(press.ordered(book, 1)[0].id)
    wait_until(lambda: press.told(book, "picture"), "the first picture is told")
    assert cancel(press.redis, book) == "cancelling"
    assert made.result(20)
    _check_ended(press, book, Status.CANCELLED)


@pytest.mark.parametrize("strategy", WITH_THE_TEXT)
def test_cancelling_a_book_in_its_text_ends_its_pictures(press: Press, strategy: str) -> None:
    book = press.order(strategy=strategy)
    made = press.attempt(book, Dictation(STORY, waits_before(2)))
    press.ordered(book, 1)
    cancel(press.redis, book)
    assert made.result(20)
    _check_ended(press, book, Status.CANCELLED)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_book_without_one_of_its_pictures_fails_and_ends_the_others(
    press: Press, strategy: str
) -> None:
    book = press.order(strategy=strategy)
    made = press.attempt(book, Dictation(STORY))
    failed = press.ordered(book, 1)[0].id
    press.fail(failed)
    assert made.result(20)
    _check_ended(press, book, Status.FAILED)
    error = state(press.redis, book).error
    assert error.type == "PictureFailed"
    assert failed in error.message
    assert "the ink ran out" in error.message


def test_a_picture_that_fails_ends_the_writing(press: Press) -> None:
    book = press.order(strategy="pipelined")

    def cue(_claim: object, page: object) -> None:
        if page.number == 2:
            press.fail(press.ordered(book, 1)[0].id)

    assert press.attempt(book, Dictation(STORY, cue)).result(20)
    assert press.order_of_events(book) == "pop"
    _check_ended(press, book, Status.FAILED)


def _check_ended(press: Press, book: str, status: Status) -> None:
    assert state(press.redis, book).status is status
    children = press.redis.smembers(keys.children(book))
    assert {state(press.redis, job_id).status for job_id in children} <= TERMINAL
    assert queues.load(press.redis).depth == 0


def test_a_book_whose_deadline_passes_says_so(press: Press) -> None:
    book = press.order(deadline_seconds=1.5)
    assert press.attempt(book, Dictation(STORY)).result(20)
    assert state(press.redis, book).error.type == "deadline"


def test_pictures_share_the_priority_to_which_their_book_has_risen(press: Press) -> None:
    book = press.order(priority="low")
    press.redis.hset(keys.job(book), "priority", "normal")
    press.draw_all(press.attempt(book, Dictation(STORY)))
    assert {picture.priority for picture in press.ordered(book, 3)} == {"normal"}


def test_a_book_that_waits_for_its_pictures_is_no_work_for_the_desk(press: Press) -> None:
    book = press.order(strategy="parallel")
    made = press.attempt(book, Dictation(STORY))
    press.ordered(book, len(CAPTIONS))
    load = queues.load(press.redis)
    assert (load.queues["stories"].depth, load.queues["stories"].workload) == (1, 0)
    assert load.queues["images"].workload == len(CAPTIONS)
    press.draw_all(made)
    (sample,) = samples.after(press.redis, "stories")
    assert sample.settings == LEVEL.level.story.digest
