"""What records say of the work of pictures, when the engine obeys a law or does not."""

import numpy as np
import pytest

from controller.queueing.simulation.arrivals import Poisson
from controller.queueing.simulation.run import simulate
from controller.queueing.simulation.scenario import Horizon, Scenario, Switching
from controller.queueing.simulation.service import by_scv
from evidence.validation.service import Expected, residuals, services, slope, speeds, works
from services.contract.profile import BatchLaw
from tests.evidence.validation.studies import LAW, LEVELS, records

EXPECTED = {"ddim-25": Expected(seconds=0.4, doubt=0.01, scv=0.01, besides=0.0)}


def served(law=LAW, seconds=0.4, rate=4.0):
    """Records of pictures at ddim-25 alone."""
    index = LEVELS.index("ddim-25")
    scenario = Scenario(
        arrivals=Poisson(rate),
        services=(by_scv(seconds, 0.01),) * len(LEVELS),
        horizon=Horizon(jobs=600),
        law=law,
        switching=Switching(np.full((len(LEVELS), 1), index), initial=index),
    )
    return records(simulate(scenario, 5), {})


def test_an_engine_that_obeys_the_law_is_as_the_profile_says():
    (found,) = services(served(), EXPECTED, LAW)

    assert found.jobs == 600
    assert found.ratio.low < 1 < found.ratio.high
    assert found.scv == pytest.approx(0.01, rel=0.2)
    assert not found.differs
    assert not found.doubted
    assert not found.beyond_the_law
    assert found.autocorrelation.low < 0 < found.autocorrelation.high


def test_slower_pictures_are_found_out_whatever_the_load():
    for rate in (1.0, 4.0):
        (found,) = services(served(seconds=0.48, rate=rate), EXPECTED, LAW)

        assert found.ratio.value == pytest.approx(1.2, rel=0.02)
        assert found.differs
        assert not found.beyond_the_law


def test_a_profile_that_is_not_sure_is_not_contradicted():
    unsure = {"ddim-25": Expected(seconds=0.4, doubt=0.3, scv=0.01, besides=0.0)}

    (found,) = services(served(seconds=0.48), unsure, LAW)

    assert found.doubted
    assert not found.differs


def test_company_that_costs_more_than_the_law_says_is_found_out():
    harder = BatchLaw(tau0=0.004, tau1=0.012, cap=8)

    (found,) = services(served(law=harder, rate=2.5), EXPECTED, LAW)

    assert found.beyond_the_law
    assert found.slope.low > 0


def test_seconds_besides_the_engine_are_no_work():
    besides = {"ddim-25": Expected(seconds=0.3, doubt=0.01, scv=0.01, besides=0.1)}

    (found,) = services(served(rate=0.2), besides, LAW)

    assert found.ratio.value == pytest.approx(1.0, rel=0.02)


def test_few_pictures_say_nothing():
    assert services(served()[:9], EXPECTED, LAW) == ()


def test_work_is_time_over_slowdown():
    law = BatchLaw(tau0=0.5, tau1=0.5, cap=2)  # two together take 1.5 times as long

    work, company = works(np.array([0.0, 1.0]), np.array([2.5, 4.0]), law)

    assert work == pytest.approx([1 + 1.5 / 1.5, 1.5 / 1.5 + 1.5])
    assert company == pytest.approx([(1 + 1.5 * 2) / 2.5, (1.5 * 2 + 1.5) / 3])


def test_beyond_the_cap_places_are_shared():
    law = BatchLaw(tau0=0.0, tau1=1.0, cap=2)

    assert speeds(np.array([0, 1, 2, 4]), law) == pytest.approx([1, 1, 1 / 2, 1 / 4])


def test_a_line_is_found_and_what_it_leaves():
    across = np.arange(10.0)
    up = 3 + 2 * across

    assert slope(across, up).value == pytest.approx(2)
    assert residuals(across, up) == pytest.approx(np.zeros(10))
    assert slope(np.ones(10), up).value == 0
