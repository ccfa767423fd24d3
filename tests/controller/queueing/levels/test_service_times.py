"""How many arrive during a service."""

import numpy as np
import pytest
from scipy import stats

from controller.queueing.levels.service_times import Fitted, Gamma
from controller.queueing.refusal import BadInput


@pytest.mark.parametrize(
    ("service", "scv"),
    [
        (Gamma(0.5), 0.0),
        (Gamma(0.5, 0.3), 0.3),
        (Gamma(0.5, 2.0), 2.0),
        (Fitted(0.5), 1.0),
        (Fitted(0.5, 0.5), 0.5),
        (Fitted(0.5, 0.7), 0.7),
        (Fitted(0.5, 4.0), 4.0),
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
    assert Gamma(0.5, 1.0).arrivals(3.0, 20) == pytest.approx(Fitted(0.5).arrivals(3.0, 20))
    assert Gamma(0.5, 0.5).arrivals(3.0, 20) == pytest.approx(Fitted(0.5, 0.5).arrivals(3.0, 20))
    assert Gamma(0.5).arrivals(3.0, 20) == pytest.approx(stats.poisson.pmf(np.arange(21), 1.5))


def test_what_is_no_distribution_is_refused():
    with pytest.raises(BadInput, match="mean"):
        Gamma(-1.0)
    with pytest.raises(BadInput, match="scv"):
        Fitted(1.0, -0.5)
