"""The law of a picture, alone and served, recovered from what it would have produced."""

import numpy as np
import pytest

from controller.queueing.refusal import BadInput
from evidence.law import PictureLaw, offline
from evidence.loops import closed_loop
from evidence.served import ClosedLoop, fit
from loadgen.record import Record
from services.contract.profile import Timing
from tests.evidence.laws import (
    BEFORE,
    LOOPS,
    NAMES,
    PLANTED,
    always_beside,
    planted_law,
    planted_loops,
    values,
)

FINISHING, TAU0, TAU1 = 0.03, 0.010, 0.003


def _timing(steps: int, batch: int, noise: np.random.Generator) -> Timing:
    seconds = batch * FINISHING + steps * (TAU0 + TAU1 * batch)
    repeats = tuple(seconds * noise.normal(1, 0.02, 9))
    return Timing(queue="images", setting={}, steps=steps, batch=batch, seconds=repeats)


def _profile() -> list[Timing]:
    noise = np.random.default_rng(1)
    return [_timing(steps, batch, noise) for steps in (10, 25) for batch in (1, 2, 4, 8)]


def test_a_profile_gives_the_law_it_was_made_with() -> None:
    law = offline(_profile(), cap=8)

    planted = (0.0, FINISHING, TAU0, TAU1)
    for name, each in zip(NAMES, planted, strict=True):
        found = getattr(law, name)
        assert found.low <= each <= found.high
        assert found.value == pytest.approx(each, rel=0.1, abs=1e-9)
    assert law.before.value == 0


def test_a_worker_kept_full_gets_done_what_pictures_submitted_together_do() -> None:
    law = offline(_profile(), cap=8)

    until_the_last = 25 * (TAU0 + TAU1 * 6) + FINISHING * 6

    assert law.seconds(25, 6) == pytest.approx(until_the_last, rel=0.03)
    assert law.crowding(3) > law.crowding(100)


@pytest.mark.parametrize("held", [None, *range(4)])
def test_closed_loops_give_the_law_they_were_made_with(held: int | None) -> None:
    """Also where one of its coefficients is none."""
    planted = tuple(0.0 if place == held else each for place, each in enumerate(PLANTED))

    law = fit(planted_loops(planted), cap=8)

    assert values(law) == pytest.approx(planted, rel=1e-6, abs=1e-9)
    assert law.before.value == pytest.approx(BEFORE)
    assert (law.cap, law.observations) == (8, 9)


@pytest.mark.parametrize("pause", [0.0, 0.08])
def test_loops_of_the_station_itself_give_its_law(pause: float) -> None:
    """With a pause before the next request company varies, which the mean number would mistake."""
    chance = np.random.default_rng(7)
    planted = planted_law()
    loops = [
        closed_loop(_played(planted, steps, outstanding, pause, chance))
        for steps in (3, 25)
        for outstanding in (1, 3, 6)
    ]

    law = fit(loops, cap=8)

    for steps in (3, 25):
        assert law.seconds(steps, 1) == pytest.approx(planted.seconds(steps, 1), rel=0.01)
        assert law.crowding(steps) == pytest.approx(planted.crowding(steps), rel=0.03)


def _played(
    law: PictureLaw, steps: int, outstanding: int, pause: float, chance: np.random.Generator
) -> list[Record]:
    """600 pictures of a closed loop: processor sharing, and an exponential pause for each."""
    alone, crowding = law.seconds(steps, 1), law.crowding(steps)
    waking = [(float(chance.uniform(0, 0.2)), place) for place in range(outstanding)]
    now, sent, left, records = 0.0, {}, {}, []
    while len(records) < 600:
        slowdown = 1 + crowding * (len(left) - 1)
        first = min(left, key=left.get, default=None)
        ends = np.inf if first is None else now + left[first] * slowdown
        wakes, who = min(waking, default=(np.inf, None))
        then = min(ends, wakes)
        left = {place: work - (then - now) / slowdown for place, work in left.items()}
        now = then
        if wakes < ends:
            waking.remove((wakes, who))
            sent[who], left[who] = now, alone * chance.uniform(0.9, 1.1)
        else:
            del left[first]
            records.append(_record(len(records), steps, sent[first], now))
            waking.append((now + pause * float(chance.exponential()), first))
    return records


def _record(number: int, steps: int, sent: float, now: float) -> Record:
    known = {"started": sent + BEFORE, "finished": now, "status": "succeeded", "steps": steps}
    return Record(number, "image", sent, sent=sent, **known)


def test_a_coefficient_that_would_be_negative_is_none() -> None:
    """Company makes these quicker, which no law of this form has."""
    loops = [
        ClosedLoop(n, always_beside(c), (0.0,), (0.01 * n / (1 + c / 50),))
        for n in (3, 25)
        for c in (0, 2, 5)
    ]

    law = fit(loops, cap=8)

    assert (law.phi1.value, law.tau1.value) == (0, 0)
    assert law.phi1.low == law.tau1.low == 0
    assert law.tau0.value == pytest.approx(0.01, rel=0.06)


def test_nineteen_intervals_of_twenty_hold_the_seconds_of_a_picture_alone() -> None:
    """Of a level between those that were measured, too."""
    law, seeds = planted_law(), range(300)

    for steps in (3, 50):
        known = [
            fit(planted_loops(PLANTED, noise=0.01, seed=seed), 8).alone(steps) for seed in seeds
        ]
        held = [each.low <= law.seconds(steps, 1) <= each.high for each in known]
        assert np.mean(held) == pytest.approx(0.95, abs=0.035)


def test_crowding_is_what_each_other_adds_to_a_picture_alone() -> None:
    law = planted_law()

    for steps in (3, 100):
        slowdown = law.seconds(steps, 5) / law.seconds(steps, 1)
        assert slowdown == pytest.approx(1 + 4 * law.crowding(steps))
    assert law.crowding(3) > law.batch.crowding > 0


def test_what_is_done_one_by_one_is_crowded_by_its_whole_time_and_no_more() -> None:
    serial = planted_law((0.0, 0.01, 0.0, 0.003))

    assert all(serial.crowding(steps) == pytest.approx(1) for steps in range(1, 101))
    assert all(serial.crowding(steps) <= 1 for steps in range(1, 101))


@pytest.mark.parametrize(
    ("loops", "told"),
    [
        (LOOPS[:3], "differ in their steps"),
        ([LOOPS[0], LOOPS[3], LOOPS[6]], "differ in their company"),
        (LOOPS[:4], "take 5"),
        ([*LOOPS, ClosedLoop(3, always_beside(15), (0.1,), (1.0,))], "step together"),
        ([*LOOPS, ClosedLoop(3, always_beside(7), (), ())], "what failed"),
        (planted_loops((0.05, 0.01, 0.0, 0.0)), "whatever their steps"),
    ],
)
def test_loops_that_tell_too_little_are_refused(loops: list[ClosedLoop], told: str) -> None:
    with pytest.raises(BadInput, match=told):
        fit(loops, cap=8)


def test_a_profile_of_one_batch_size_is_refused() -> None:
    with pytest.raises(BadInput, match="--batches"):
        offline([each for each in _profile() if each.batch == 1], cap=8)
