"""Who gets a place, and who waits."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.waiting import wait_until
from worker.places import Places

DEADLINE = 30


class Stop(Exception):
    """What interrupts a wait in these tests."""


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as threads:
        yield threads


def _never() -> None:
    return None


def test_the_lowest_rank_comes_first_and_then_who_waited_longest(pool: ThreadPoolExecutor) -> None:
    places, came = Places(1), []

    def take(name: str, rank: int) -> None:
        with places.taken(rank, _never):
            came.append(name)

    with places.taken(0, _never):
        waiting = []
        for name, rank in (("low", 2), ("first", 1), ("second", 1), ("high", 0), ("third", 1)):
            waiting.append(pool.submit(take, name, rank))
            wait_until(lambda: len(places._waiting) == len(waiting), "it waits")
        assert came == []
    for future in waiting:
        future.result(DEADLINE)
    assert came == ["high", "first", "second", "third", "low"]


def test_as_many_have_a_place_as_there_are(pool: ThreadPoolExecutor) -> None:
    places, go_on, inside = Places(3), threading.Event(), []

    def take(number: int) -> None:
        with places.taken(1, _never):
            inside.append(number)
            go_on.wait(DEADLINE)

    futures = [pool.submit(take, number) for number in range(4)]
    wait_until(lambda: len(inside) == 3 and len(places._waiting) == 1, "three are in, one waits")
    go_on.set()
    for future in futures:
        future.result(DEADLINE)
    assert len(inside) == 4


def test_whoever_is_interrupted_leaves_the_queue_to_the_others(pool: ThreadPoolExecutor) -> None:
    places, stop = Places(1), threading.Event()

    def give_up() -> None:
        with places.taken(0, lambda: Stop() if stop.is_set() else None):
            raise AssertionError("no place was free")

    def take() -> str:
        with places.taken(2, _never):
            return "taken"

    with places.taken(0, _never):
        first = pool.submit(give_up)
        wait_until(lambda: len(places._waiting) == 1, "the first waits")
        second = pool.submit(take)
        wait_until(lambda: len(places._waiting) == 2, "the second waits")
        stop.set()
        with pytest.raises(Stop):
            first.result(DEADLINE)
    assert second.result(DEADLINE) == "taken"


def test_a_place_is_free_again_after_a_failure() -> None:
    places = Places(1)
    for _ in range(2):
        with pytest.raises(Stop), places.taken(0, _never):
            raise Stop
