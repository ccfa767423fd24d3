"""Thresholds for the live controller: quick, and for any load."""

import subprocess
import sys
from itertools import pairwise
from time import thread_time

import pytest

from controller.queueing.planning.thresholds import require_thresholds
from controller.queueing.refusal import BadInput
from controller.queueing.replanning import replan
from services.contract.forecast import Forecast, Pace, Rate
from services.contract.profile import BatchLaw
from services.contract.rules import Slo

ENGINE = BatchLaw(tau0=0.05, tau1=0.05, cap=8)
QUALITIES = (0.31, 0.30, 0.25)


def forecast(rate, workers=1, law=ENGINE):
    """Three levels of 1, 0.5 and 0.2 s."""
    paces = tuple(Pace(seconds=seconds, scv=0.1) for seconds in (1.0, 0.5, 0.2))
    arrivals = Rate(value=rate)
    return Forecast(at=0, level=0, paces=paces, law=law, workers=workers, arrivals=arrivals)


@pytest.mark.parametrize("rate", [0.0, 0.1, 2.0, 6.0, 9.4, 50.0])
def test_there_are_thresholds_for_every_load(rate):
    found = replan(forecast(rate), Slo(seconds=3), QUALITIES)

    require_thresholds(found)
    assert len(found.thresholds) == 2


def test_more_arrivals_lower_the_threshold_of_the_best_level():
    first = [
        replan(forecast(rate), Slo(seconds=3), QUALITIES).thresholds[0] for rate in (3, 5, 7, 9.4)
    ]

    assert all(later <= earlier for earlier, later in pairwise(first))
    assert first[-1] < first[0]


def test_a_plan_takes_less_than_a_third_of_a_second():
    slowest = []
    for workers in (1, 4):
        began = thread_time()
        replan(forecast(6.0 * workers, workers), Slo(seconds=5), QUALITIES)
        slowest.append(thread_time() - began)

    assert max(slowest) < 0.3


def test_paces_and_qualities_must_be_as_many():
    with pytest.raises(BadInput, match="3 paces and 2 qualities"):
        replan(forecast(1.0), Slo(seconds=3), QUALITIES[:2])


def test_it_needs_neither_compiler_nor_plots():
    code = (
        "import sys, controller.queueing.replanning;print({'numba', 'matplotlib'} & {*sys.modules})"
    )

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "set()"
