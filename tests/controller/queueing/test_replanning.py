"""Thresholds for the live controller: quick, and for any load."""

import subprocess
import sys
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from controller.model import Thresholds
from controller.occasion import NEARBY
from controller.queueing.levels.queue import LevelledQueue
from controller.queueing.planning.screening import Screen
from controller.queueing.planning.search import judge
from controller.queueing.planning.thresholds import require_thresholds
from controller.queueing.refusal import BadInput
from controller.queueing.replanning import BUSIEST, STEPPED, replan
from services.contract.forecast import Forecast, Pace, Rate
from services.contract.profile import BatchLaw
from services.contract.rules import Slo

ENGINE = BatchLaw(tau0=0.05, tau1=0.05, cap=8)
LEVELS = {2: (0, 5), 3: (0, 2, 5), 4: (0, 2, 3, 5), 5: (0, 1, 2, 3, 5), 6: (0, 1, 2, 3, 4, 5)}
"""Of the six below, by how many a ladder has."""
SECONDS = (1.0, 0.7, 0.5, 0.35, 0.25, 0.2)
QUALITIES = (0.31, 0.306, 0.30, 0.285, 0.265, 0.25)
THREE = (0.31, 0.30, 0.25)


def forecast(rate, workers=1, levels=3):
    """Of 1 s at the best level to 0.2 s at the last."""
    paces = tuple(Pace(seconds=SECONDS[i], scv=0.1) for i in LEVELS[levels])
    arrivals = Rate(value=rate)
    return Forecast(at=0, level=0, paces=paces, law=ENGINE, workers=workers, arrivals=arrivals)


@pytest.mark.parametrize("rate", [0.0, 0.1, 2.0, 6.0, 9.4, 50.0])
def test_there_are_thresholds_for_every_load(rate):
    found = replan(forecast(rate), Slo(seconds=3), THREE)

    require_thresholds(found)
    assert len(found.thresholds) == 2


def test_more_arrivals_lower_the_threshold_of_the_best_level():
    first = [replan(forecast(rate), Slo(seconds=3), THREE).thresholds[0] for rate in (3, 5, 7, 9.4)]

    assert all(later <= earlier for earlier, later in pairwise(first))
    assert first[-1] < first[0]


@pytest.fixture
def judged(monkeypatch):
    """How many tables each call to judge them had."""
    counts, judge_tables = [], Screen.judge
    monkeypatch.setattr(
        Screen, "judge", lambda self, rows: counts.append(len(rows)) or judge_tables(self, rows)
    )
    return counts


@pytest.mark.parametrize("workers", [1, 4])
def test_a_plan_judges_few_enough_tables_for_a_third_of_a_second(judged, workers):
    """At 700 in a twentieth of a second (docs/queueing.md)."""
    replan(forecast(6.0 * workers, workers), Slo(seconds=5), THREE)

    assert 0 < sum(judged) < 4200


def asked(levels, workers, utilisation):
    """The forecast of a ladder at a utilisation of its last level, and its qualities."""
    limit = workers * ENGINE.speedup / SECONDS[-1]
    found = forecast(min(utilisation, BUSIEST) * limit, workers, levels)
    return found, tuple(QUALITIES[i] for i in LEVELS[levels])


@cache
def whole(levels, workers, utilisation, slo):
    """By a search of all thresholds."""
    found, qualities = asked(levels, workers, utilisation)
    return replan(found, slo, qualities)


def score(found, slo, qualities, chosen):
    """Whether the target is met, and the score as a share of the best level's lead."""
    queue = LevelledQueue(
        found.arrivals.value, found.paces, qualities, found.law, workers=found.workers
    )
    judged = judge(Screen(queue, slo), np.array([[*chosen.thresholds, *chosen.climb]]))
    return judged.margin[0] >= 0, judged.score[0] / (qualities[0] - qualities[-1])


def misses(of, utilisation, chosen):
    """How much the score is below that of a search of all; for ever, where only that meets the
    target."""
    levels, workers, slo = of
    found, qualities = asked(levels, workers, utilisation)
    met, reached = score(found, slo, qualities, chosen)
    should, best = score(found, slo, qualities, whole(levels, workers, utilisation, slo))
    return best - reached if met == should else float("inf")


DRIFTS = (1 / NEARBY, 0.8, 1.1, 1.25, NEARBY)
SLOS = (Slo(seconds=3), Slo(seconds=1.5, percentile="mean"))
WORTH = 1e-2
"""Of the best level's lead over the last. Neither search is exact: on some ladders steps miss a few
thousandths, on others a search of all does."""


@pytest.mark.parametrize("slo", SLOS)
@pytest.mark.parametrize(
    ("levels", "workers", "utilisations"),
    [
        (3, 1, (0.2, 0.5, 0.8)),
        (3, 2, (0.5,)),
        (4, 1, (0.35,)),
        (4, 2, (0.65,)),
        (5, 1, (0.35,)),
    ],
)
def test_steps_from_the_thresholds_of_a_load_nearby_miss_hardly_anything(
    levels, workers, utilisations, slo
):
    for utilisation in utilisations:
        start = whole(levels, workers, utilisation, slo)
        for drift in DRIFTS:
            now, qualities = asked(levels, workers, utilisation * drift)
            stepped = replan(now, slo, qualities, start)
            assert misses((levels, workers, slo), utilisation * drift, stepped) < WORTH


@pytest.mark.parametrize("slo", SLOS)
@pytest.mark.parametrize("levels", [3, 4])
@pytest.mark.parametrize("hop", [0.85, 1.2])
def test_nor_do_steps_from_thresholds_that_steps_led_to(levels, slo, hop):
    """As far as plans go by steps before all are searched again."""
    utilisation = 0.55
    chosen = whole(levels, 1, utilisation, slo)
    for _ in range(2):
        utilisation *= hop
        now, qualities = asked(levels, 1, utilisation)
        chosen = replan(now, slo, qualities, chosen)
        assert misses((levels, 1, slo), utilisation, chosen) < WORTH


def test_steps_judge_less_than_half_of_what_a_search_of_all_thresholds_does(judged):
    slo, (now, qualities) = Slo(seconds=3), asked(3, 1, 0.6)
    start = replan(asked(3, 1, 0.55)[0], slo, qualities)
    judged.clear()

    replan(now, slo, qualities, start)
    by_steps = sum(judged)
    judged.clear()
    replan(now, slo, qualities)

    assert 0 < by_steps < 0.5 * sum(judged)


@pytest.mark.parametrize("levels", [2, 6])
def test_ladders_that_are_not_stepped_on_have_all_thresholds_searched(levels, judged):
    assert levels not in STEPPED
    slo, (now, qualities) = Slo(seconds=1.5), asked(levels, 1, 0.6)
    found = replan(now, slo, qualities)
    of_all = list(judged)
    judged.clear()

    assert replan(now, slo, qualities, found) == found
    assert judged == of_all


def test_thresholds_deeper_than_is_worth_a_threshold_are_no_start():
    found, slo = forecast(6.0), Slo(seconds=3)
    deep = Thresholds((500, 900), (400, 800))

    assert replan(found, slo, THREE, deep) == replan(found, slo, THREE)


@pytest.mark.parametrize(
    ("start", "why"),
    [
        (((4,), (2,)), "steps from 1 thresholds on a ladder of 3 levels: give 2"),
        (((4, 8, 9), (2, 6, 7)), "steps from 3 thresholds"),
        (((8, 4), (2, 2)), "cross"),
        (((4, 8), (2, 8)), "does not lie below"),
    ],
)
def test_a_start_that_is_none_of_this_ladder_is_refused(start, why):
    with pytest.raises(BadInput, match=why):
        replan(forecast(6.0), Slo(seconds=3), THREE, Thresholds(*start))


def test_paces_and_qualities_must_be_as_many():
    with pytest.raises(BadInput, match="3 paces and 2 qualities"):
        replan(forecast(1.0), Slo(seconds=3), THREE[:2])


def test_it_needs_neither_compiler_nor_plots():
    code = (
        "import sys, controller.queueing.replanning;print({'numba', 'matplotlib'} & {*sys.modules})"
    )

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "set()"
