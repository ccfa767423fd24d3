"""How many arrive during a service."""

import numpy as np
import pytest
from scipy import stats

from controller.queueing.levels.service_times import (
    Gamma,
    PhaseType,
    exponential,
    hyperexponential,
)
from controller.queueing.refusal import BadInput

ERLANG = PhaseType((1.0, 0.0), ((-4.0, 4.0), (0.0, -4.0)))


@pytest.mark.parametrize(
    ("service", "scv"),
    [
        (Gamma(0.5), 0.0),
        (Gamma(0.5, 0.3), 0.3),
        (Gamma(0.5, 2.0), 2.0),
        (exponential(0.5), 1.0),
        (ERLANG, 0.5),
        (hyperexponential(0.5, 4.0), 4.0),
    ],
)
def test_the_count_has_the_moments_of_a_mixed_poisson(service, scv):
    counts = np.arange(401)
    chances = service.arrivals(3.0, 400)
    mean = chances @ counts

    assert service.mean == pytest.approx(0.5)
    assert chances.sum() == pytest.approx(1.0)
    assert mean == pytest.approx(1.5)
    assert chances @ counts**2 - mean**2 == pytest.approx(1.5 + 1.5**2 * scv)


def test_one_distribution_in_two_forms():
    assert Gamma(0.5, 1.0).arrivals(3.0, 20) == pytest.approx(exponential(0.5).arrivals(3.0, 20))
    assert Gamma(0.5, 0.5).arrivals(3.0, 20) == pytest.approx(ERLANG.arrivals(3.0, 20))
    assert Gamma(0.5).arrivals(3.0, 20) == pytest.approx(stats.poisson.pmf(np.arange(21), 1.5))


def test_what_is_no_distribution_is_refused():
    with pytest.raises(BadInput, match="more than 1"):
        hyperexponential(1.0, 0.9)
    with pytest.raises(BadInput, match="mean"):
        Gamma(-1.0)
    with pytest.raises(BadInput, match="sum to 1"):
        PhaseType((0.5,), ((-1.0,),))
    with pytest.raises(BadInput, match="must not sum"):
        PhaseType((1.0,), ((1.0,),))
