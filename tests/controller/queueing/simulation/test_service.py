"""Distributions of work: two moments, shape, one uniform number a job."""

import numpy as np
import pytest
from scipy import stats

from controller.queueing.refusal import BadInput
from controller.queueing.simulation.service import (
    Deterministic,
    Empirical,
    Exponential,
    Gamma,
    Hyperexponential,
    Lognormal,
    Service,
    by_scv,
)

UNIFORM = (np.arange(1_000_000) + 0.5) / 1_000_000
SERVICES: list[tuple[Service, object]] = [
    (Exponential(2.0), stats.expon(scale=2)),
    (Gamma(2.0, 0.25), stats.gamma(4, scale=0.5)),
    (Gamma(2.0, 3.0), stats.gamma(1 / 3, scale=6)),
    (Lognormal(2.0, 1.5), stats.lognorm(np.sqrt(np.log(2.5)), scale=2 / np.sqrt(2.5))),
]


@pytest.mark.parametrize(
    "service",
    [
        Deterministic(2.0),
        *[service for service, _ in SERVICES],
        Hyperexponential(2.0, 4.0),
        Hyperexponential(2.0, 1.0),
        Empirical((1.0, 2.0, 6.0)),
    ],
)
def test_work_has_the_moments_it_claims(service: Service) -> None:
    work = service.of(UNIFORM)
    assert work.min() >= 0
    assert work.mean() == pytest.approx(service.mean, rel=1e-3)
    assert work.var() / work.mean() ** 2 == pytest.approx(service.scv, rel=0.01)


@pytest.mark.parametrize(("service", "law"), SERVICES)
def test_work_is_distributed_as_it_claims(service: Service, law: object) -> None:
    points = np.array([0.001, 0.05, 0.3, 0.5, 0.9, 0.99, 0.9999])
    assert service.of(points) == pytest.approx(law.ppf(points), rel=1e-3, abs=2e-4)


def test_a_hyperexponential_has_balanced_means() -> None:
    p = (1 + np.sqrt(3 / 5)) / 2
    times = np.array([0.1, 1.0, 3.0, 10.0])
    tail = p * np.exp(-2 * p / 2 * times) + (1 - p) * np.exp(-2 * (1 - p) / 2 * times)
    work = Hyperexponential(2.0, 4.0).of(UNIFORM)
    assert [np.mean(work > time) for time in times] == pytest.approx(tail, abs=1e-4)


@pytest.mark.parametrize("edge", [0.0, np.nextafter(1.0, 0.0)])
@pytest.mark.parametrize("scv", [0.0, 0.01, 0.5, 1.0, 6.0])
def test_the_rarest_uniform_numbers_give_finite_work(scv: float, edge: float) -> None:
    work = by_scv(1.0, scv).of(np.array([edge]))
    assert np.isfinite(work).all()
    assert (work >= 0).all()
    assert np.isfinite(Lognormal(1.0, 2.0).of(np.array([edge]))).all()


def test_two_moments_choose_the_usual_distribution() -> None:
    kinds = {0.0: Deterministic, 0.5: Gamma, 1.0: Exponential, 2.0: Hyperexponential}
    for scv, kind in kinds.items():
        chosen = by_scv(3.0, scv)
        assert isinstance(chosen, kind)
        assert (chosen.mean, chosen.scv) == (3.0, scv)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Deterministic(0.0),
        lambda: Exponential(-1.0),
        lambda: Gamma(1.0, 0.0),
        lambda: Hyperexponential(1.0, 0.5),
        lambda: Lognormal(1.0, float("inf")),
        lambda: Empirical(()),
        lambda: Empirical((1.0, -1.0)),
        lambda: by_scv(1.0, -0.5),
        lambda: by_scv(1.0, float("nan")),
    ],
)
def test_bad_parameters_are_refused(wrong: object) -> None:
    with pytest.raises(BadInput):
        wrong()
