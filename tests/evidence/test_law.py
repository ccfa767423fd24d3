"""The law of a picture, alone and served, recovered from what it would have produced."""

from heapq import heappop, heappush
from itertools import count

import numpy as np
import pytest

from controller.queueing.refusal import BadInput
from evidence.law import EngineLaw, offline
from evidence.served import ClosedLoop, fit, response
from services.contract.profile import Interval, Timing

APART, FINISHING, TAU0, TAU1 = 0.01, 0.03, 0.010, 0.003
PLANTED = (FINISHING, TAU0, TAU1)


def _timing(steps: int, batch: int, noise: np.random.Generator) -> Timing:
    seconds = batch * FINISHING + steps * (TAU0 + TAU1 * batch)
    repeats = tuple(seconds * noise.normal(1, 0.02, 9))
    return Timing(queue="images", setting={}, steps=steps, batch=batch, seconds=repeats)


def _profile() -> list[Timing]:
    noise = np.random.default_rng(1)
    return [_timing(steps, batch, noise) for steps in (10, 25) for batch in (1, 2, 4, 8)]


def _loop(steps: int, company: float) -> ClosedLoop:
    law = np.array(PLANTED)
    seconds = response(law, APART, np.array([float(steps)]), np.array([company]))
    return ClosedLoop(steps, company, (APART,) * 5, (float(seconds[0]),) * 5)


LOOPS = [_loop(steps, company) for steps in (3, 25, 100) for company in (0.0, 2.5, 6.5)]


def _law() -> EngineLaw:
    values = [Interval(value=each, low=each, high=each) for each in (APART, *PLANTED)]
    return EngineLaw(*values, cap=8, observations=1)


def test_a_profile_gives_the_law_it_was_made_with() -> None:
    law = offline(_profile(), cap=8)

    for found, planted in zip((law.finishing, law.tau0, law.tau1), PLANTED, strict=True):
        assert found.low <= planted <= found.high
        assert found.value == pytest.approx(planted, rel=0.1)


def test_closed_loops_give_the_law_they_were_made_with() -> None:
    law = fit(LOOPS, cap=8)

    found = (law.finishing.value, law.tau0.value, law.tau1.value)
    assert found == pytest.approx(PLANTED, rel=1e-3)
    assert law.apart.value == pytest.approx(APART)


def test_what_the_mean_value_argument_says_of_two_stations_a_simulation_says_too() -> None:
    """8 pictures for ever, 10 steps each: within a tenth, as for any two stations of its kind."""
    simulated = _simulated(outstanding=8, steps=10, pictures=4000)
    predicted = response(np.array(PLANTED), APART, np.array([10.0]), np.array([7.0]))

    assert predicted[0] == pytest.approx(simulated, rel=0.1)


def test_pictures_that_leave_the_engine_together_end_one_after_the_other() -> None:
    ends = _law().ends(np.array([1.0, 5.0, 1.0, 1.04]))

    after = np.array([1, 5, 1 + FINISHING, 1 + 2 * FINISHING])
    assert ends == pytest.approx(after + FINISHING + APART)


def test_a_coefficient_that_would_be_negative_is_none() -> None:
    loops = [ClosedLoop(n, c, (0.0,), (0.01 * n,)) for n in (3, 25) for c in (0.0, 5.0)]

    law = fit(loops, cap=8)

    assert law.finishing.value == pytest.approx(0, abs=1e-4)
    assert law.tau1.value == pytest.approx(0, abs=1e-4)
    assert law.tau0.value == pytest.approx(0.01, rel=0.02)


@pytest.mark.parametrize(
    ("loops", "told"),
    [
        (LOOPS[:3], "differ in their steps"),
        ([LOOPS[0], LOOPS[3], LOOPS[6]], "differ in their company"),
        ([LOOPS[0], LOOPS[1], LOOPS[3]], "take four"),
        ([*LOOPS, ClosedLoop(3, 15.0, (0.1,), (1.0,))], "step together"),
        ([*LOOPS, ClosedLoop(3, 7.0, (), ())], "what failed"),
    ],
)
def test_loops_that_tell_too_little_are_refused(loops: list[ClosedLoop], told: str) -> None:
    with pytest.raises(BadInput, match=told):
        fit(loops, cap=8)


def test_a_profile_of_one_batch_size_is_refused() -> None:
    with pytest.raises(BadInput, match="--batches"):
        offline([each for each in _profile() if each.batch == 1], cap=8)


def _simulated(outstanding: int, steps: int, pictures: int) -> float:
    """Mean seconds a picture, step by step: the engine, then finishing, then the next one."""
    arriving = [(0.001 * each, each) for each in range(outstanding)]
    order, free, now, taken = count(outstanding), 0.0, 0.0, []
    inside: dict[int, tuple[int, float]] = {}
    while len(taken) < pictures:
        while arriving and (arriving[0][0] <= now or not inside):
            sent, who = heappop(arriving)
            now, inside[who] = max(now, sent + APART), (steps, sent)
        now += TAU0 + TAU1 * len(inside)
        inside = {who: (left - 1, sent) for who, (left, sent) in inside.items()}
        for who in [who for who, (left, _) in inside.items() if not left]:
            _, sent = inside.pop(who)
            free = max(free, now) + FINISHING
            taken.append(free - sent)
            heappush(arriving, (free, next(order)))
    return float(np.mean(taken[pictures // 10 :]))
