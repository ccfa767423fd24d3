"""A sampler is a table: one row of coefficients for each denoising step.

    next latent = latent · row.latent + prediction · row.prediction + noise · row.noise

where the prediction is what the model said after guidance, and the noise is standard normal.
A row depends on the sampler, the number of steps and the checkpoint's noise schedule alone, so
images with different samplers and step counts can be advanced by one vectorised update.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from worker.batching.noise import NoiseSchedule

__all__ = ["SAMPLERS", "NoiseSchedule", "Plan", "Row", "plan"]

Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Row:
    """One denoising step: the timestep told to the model, and what to make of its answer."""

    timestep: int
    latent: float
    prediction: float
    noise: float
    """0 where nothing random is added; then no random number is drawn either."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All steps of one image, noisiest first."""

    sampler: str
    rows: tuple[Row, ...]

    @property
    def steps(self) -> int:
        """How many times the model is asked."""
        return len(self.rows)


def plan(sampler: str, steps: int, schedule: NoiseSchedule) -> Plan:
    """The table of `sampler` in `steps` steps; ValueError names what is allowed."""
    if sampler not in SAMPLERS:
        raise ValueError(f"Unknown sampler {sampler!r}; choose one of: {', '.join(SAMPLERS)}.")
    timesteps = schedule.timesteps(steps)
    columns = SAMPLERS[sampler](schedule, timesteps)
    table = zip(timesteps.tolist(), *(column.tolist() for column in columns), strict=True)
    return Plan(sampler, tuple(Row(*row) for row in table))


@dataclass(frozen=True, slots=True)
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


Columns = tuple[Doubles, Doubles, Doubles]


def _ddim(schedule: NoiseSchedule, timesteps: NDArray[np.int64]) -> Columns:
    """DDIM with η = 0 (arXiv 2010.02502, eq. 12), stepping by diffusers' fixed stride."""
    previous = timesteps - schedule.num_train_timesteps // len(timesteps)
    alpha = schedule.alphas_cumprod[timesteps].astype(np.float64)
    alpha_previous = _alpha_before(schedule, previous, schedule.final_alpha_cumprod)
    alpha_previous = alpha_previous.astype(np.float64)
    signal, direction = np.sqrt(alpha_previous), np.sqrt(1 - alpha_previous)
    clean = _clean(schedule.prediction_type, alpha)
    noise = _noise(schedule.prediction_type, alpha)
    return (
        signal * clean.latent + direction * noise.latent,
        signal * clean.prediction + direction * noise.prediction,
        np.zeros_like(alpha),
    )


def _ddpm(schedule: NoiseSchedule, timesteps: NDArray[np.int64]) -> Columns:
    """Ancestral sampling (arXiv 2006.11239, eq. 7); the last step ends at the posterior's mean."""
    one = np.float32(1)
    alpha = schedule.alphas_cumprod[timesteps]
    alpha_previous = _alpha_before(schedule, np.append(timesteps[1:], -1), one)
    kept = alpha / alpha_previous
    beta, left, left_previous = one - kept, one - alpha, one - alpha_previous
    to_clean = np.sqrt(alpha_previous) * beta / left
    to_latent = np.sqrt(kept) * left_previous / left
    variance = beta if schedule.variance_type == "fixed_large" else left_previous / left * beta
    clean = _clean(schedule.prediction_type, alpha.astype(np.float64))
    return (
        to_clean * clean.latent + to_latent,
        to_clean * clean.prediction,
        np.where(timesteps > 0, np.sqrt(variance), 0).astype(np.float64),
    )


def _alpha_before(
    schedule: NoiseSchedule, timesteps: NDArray[np.int64], first: np.float32
) -> NDArray[np.float32]:
    """ᾱ at `timesteps`, and `first` where they reach before timestep 0."""
    reached = schedule.alphas_cumprod[np.maximum(timesteps, 0)]
    return np.where(timesteps >= 0, reached, first)


SAMPLERS: Mapping[str, Callable[[NoiseSchedule, NDArray[np.int64]], Columns]] = MappingProxyType(
    {"ddpm": _ddpm, "ddim": _ddim}
)
"""The samplers by the names requests and levels use."""
