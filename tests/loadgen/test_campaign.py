"""Which runs a sweep has, and where a policy gives way, on records with known answers."""

import pytest

from loadgen.campaign import Aim, cells, hopeless, in_time, knee, rates
from loadgen.intensity import BadLoad
from loadgen.metrics import Goal
from loadgen.policies import policies, policy
from loadgen.record import Record

FAST, FILE = policy("fixed:fast"), policy("file")
GOAL = Goal(10.0)


def run(good: int, late: int = 0, lost: int = 0) -> list[Record]:
    """So many requests within the goal, after it, and never answered."""
    ends = [5.0] * good + [50.0] * late + [None] * lost
    return [
        Record(n, "image", 0.0, finished=end, status="succeeded" if end else "timeout")
        for n, end in enumerate(ends)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.5:2:0.5", [0.5, 1.0, 1.5, 2.0]),
        ("0.1:0.3:0.1", [0.1, 0.2, 0.3]),
        ("1:2:3", [1.0]),
        ("3,1,1", [1.0, 3.0]),
    ],
)
def test_rates_are_as_written(text: str, expected: list[float]) -> None:
    assert rates(text) == expected


@pytest.mark.parametrize("text", ["", "0", "1,-1", "0:1:0.5", "1:2", "2:1:1", "1:2:0", "1,x", "inf",
                                  "1:9:0.001"])  # fmt: skip
def test_what_are_no_rates_is_refused(text: str) -> None:
    with pytest.raises(BadLoad, match="FIRST:LAST:STEP"):
        rates(text)


def test_runs_go_from_rate_to_rate_and_policies_take_turns() -> None:
    names = [cell.name for cell in cells([FILE, FAST], [0.5, 1], 2)]
    assert names[:4] == ["file-0.5-1", "fixed_fast-0.5-1", "file-0.5-2", "fixed_fast-0.5-2"]
    assert len(names) == 8
    assert names[4] == "file-1-1"


def test_policies_that_would_share_a_file_are_refused() -> None:
    with pytest.raises(BadLoad, match="same name"):
        cells(policies(["fixed:a:b,fixed:a_b"]), [1.0], 1)
    with pytest.raises(BadLoad, match="at least 1 repeat"):
        cells([FILE], [1.0], 0)


def test_what_is_late_or_lost_is_not_in_time() -> None:
    assert in_time(run(6, late=3, lost=1), GOAL) == pytest.approx(0.6)
    assert in_time([], GOAL) == 0.0


def test_the_knee_is_the_last_rate_that_holds_without_a_gap() -> None:
    good, bad = [run(96, late=4)], [run(94, lost=6)]
    found = {(FAST, rate): runs for rate, runs in ((1, good), (2, good), (3, bad), (4, good))}
    assert knee(found, FAST, Aim(GOAL)) == 2
    assert knee(found, FAST, Aim(GOAL, percent=94)) == 4
    assert knee({(FAST, 1): bad}, FAST, Aim(GOAL)) is None
    assert knee(found, FILE, Aim(GOAL)) is None


def test_one_bad_repeat_of_three_does_not_decide() -> None:
    good, bad = run(100), run(0, lost=100)
    assert Aim(GOAL).held([good, bad, good])
    assert not Aim(GOAL).held([bad, bad, good])


def test_a_policy_that_missed_most_is_hopeless_above_and_not_elsewhere() -> None:
    found = {(FAST, 2.0): [run(49, late=51)], (FILE, 2.0): [run(51, late=49)]}
    assert hopeless(found, FAST, 3.0, GOAL)
    assert not hopeless(found, FAST, 2.0, GOAL)
    assert not hopeless(found, FILE, 3.0, GOAL)
