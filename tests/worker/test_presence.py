"""A worker's signs of life, and what it leaves behind, on a real Redis."""

import logging
import threading

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from services.contract import dispatch, keys, queues, sizes
from services.contract.jobs import Job
from services.contract.sizes import Sizes
from tests.services.contract.making import accept, state
from tests.waiting import wait_until
from worker.artifacts import Shelf
from worker.presence import HANGING_SECONDS, Presence

NOBODY = Redis(port=1, retry=Retry(NoBackoff(), 0))


@pytest.fixture
def make(redis, tmp_path):
    """Makes presences; their sweepers end with the test."""
    made = []

    def one(rule="shared", **more):
        options = {"redis": redis, "shelf": Shelf(tmp_path)} | more
        made.append(Presence(queue="images", name="w", rule=rule, **options))
        return made[-1]

    yield one
    for presence in made:
        presence.leave(lambda _job: None)


def _stations(redis):
    return redis.zrange(keys.stations("images"), 0, -1)


def test_a_worker_of_the_shared_queue_only_checks_in(redis, make):
    presence = make()
    presence.open()
    presence.tell()
    assert queues.live_workers(redis, "images") == {"w"}
    assert _stations(redis) == []

    presence.close()
    assert queues.live_workers(redis, "images") == set()


def test_a_worker_tells_what_it_draws_while_it_takes_jobs(redis, make):
    drawn = Sizes(multiple=16, minimum=32)
    presence = make(draws=drawn)
    presence.open()
    assert sizes.known(redis) is None
    presence.tell()
    assert sizes.known(redis) == drawn
    assert 0 < redis.ttl(keys.sizes("w")) <= queues.WORKER_HORIZON_SECONDS

    presence.close()
    assert sizes.known(redis) is None


def test_a_station_is_known_before_its_first_ticket_and_chosen_once_it_checked_in(redis, make):
    presence = make("jsq")
    presence.open()
    job = state(redis, accept(redis))
    assert (_stations(redis), dispatch.assign(redis, job)) == (["w"], "")

    presence.tell()
    assert dispatch.assign(redis, job) == "w"


def test_a_station_that_stops_is_chosen_no_more_and_hands_on_what_waits(redis, make):
    presence, published = make("jsq"), []
    presence.open()
    presence.tell()
    job = state(redis, accept(redis))
    dispatch.assign(redis, job)

    presence.close()
    assert dispatch.assign(redis, state(redis, accept(redis))) == ""
    presence.leave(published.append)
    assert [each.id for each in published] == [job.id]
    assert dispatch.outstanding(redis, "w") == 0


def test_nothing_is_handed_on_to_the_worker_that_leaves(redis, make):
    presence = make("jsq")
    presence.open()
    presence.tell()
    dispatch.assign(redis, state(redis, accept(redis)))

    chosen: list[str] = []
    presence.leave(lambda job: chosen.append(dispatch.assign(redis, job)))
    assert chosen == [""]


def test_a_worker_of_the_shared_queue_hands_nothing_on(redis, make):
    published: list[Job] = []
    accept(redis)
    make().leave(published.append)
    assert published == []


@pytest.mark.parametrize("moment", ["opens", "leaves"])
def test_a_station_does_without_redis_for_a_moment(make, caplog, moment):
    presence = make("jsq", redis=NOBODY)
    with caplog.at_level(logging.WARNING):
        presence.open() if moment == "opens" else presence.leave(lambda _job: None)
    assert "the controller sets it right" in caplog.text


def test_a_worker_that_hangs_checks_out_until_it_moves_again(redis, make, caplog, monkeypatch):
    monkeypatch.setattr("worker.presence.CHECK_IN_SECONDS", 0.0)
    presence = make("jsq")
    presence.open()
    presence.tell(HANGING_SECONDS - 1)
    dispatch.assign(redis, state(redis, accept(redis)))
    assert dispatch.abandoned(redis, "images") == []

    for _ in range(3):
        presence.tell(HANGING_SECONDS + 1)
    assert queues.live_workers(redis, "images") == set()
    assert dispatch.abandoned(redis, "images") == ["w"], "the controller moves what waits there"
    assert caplog.text.count("nothing has moved for 181 s") == 1

    presence.tell(0.0)
    assert queues.live_workers(redis, "images") == {"w"}
    assert "it moves again" in caplog.text


class Endless(Shelf):
    """A shelf that takes for ever to sweep, unless it is told to stop."""

    def __init__(self, folder):
        super().__init__(folder)
        self.begun, self.ended = threading.Event(), threading.Event()

    def sweep(self, redis, over=lambda: False):
        """Until it is over."""
        self.begun.set()
        wait_until(over, "the sweep is over")
        self.ended.set()
        return 0


def test_a_sweep_is_over_when_the_worker_has_left(make, tmp_path):
    shelf = Endless(tmp_path)
    presence = make(shelf=shelf)
    presence.open()
    presence.tell()
    assert shelf.begun.wait(10)
    assert not shelf.ended.is_set()

    presence.leave(lambda _job: None)
    assert shelf.ended.is_set()
    assert "sweeper" not in [thread.name for thread in threading.enumerate()]
