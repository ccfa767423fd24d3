"""Loops count by how near to a run they were, so that a machine that drifts is followed."""

import numpy as np
import pytest

from evidence.served import ClosedLoop, fit
from evidence.validation.nearby import BEYOND, NEAREST, tricube, weights
from tests.evidence.laws import planted_law

EVERY, ROUNDS = 70.0, 23
"""Seconds between the sets of loops beside runs, and how many runs there are."""
SETTINGS = ((25, 1), (25, 4), (3, 1), (3, 4))
"""Steps and pictures outstanding, in the order in which they are played, three seconds each."""
NOISE = 0.03


def test_weights_are_tricube_by_distance():
    """1, (1 - 1/8)³ at half of the way, and 0 at the end of it."""
    reach = BEYOND * 10.0

    found = weights([100.0 - reach / 2, 100.0, 110.0], 100.0)

    assert found == pytest.approx([(7 / 8) ** 3, 1.0, (1 - BEYOND**-3) ** 3])
    assert 0 < found[2] < 0.05


def test_only_the_nearest_have_a_weight():
    at = np.arange(100.0)

    found = weights(at.tolist(), 40.2)

    assert np.count_nonzero(found) == NEAREST
    assert found[29:52].all()
    assert np.argmax(found) == 40
    assert (np.diff(found[40:]) <= 0).all()


def test_one_whose_time_is_not_known_does_not_count():
    assert weights([None, 5.0, None], 5.0).tolist() == [0.0, 1.0, 0.0]
    assert weights([None, None], 5.0).tolist() == [0.0, 0.0]
    assert weights([], 5.0).tolist() == []


def test_at_no_distance_all_count_alike():
    assert tricube(np.zeros(3)).tolist() == [1.0, 1.0, 1.0]


def ramp(at):
    """A machine that becomes slower by a quarter in half an hour."""
    return 1 + 0.25 * at / (EVERY * ROUNDS)


def step(at):
    """One that is quicker by a fifth from the middle on."""
    return 1.0 if at < EVERY * (ROUNDS + 0.5) / 2 else 0.8


def _played(pace):
    """Loops before every run and after the last, each some per cent off; all of one law, with the
    seconds of that time."""
    law, chance = planted_law(), np.random.default_rng(11)
    return [
        _loop(law, *setting, EVERY * number + 3.0 * place, pace, chance.normal(1, NOISE))
        for number in range(ROUNDS + 1)
        for place, setting in enumerate(SETTINGS)
    ]


def _loop(law, steps, outstanding, at, pace, off):
    beside = (0.0,) * (outstanding - 1) + (1.0,)
    seconds = law.seconds(steps, outstanding) * pace(at) * off
    return ClosedLoop(steps, beside, (0.01,) * 3, (seconds,) * 3, at=at)


def _errors(pace, law_at, runs=range(ROUNDS)):
    """At the middle of each run: what a picture of each level takes, over the truth, less 1."""
    planted, found = planted_law(), []
    for moment in (EVERY * number + 40.0 for number in runs):
        law = law_at(moment)
        found += [law.seconds(n, b) / planted.seconds(n, b) / pace(moment) - 1 for n, b in SETTINGS]
    return np.array(found)


@pytest.mark.parametrize(("pace", "beside"), [(ramp, ()), (step, (10, 11, 12))])
def test_a_machine_that_drifts_is_followed(pace, beside):
    """Where one law of all loops is off by a tenth. A run just beside a step is left out: the loops
    on either side of it differ, and it is no nearer than their mean."""
    loops, runs = _played(pace), [number for number in range(ROUNDS) if number not in beside]
    times, whole = [each.at for each in loops], fit(loops, 8)

    near = np.abs(_errors(pace, lambda moment: fit(loops, 8, weights(times, moment)), runs))
    once = np.abs(_errors(pace, lambda _: whole, runs))

    assert np.median(near) < 0.015
    assert near.max() < 0.05
    assert np.median(once) > 3 * np.median(near)
    assert once.max() > 0.1


def test_loops_on_both_sides_leave_no_lag_behind_a_ramp():
    """Those before alone, which a forecast has, are half of their reach too old."""
    loops = _played(ramp)
    times = [each.at for each in loops]

    def both(moment):
        return fit(loops, 8, weights(times, moment))

    def before(moment):
        return fit(loops, 8, weights([at if at < moment else None for at in times], moment))

    lag = _errors(ramp, before, range(6, ROUNDS)).mean()
    assert lag < -0.015
    assert abs(_errors(ramp, both, range(6, ROUNDS)).mean()) < abs(lag) / 2
