"""Who was beside whom in a closed loop, by its records."""

import numpy as np
import pytest

from controller.queueing.refusal import BadInput
from evidence.loops import beside, closed_loop
from loadgen.record import Record


def _picture(number: int, sent: float, finished: float, **others: object) -> Record:
    known = {"status": "succeeded", "started": sent + 0.1, "steps": 25} | others
    return Record(number, "image", 0.0, sent=sent, finished=finished, **known)


def test_time_is_told_by_how_many_others_there_were() -> None:
    """Of 7 seconds that three pictures took, four were spent beside another."""
    sent, finished = np.array([0.0, 1.0, 10.0]), np.array([4.0, 3.0, 11.0])

    assert beside(sent, finished, sent, finished) == pytest.approx([3 / 7, 4 / 7])


def test_a_warm_up_is_company_and_nothing_else() -> None:
    records = [_picture(0, 0.0, 2.0, warmup=True), _picture(1, 1.0, 3.0), _picture(2, 3.0, 4.0)]

    loop = closed_loop(records)

    assert loop.steps == 25
    assert loop.seconds == (2.0, 1.0)
    assert loop.before == pytest.approx((0.1, 0.1))
    assert loop.beside == pytest.approx((2 / 3, 1 / 3))
    assert loop.company == pytest.approx(1 / 3)


def test_the_middle_of_a_loop_is_between_the_first_and_the_last_that_count() -> None:
    records = [
        _picture(0, 0.0, 2.0, warmup=True),
        _picture(1, 1.0, 3.0, level="even"),
        _picture(2, 3.0, 6.0, level="even"),
    ]

    assert closed_loop(records, 1000.0).at == pytest.approx(1003.5)
    assert closed_loop(records).at is None
    assert closed_loop(records).level == "even"
    assert closed_loop([*records, _picture(3, 6.0, 7.0, level="other")]).level is None


def test_what_failed_counts_in_nothing() -> None:
    records = [_picture(0, 0.0, 2.0), _picture(1, 0.0, 2.0, status="failed")]

    assert closed_loop(records).company == 0


@pytest.mark.parametrize("records", [[], [_picture(0, 0, 1), _picture(1, 0, 1, steps=3)]])
def test_no_picture_or_several_kinds_of_picture_are_refused(records: list[Record]) -> None:
    with pytest.raises(BadInput, match="one number of steps"):
        closed_loop(records)
