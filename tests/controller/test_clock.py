"""The clock: paces, outages, failures."""

import logging
from itertools import pairwise

import pytest
from redis import ConnectionError as NoRedis

from controller.clock import BEAT_SECONDS, Chore, Clock
from services.contract.heartbeat import STALE_SECONDS


class Script:
    """An action that does, call by call, what it was told to."""

    def __init__(self, *outcomes):
        self.outcomes = list(outcomes)
        self.calls = 0

    def __call__(self):
        self.calls += 1
        outcome = self.outcomes.pop(0) if self.outcomes else None
        if outcome is not None:
            raise outcome


@pytest.fixture
def recoveries():
    return []


@pytest.fixture
def clock(recoveries):
    def make(*chores):
        return Clock(chores, beat=lambda: None, recovered=lambda: recoveries.append(1))

    return make


def test_each_chore_has_its_own_pace(clock):
    quick, slow = Script(), Script()
    made = clock(Chore("quick", 1, quick), Chore("slow", 3, slow))
    for now in range(10, 20):
        made.turn(now)

    assert (quick.calls, slow.calls) == (10, 4)


def test_a_late_chore_is_not_made_up_for(clock):
    action = Script()
    made = clock(Chore("x", 1, action))
    for now in (100, 200, 200.5):
        made.turn(now)

    assert action.calls == 2


def test_it_beats_and_works_until_told_to_stop():
    beats, action = [], Script()
    answers = iter([False, False, True])
    made = Clock([Chore("x", 1e-9, action)], beat=lambda: beats.append(1), recovered=lambda: None)
    waits = []
    made.run(lambda seconds: waits.append(seconds) or next(answers))

    assert action.calls == 3
    assert beats
    assert all(0 <= seconds <= 1 for seconds in waits)


def test_it_beats_as_often_as_a_health_check_asks_for_and_without_redis(monkeypatch):
    beats, now = [], iter(range(1000, 1100))
    monkeypatch.setattr("controller.clock.time.monotonic", lambda: float(next(now)))
    down = Chore("x", 1, Script(*[NoRedis("refused")] * 99))
    answers = iter([False] * 30 + [True])
    made = Clock([down], beat=lambda: beats.append(1), recovered=lambda: None)
    made.run(lambda _: next(answers))

    turns = 31 * 3 / BEAT_SECONDS
    assert turns - 1 <= len(beats) <= turns + 1
    assert BEAT_SECONDS < STALE_SECONDS / 3


def test_it_beats_between_chores_that_wait_long_for_redis(monkeypatch):
    now, beats, seconds = [1000.0], [], 6.0

    def unanswered():
        now[0] += seconds
        raise NoRedis("timed out")

    monkeypatch.setattr("controller.clock.time.monotonic", lambda: now[0])
    chores = [Chore(name, 1, unanswered) for name in "abcde"]
    answers = iter([False] * 3 + [True])
    made = Clock(chores, beat=lambda: beats.append(now[0]), recovered=lambda: None)
    made.run(lambda _: next(answers))

    assert len(beats) == 20
    assert max(after - before for before, after in pairwise(beats)) == seconds


def test_chores_share_their_wake_ups(clock):
    made = clock(Chore("quick", 0.25, Script()), Chore("slow", 1, Script()))
    now, wakes = 1000.1, []
    for _ in range(9):
        made.turn(now)
        wakes.append(min(chore.due for chore in made._chores))
        now = wakes[-1] + 0.003

    assert wakes == [1000.25 + 0.25 * number for number in range(9)]


def test_an_outage_is_told_once_and_its_end_once(clock, recoveries, caplog):
    caplog.set_level(logging.INFO)
    down = [NoRedis("refused")] * 5
    made = clock(Chore("a", 1, Script(*down)), Chore("b", 1, Script(*down)))
    for now in range(100, 110):
        made.turn(now)

    assert caplog.text.count("Redis does not answer") == 1
    assert caplog.text.count("Redis answers again") == 1
    assert len(recoveries) == 1


def test_a_second_outage_is_told_again(clock, recoveries, caplog):
    made = clock(Chore("a", 1, Script(NoRedis("x"), None, NoRedis("x"))))
    for now in range(100, 106):
        made.turn(now)

    assert caplog.text.count("Redis does not answer") == 2
    assert len(recoveries) == 2


def test_a_failure_is_told_once_and_does_not_stop_the_clock(clock, caplog):
    broken, sound = Script(*[ValueError("damaged record")] * 5), Script()
    made = clock(Chore("decide", 1, broken), Chore("reconcile", 1, sound))
    for now in range(100, 110):
        made.turn(now)

    assert caplog.text.count("cannot decide, trying again and again") == 1
    assert "damaged record" in caplog.text
    assert (broken.calls, sound.calls) == (10, 10)
