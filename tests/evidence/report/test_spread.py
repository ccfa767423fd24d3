"""How evenly pictures were spread, from planted records, counted by hand."""

from dataclasses import replace

import numpy as np
import pytest

from evidence.report.sources import spread
from evidence.report.sources.spread import Work
from loadgen.record import Record
from tests.evidence.report import studies

ONE, OTHER = "image-worker-1", "image-worker-2"


def begun(number: int, started: float, finished: float, worker: str | None) -> Record:
    """Due when it was begun."""
    return studies.record(number, started, finished - started, started=started, worker=worker)


BY_HAND = [
    begun(0, 0.0, 10.0, ONE),  # both are idle
    begun(1, 1.0, 4.0, ONE),  # 1 here, 0 there: the busier
    begun(2, 2.0, 6.0, OTHER),  # 0 here, 2 there
    begun(3, 3.0, 5.0, OTHER),  # 1 here, 2 there
    begun(4, 4.5, 8.0, OTHER),  # 2 here, 1 there: the busier
    begun(5, 7.0, 9.0, ONE),  # 1 here, 1 there
    begun(6, 8.0, 8.5, OTHER),  # one ends as it begins: 0 here, 2 there
]


def by_hand() -> Work:
    work = spread.of_records(list(reversed(BY_HAND)))
    assert work is not None
    return work


def test_who_joined_the_busier_worker_is_counted_by_what_was_under_way() -> None:
    assert spread.excess(by_hand()).tolist() == [0, 1, -2, -1, 1, 0, -2]


def test_the_busier_worker_is_that_with_more_than_the_least_busy_other() -> None:
    three = [begun(0, 0.0, 9.0, "a"), begun(1, 1.0, 9.0, "b"), begun(2, 2.0, 3.0, "c")]
    work = spread.of_records([*three, begun(3, 4.0, 9.0, "b")])
    assert work is not None
    assert spread.excess(work).tolist() == [0, -0, -1, 1]


def test_a_picture_without_an_end_stays_under_way() -> None:
    lost = replace(BY_HAND[0], finished=None, status="timeout")
    work = spread.of_records([lost, *BY_HAND[1:]])
    assert work is not None
    assert spread.excess(work).tolist() == [0, 1, -2, -1, 1, 0, -2]
    own, _ = spread.company(work)
    assert len(own) == len(BY_HAND) - 1


def test_the_difference_under_way_is_averaged_over_time() -> None:
    """1, 2, 1, 0, 1, 2, 1, 0, 1 from 0 to 8: changes at 1, 2, 3, 4, 4.5, 5, 6 and 7."""
    seconds = (1, 1, 1, 1, 0.5, 0.5, 1, 1, 1)
    heights = (1, 2, 1, 0, 1, 2, 1, 0, 1)
    assert spread.apart(by_hand(), 1)[0] == pytest.approx(np.dot(seconds, heights) / 8)
    assert spread.apart(by_hand(), 8)[:4].tolist() == pytest.approx([1, 2, 1, 0])


def test_company_is_averaged_over_a_pictures_own_time() -> None:
    own, other = spread.company(by_hand())
    assert own[0] == pytest.approx((3 + 2) / 10)
    assert other[0] == pytest.approx((4 + 2 + 3.5 + 0.5) / 10)
    assert (own[2], other[2]) == pytest.approx(((2 + 1.5) / 4, (4 + 2) / 4))


@pytest.mark.parametrize(
    "records",
    [
        [],
        [begun(0, 0.0, 1.0, ONE), begun(1, 0.5, 1.0, ONE)],
        [begun(0, 0.0, 1.0, None), begun(1, 0.5, 1.0, None)],
        [*BY_HAND, begun(7, 9.0, 9.5, None)],
    ],
)
def test_without_every_pictures_worker_nothing_is_known(records: list[Record]) -> None:
    assert spread.of_records(records) is None
