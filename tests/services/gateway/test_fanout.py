"""One reader for many streams: who listens gets everything after its position, once followed."""

from collections.abc import Iterator

import pytest
from redis import Redis

from services.contract import keys
from services.contract.connection import CLIENT_OPTIONS
from services.gateway.fanout import Fanout, Inbox, order, take
from services.gateway.follow import follow
from services.gateway.places import Places

JOB, OTHER = "0" * 32, "1" * 32


def add(redis: Redis, job_id: str, kind: str = "page") -> str:
    """One more event of a job."""
    return redis.xadd(keys.events(job_id), {"type": kind, "data": "{}"})


@pytest.fixture
def fanout(redis: Redis) -> Iterator[Fanout]:
    """A fan-out that ends with the test."""
    made = Fanout(redis)
    yield made
    made.stop()
    made.join()


def collect(inbox: Inbox, last: str) -> list[str]:
    """The ids that come, up to the last."""
    ids: list[str] = []
    while not ids or ids[-1] != last:
        event = take(inbox, 10)
        assert event is not None, f"{last} never came"
        ids.append(event.id)
    return ids


def test_a_listener_gets_what_is_there_and_what_comes(redis: Redis, fanout: Fanout) -> None:
    early = add(redis, JOB)
    with fanout.listen(JOB, "0-0") as inbox:
        assert collect(inbox, early) == [early]
        late = add(redis, JOB)
        assert collect(inbox, late) == [late]


def test_a_later_listener_misses_nothing_that_an_earlier_one_has_read(
    redis: Redis, fanout: Fanout
) -> None:
    ids = [add(redis, JOB) for _ in range(3)]
    with fanout.listen(JOB, "0-0") as first:
        collect(first, ids[-1])
        with fanout.listen(JOB, ids[0]) as second:
            assert collect(second, ids[-1])[-2:] == ids[1:]


def test_each_job_has_its_own_events(redis: Redis, fanout: Fanout) -> None:
    with fanout.listen(JOB, "0-0") as one, fanout.listen(OTHER, "0-0") as other:
        mine, theirs = add(redis, JOB), add(redis, OTHER)
        assert collect(one, mine) == [mine]
        assert collect(other, theirs) == [theirs]


def test_following_repeats_nothing_and_ends_with_the_job(redis: Redis, fanout: Fanout) -> None:
    ids = [add(redis, JOB), add(redis, JOB), add(redis, JOB, "succeeded")]
    with fanout.listen(JOB, "0-0") as other:
        collect(other, ids[-1])
        for position, rest in (("0-0", ids), (ids[0], ids[1:])):
            seen = [event.id for event in follow(fanout, JOB, position, lambda: False) if event]
            assert seen == rest


def test_following_ends_when_the_client_is_gone_or_the_gateway_stops(fanout: Fanout) -> None:
    assert list(follow(fanout, JOB, "0-0", lambda: True)) == []
    fanout.stop()
    assert list(follow(fanout, JOB, "0-0", lambda: False)) == []


def test_the_reader_outlives_an_outage(redis_url: str, redis: Redis) -> None:
    own = Redis.from_url(redis_url, **CLIENT_OPTIONS)
    fanout = Fanout(own)
    with fanout.listen(JOB, "0-0") as inbox:
        first = add(redis, JOB)
        collect(inbox, first)
        redis.client_kill_filter(_type="normal", skipme=True)
        second = add(redis, JOB)
        assert collect(inbox, second) == [second]
    fanout.stop()
    fanout.join()
    own.close()


def test_ids_are_ordered_as_numbers() -> None:
    assert order("9-0") < order("10-0") < order("10-2") < order("10-10")
    assert order("10") == order("10-0")


def test_places_are_counted_and_given_back_once() -> None:
    places = Places(2)
    first, second = places.take(), places.take()
    assert first is not None
    assert second is not None
    assert places.take() is None
    first.release()
    first.release()
    again = places.take()
    assert again is not None
    assert places.take() is None
