"""The shares of jobs done at once add up to the time that the worker was busy."""

import pytest

from services.contract.transitions import Service
from worker.sharing import Sharing


class Clock:
    """A clock that moves when told to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def _times(service: Service) -> tuple[float, float]:
    return service.share, service.elapsed


def test_jobs_done_at_once_share_the_time() -> None:
    clock = Clock()
    sharing = Sharing(clock)
    with sharing.part() as first:
        clock.now += 4  # alone
        with sharing.part() as second:
            clock.now += 6  # both
            assert _times(second()) == pytest.approx((3, 6))
        clock.now += 1
        assert _times(first()) == pytest.approx((4 + 3 + 1, 4 + 6 + 1))
    clock.now += 50  # idle
    with sharing.part() as later:
        clock.now += 2
        assert _times(later()) == pytest.approx((2, 2))


def test_a_job_that_fails_leaves_too() -> None:
    clock = Clock()
    sharing = Sharing(clock)
    with pytest.raises(ZeroDivisionError), sharing.part():
        raise ZeroDivisionError
    with sharing.part() as alone:
        clock.now += 2
        assert _times(alone()) == pytest.approx((2, 2))


def test_a_job_of_several_pictures_has_as_many_parts() -> None:
    clock = Clock()
    sharing = Sharing(clock)
    with sharing.part(3) as three:
        clock.now += 4  # alone
        with sharing.part() as one:
            clock.now += 8  # both
            assert _times(one()) == pytest.approx((2, 8))
        assert _times(three()) == pytest.approx((4 + 6, 4 + 8))
