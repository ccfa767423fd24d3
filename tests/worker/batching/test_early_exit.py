"""The rules of early exit: when a picture is measured, and when it leaves."""

import math

import pytest

from services.contract.ladder import EarlyExit
from worker.batching.early_exit import Plateau, due, leaves, stride

CHANGE = EarlyExit(by="relative-change", threshold=0.05, minimum_steps=5)
INFORMATION = EarlyExit(by="mutual-information", threshold=0.9, minimum_steps=5)
CLIP = EarlyExit(by="clip-score", threshold=0.5, minimum_steps=5)


@pytest.mark.parametrize("rule", [CHANGE, INFORMATION, CLIP])
def test_nothing_is_measured_before_the_minimum_nor_after_the_last_step(rule: EarlyExit) -> None:
    assert [step for step in range(1, 9) if due(rule, step, 8)] == [5, 6, 7]


def test_a_plan_no_longer_than_the_minimum_runs_through() -> None:
    assert not any(due(CHANGE, step, 5) for step in range(1, 6))


@pytest.mark.parametrize(
    ("rule", "stays", "goes"),
    [(CHANGE, 0.05, 0.049), (INFORMATION, 0.9, 0.91), (CLIP, 0.5, -3.0)],
    ids=["change", "information", "clip"],
)
def test_what_has_settled_leaves(rule: EarlyExit, stays: float, goes: float) -> None:
    assert not leaves(rule, stays)
    assert leaves(rule, goes)


@pytest.mark.parametrize("rule", [CHANGE, INFORMATION, CLIP])
def test_a_measure_that_is_no_number_lets_nobody_go(rule: EarlyExit) -> None:
    assert not leaves(rule, math.nan)


@pytest.mark.parametrize(("steps", "between"), [(8, 4), (40, 4), (41, 5), (100, 10), (1000, 100)])
def test_clip_is_asked_every_few_steps_and_some_ten_times_at_most(steps: int, between: int) -> None:
    assert stride(steps) == between


def looks(scores: list[float], steps: int) -> list[tuple[int, float]]:
    """(step, rise) of each look at a picture that scores `scores` in turn."""
    plateau, seen = None, []
    for step in range(1, steps + 1):
        if due(CLIP, step, steps, plateau):
            before = plateau or Plateau()
            seen.append((step, before.rise(scores[len(seen)])))
            plateau = before.seen(scores[len(seen) - 1], step)
    return seen


def test_a_rise_is_counted_from_the_best_score_so_far() -> None:
    assert looks([60.0, 70.0, 65.0, 70.25], 20) == [
        (5, math.inf),
        (9, 10.0),
        (13, -5.0),
        (17, 0.25),
    ]


def test_the_first_look_never_lets_a_picture_go() -> None:
    [(_, rise), *_] = looks([0.0] * 4, 20)
    assert not leaves(CLIP, rise)
