"""The shares of jobs done at once add up to the time that the worker was busy."""

import pytest

from worker.sharing import Sharing


class Clock:
    """A clock that moves when told to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_jobs_done_at_once_share_the_time() -> None:
    clock = Clock()
    sharing = Sharing(clock)
    with sharing.part() as first:
        clock.now += 4  # alone
        with sharing.part() as second:
            clock.now += 6  # both
            assert second() == pytest.approx((3, 6))
        clock.now += 1
        assert first() == pytest.approx((4 + 3 + 1, 4 + 6 + 1))
    clock.now += 50  # idle
    with sharing.part() as later:
        clock.now += 2
        assert later() == pytest.approx((2, 2))


def test_a_job_that_fails_leaves_too() -> None:
    clock = Clock()
    sharing = Sharing(clock)
    with pytest.raises(ZeroDivisionError), sharing.part():
        raise ZeroDivisionError
    with sharing.part() as alone:
        clock.now += 2
        assert alone() == pytest.approx((2, 2))
