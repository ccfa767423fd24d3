"""What records say of the work of pictures, when the engine obeys a law or does not."""

from dataclasses import replace

import numpy as np
import pytest

from controller.queueing.simulation.arrivals import Poisson
from controller.queueing.simulation.run import simulate
from controller.queueing.simulation.scenario import Horizon, Scenario, Switching
from controller.queueing.simulation.service import by_scv
from evidence.validation.measured import jobs
from evidence.validation.service import expected, services
from evidence.validation.simulated import jobs_of
from evidence.validation.study import Run
from loadgen.policies import policy
from services.contract.profile import BatchLaw
from tests.evidence.validation.studies import LAW, LEVELS, begun, records

INDEX = LEVELS.index("ddim-25")
LAWS = (LAW,) * len(LEVELS)


def simulated(law=LAW, seconds=0.4, rate=4.0, seed=5):
    """Pictures at ddim-25 alone."""
    scenario = Scenario(
        arrivals=Poisson(rate),
        services=(by_scv(seconds, 0.01),) * len(LEVELS),
        horizon=Horizon(jobs=600),
        law=law,
        switching=Switching(np.full((len(LEVELS), 1), INDEX), initial=INDEX),
    )
    return simulate(scenario, seed)


def replayed(rate, law=LAW):
    """Replications by the law."""
    runs = (simulated(law, rate=rate, seed=seed) for seed in range(20, 28))
    return [jobs_of(each, True, 0.0) for each in runs]


def judged(requests, rate=4.0, doubt=0.01, later=lambda jobs: jobs, laws=LAWS):
    """Records beside replications by the law that `later` adds to."""
    run = Run("one", policy("fixed:ddim-25"), rate, 1, tuple(requests))
    known = expected([later(each) for each in replayed(rate, laws[INDEX])], laws)
    return services(jobs(run, LEVELS), known, LEVELS, np.full(len(LEVELS), doubt), laws)


def test_an_engine_that_obeys_the_law_is_as_the_profile_says():
    (found,) = judged(records(simulated(), {}))

    assert found.jobs == 600
    assert found.ratio.low < 1 < found.ratio.high
    assert found.scv == pytest.approx(0.01, rel=0.2)
    assert found.expected_scv == pytest.approx(0.01, rel=0.1)
    assert not named(found)


def named(found):
    """Whether anything is held against the law."""
    return found.differs or found.doubted or found.beyond_the_law or found.dependent


@pytest.mark.parametrize("rate", [1.0, 3.0, 6.0])
def test_what_comes_before_the_start_of_work_breaks_nothing(rate):
    def later(found):
        return replace(found, started=found.started + 0.05)

    (found,) = judged(begun(records(simulated(rate=rate), {}), 0.05), rate, later=later)

    assert found.ratio.value == pytest.approx(1, abs=0.02)
    assert found.slope.value == pytest.approx(0, abs=0.02)
    assert not named(found)


def test_slower_pictures_are_found_out_whatever_the_load():
    for rate in (1.0, 4.0):
        (found,) = judged(records(simulated(seconds=0.48, rate=rate), {}), rate)

        assert found.ratio.value == pytest.approx(1.2, rel=0.02)
        assert found.differs
        assert not found.beyond_the_law


def test_a_profile_that_is_not_sure_is_not_contradicted():
    (found,) = judged(records(simulated(seconds=0.48), {}), doubt=0.3)

    assert found.doubted
    assert not found.differs


def test_company_that_costs_more_than_the_law_says_is_found_out():
    harder = BatchLaw(tau0=0.004, tau1=0.012, cap=8)

    (found,) = judged(records(simulated(law=harder, rate=2.5), {}), rate=2.5)

    assert found.beyond_the_law
    assert found.slope.low > 0


def test_each_level_has_the_slowdown_that_company_has_for_it():
    """What one law for all levels is held against, the level's own explains."""
    harder = BatchLaw(tau0=0.004, tau1=0.012, cap=8)
    own = tuple(harder if place == INDEX else LAW for place in range(len(LEVELS)))

    (found,) = judged(records(simulated(law=harder, rate=2.5), {}), rate=2.5, laws=own)

    assert not named(found)


def test_few_pictures_say_nothing():
    assert judged(records(simulated(), {})[:9]) == ()
