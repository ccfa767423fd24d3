"""A worker's signs of life, and what it leaves behind, on a real Redis."""

import logging

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from services.contract import dispatch, keys, queues, sizes
from services.contract.jobs import Job
from services.contract.sizes import Sizes
from tests.services.contract.making import accept, state
from worker.artifacts import Shelf
from worker.presence import Presence

NOBODY = Redis(port=1, retry=Retry(NoBackoff(), 0))


def _presence(redis, tmp_path, rule):
    return Presence(redis, "images", "w", Shelf(tmp_path), rule=rule)


def _stations(redis):
    return redis.zrange(keys.stations("images"), 0, -1)


def test_a_worker_of_the_shared_queue_only_checks_in(redis, tmp_path):
    presence = _presence(redis, tmp_path, "shared")
    presence.open()
    presence.tell()
    assert queues.live_workers(redis, "images") == {"w"}
    assert _stations(redis) == []

    presence.close()
    assert queues.live_workers(redis, "images") == set()


def test_a_worker_tells_what_it_draws_while_it_takes_jobs(redis, tmp_path):
    drawn = Sizes(multiple=16, minimum=32)
    presence = Presence(redis, "images", "w", Shelf(tmp_path), draws=drawn)
    presence.open()
    assert sizes.known(redis) is None
    presence.tell()
    assert sizes.known(redis) == drawn
    assert 0 < redis.ttl(keys.sizes("w")) <= queues.WORKER_HORIZON_SECONDS

    presence.close()
    assert sizes.known(redis) is None


def test_a_station_is_known_before_its_first_ticket_and_chosen_once_it_checked_in(redis, tmp_path):
    presence = _presence(redis, tmp_path, "jsq")
    presence.open()
    job = state(redis, accept(redis))
    assert (_stations(redis), dispatch.assign(redis, job)) == (["w"], "")

    presence.tell()
    assert dispatch.assign(redis, job) == "w"


def test_a_station_that_stops_is_chosen_no_more_and_hands_on_what_waits(redis, tmp_path):
    presence, published = _presence(redis, tmp_path, "jsq"), []
    presence.open()
    presence.tell()
    job = state(redis, accept(redis))
    dispatch.assign(redis, job)

    presence.close()
    assert dispatch.assign(redis, state(redis, accept(redis))) == ""
    presence.leave(published.append)
    assert [each.id for each in published] == [job.id]
    assert dispatch.outstanding(redis, "w") == 0


def test_nothing_is_handed_on_to_the_worker_that_leaves(redis, tmp_path):
    presence = _presence(redis, tmp_path, "jsq")
    presence.open()
    presence.tell()
    dispatch.assign(redis, state(redis, accept(redis)))

    chosen: list[str] = []
    presence.leave(lambda job: chosen.append(dispatch.assign(redis, job)))
    assert chosen == [""]


def test_a_worker_of_the_shared_queue_hands_nothing_on(redis, tmp_path):
    published: list[Job] = []
    accept(redis)
    _presence(redis, tmp_path, "shared").leave(published.append)
    assert published == []


@pytest.mark.parametrize("moment", ["opens", "leaves"])
def test_a_station_does_without_redis_for_a_moment(tmp_path, caplog, moment):
    presence = _presence(NOBODY, tmp_path, "jsq")
    with caplog.at_level(logging.WARNING):
        presence.open() if moment == "opens" else presence.leave(lambda _job: None)
    assert "the controller sets it right" in caplog.text
