"""Each sampler's coefficients, for whatever noise levels it is to visit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from worker.batching import grid as grids
from worker.batching.grid import Doubles, Grid
from worker.batching.noise import Floats, NoiseSchedule
from worker.batching.table import Row

__all__ = ["SAMPLERS", "Sampler", "rows"]


@dataclass(frozen=True, slots=True, eq=False)
class _Estimate:
    """Something linear in (latent, prediction), one pair of coefficients for each step."""

    latent: Doubles
    prediction: Doubles


def _clean(kind: str, alpha: Doubles) -> _Estimate:
    """The clean latent x₀ the prediction implies where the signal's variance is `alpha`."""
    signal, noise = np.sqrt(alpha), np.sqrt(1 - alpha)
    if kind == "epsilon":
        return _Estimate(1 / signal, -noise / signal)
    if kind == "v_prediction":
        return _Estimate(signal, -noise)
    return _Estimate(np.zeros_like(alpha), np.ones_like(alpha))


def _noise(kind: str, alpha: Doubles) -> _Estimate:
    """The noise ε the prediction implies where the signal's variance is `alpha`."""
    signal, noise = np.sqrt(alpha), np.sqrt(1 - alpha)
    if kind == "epsilon":
        return _Estimate(np.zeros_like(alpha), np.ones_like(alpha))
    if kind == "v_prediction":
        return _Estimate(noise, signal)
    return _Estimate(1 / noise, -signal / noise)


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """A table's coefficients, one of each for each step."""

    latent: Doubles
    prediction: Doubles
    previous: Doubles
    noise: Doubles


def _implicit(grid: Grid, schedule: NoiseSchedule, eta: float) -> Columns:
    """DDIM (arXiv 2010.02502, eq. 12 and 16). With η = 0 it is Euler's step along the probability
    flow as well (arXiv 2206.00364, alg. 1 without churn), and DPM-Solver++'s of first order."""
    stir = eta * _posterior_deviation(grid)
    signal = np.sqrt(grid.reached)
    direction = np.sqrt(np.maximum(1 - grid.reached - stir**2, 0))
    clean = _clean(schedule.prediction_type, grid.alpha)
    noise = _noise(schedule.prediction_type, grid.alpha)
    return Columns(
        signal * clean.latent + direction * noise.latent,
        signal * clean.prediction + direction * noise.prediction,
        np.zeros_like(stir),
        stir,
    )


def _posterior_deviation(grid: Grid) -> Doubles:
    """The standard deviation of the latent a step leads to, given this one and the clean one."""
    lost = 1 - grid.alpha / grid.reached
    return np.sqrt(np.maximum((1 - grid.reached) / (1 - grid.alpha) * lost, 0))


def _ancestral(grid: Grid, schedule: NoiseSchedule, _eta: float) -> Columns:
    """DDPM (arXiv 2006.11239, eq. 7); the last step ends at the posterior's mean."""
    one, alpha, reached = np.float32(1), _singles(grid.alpha), _singles(grid.reached)
    kept = alpha / reached
    beta, left, left_reached = one - kept, one - alpha, one - reached
    to_clean = np.sqrt(reached) * beta / left
    to_latent = np.sqrt(kept) * left_reached / left
    variance = beta if schedule.variance_type == "fixed_large" else left_reached / left * beta
    clean = _clean(schedule.prediction_type, grid.alpha)
    return Columns(
        to_clean * clean.latent + to_latent,
        to_clean * clean.prediction,
        np.zeros_like(grid.alpha),
        np.where(np.array(grid.timesteps) > 0, np.sqrt(variance), 0).astype(np.float64),
    )


def _multistep(grid: Grid, schedule: NoiseSchedule, _eta: float) -> Columns:
    """DPM-Solver++ 2M (arXiv 2211.01095, alg. 2); of first order in the first and last step."""
    first = _implicit(grid, schedule, 0.0)
    bend = _bend(grid)
    clean = _clean(schedule.prediction_type, grid.alpha)
    return Columns(
        first.latent + bend * clean.latent,
        first.prediction + bend * clean.prediction,
        -bend,
        first.noise,
    )


def _bend(grid: Grid) -> Doubles:
    """What second order adds for each unit the clean latent moved since the step before.

    In the paper's terms α_t (1 - e^-h) / 2r, where e^-h is the ratio of a step's two σ.
    """
    bend = np.zeros_like(grid.alpha)
    sigma = grid.sigma
    width = np.log(sigma[:-1] / sigma[1:])
    gain = np.sqrt(grid.reached[1:-1]) * (1 - sigma[2:] / sigma[1:-1])
    bend[1:-1] = gain * width[1:] / (2 * width[:-1])
    return bend


def _singles(values: Doubles) -> Floats:
    return values.astype(np.float32)


@dataclass(frozen=True, slots=True)
class Sampler:
    """Which noise levels are visited, and how each step is made."""

    grid: Callable[[NoiseSchedule, int], Grid]
    rule: Callable[[Grid, NoiseSchedule, float], Columns]


SAMPLERS: Mapping[str, Sampler] = MappingProxyType(
    {
        "ddpm": Sampler(grids.ancestral, _ancestral),
        "ddim": Sampler(grids.implicit, _implicit),
        "dpmpp-2m": Sampler(grids.multistep, _multistep),
        "euler": Sampler(grids.probability_flow, _implicit),
    }
)
"""The samplers by the names requests and levels use."""


def rows(sampler: str, grid: Grid, schedule: NoiseSchedule, eta: float) -> tuple[Row, ...]:
    """The table of `sampler` over `grid`; `eta` counts for DDIM alone."""
    columns = SAMPLERS[sampler].rule(grid, schedule, eta)
    clean = _clean(schedule.prediction_type, grid.alpha)
    table = (
        columns.latent,
        columns.prediction,
        columns.previous,
        columns.noise,
        clean.latent,
        clean.prediction,
        grid.sigma,
    )
    listed = (column.tolist() for column in table)
    return tuple(Row(*row) for row in zip(grid.timesteps, *listed, strict=True))
