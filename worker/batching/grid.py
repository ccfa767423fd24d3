"""The noise levels a sampler visits, as diffusers lays them out for each sampler."""

import math
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from worker.batching.noise import NoiseSchedule, trailing
from worker.batching.table import Row

__all__ = ["Doubles", "Grid", "ancestral", "implicit", "multistep", "probability_flow", "retimed"]

Doubles = NDArray[np.float64]

SMALLEST_ALPHA = 2.0**-24
"""What diffusers takes for ᾱ = 0 where it divides by it."""


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """For each step, noisiest first: the level it is taken at, and the level it leads to."""

    timesteps: tuple[int | float, ...]
    alpha: Doubles
    """ᾱ of the latent each step takes."""
    reached: Doubles
    """ᾱ of the latent each step makes."""
    start: float = 1.0
    """The factor on the standard normal latent to begin with."""

    @property
    def sigma(self) -> Doubles:
        """√((1-ᾱ)/ᾱ) of the latent each step takes; inf where ᾱ is 0."""
        return sigma_of(self.alpha)

    def last(self, count: int) -> Self:
        """The grid's last `count` steps alone."""
        return replace(
            self,
            timesteps=self.timesteps[-count:],
            alpha=self.alpha[-count:],
            reached=self.reached[-count:],
        )


def ancestral(schedule: NoiseSchedule, steps: int) -> Grid:
    """DDPM's grid: from each timestep to the next one visited, the last one to clean."""
    timesteps = schedule.timesteps(steps)
    alpha = schedule.alphas_cumprod[timesteps].astype(np.float64)
    return Grid(tuple(timesteps.tolist()), alpha, np.append(alpha[1:], 1.0))


def implicit(schedule: NoiseSchedule, steps: int) -> Grid:
    """DDIM's grid: diffusers steps by a fixed stride, whatever timestep is visited next."""
    timesteps = schedule.timesteps(steps)
    reached = timesteps - schedule.num_train_timesteps // steps
    before = schedule.alphas_cumprod[np.maximum(reached, 0)]
    return Grid(
        tuple(timesteps.tolist()),
        schedule.alphas_cumprod[timesteps].astype(np.float64),
        np.where(reached >= 0, before, schedule.final_alpha_cumprod).astype(np.float64),
    )


def multistep(schedule: NoiseSchedule, steps: int) -> Grid:
    """DPM-Solver++'s grid: diffusers spaces one step more, and leaves out the cleanest."""
    skipped = 0 if schedule.timestep_spacing == "trailing" else 1
    timesteps = schedule.timesteps(steps, skipped=skipped)
    alpha = _interpolated(schedule, timesteps)
    return Grid(tuple(timesteps.tolist()), alpha, np.append(alpha[1:], 1.0))


def probability_flow(schedule: NoiseSchedule, steps: int) -> Grid:
    """Euler's grid: as DDPM's, but linear spacing visits fractions of timesteps."""
    timesteps = schedule.timesteps(steps)
    if schedule.timestep_spacing == "linspace":
        last = schedule.num_train_timesteps - 1
        timesteps = np.linspace(0, last, steps, dtype=np.float32)[::-1]
    alpha = _interpolated(schedule, timesteps)
    start = 1.0 if schedule.timestep_spacing == "leading" else math.sqrt(1 - alpha[0])
    return Grid(tuple(timesteps.tolist()), alpha, np.append(alpha[1:], 1.0), start)


def retimed(row: Row, steps: int, schedule: NoiseSchedule, end: float) -> Grid:
    """The way from `row`'s level down to ᾱ = `end`, as densely as `steps` steps go all the way.

    Timesteps are spaced evenly and trailing from the row's own.
    """
    visited = row.timestep + 1
    share = visited / schedule.num_train_timesteps
    count = max(1, math.floor(steps * share + 0.5))
    timesteps = trailing(visited, count).astype(np.int64)
    alpha = schedule.alphas_cumprod[timesteps].astype(np.float64)
    alpha[0] = 1 / (row.sigma**2 + 1)
    return Grid((row.timestep, *timesteps[1:].tolist()), alpha, np.append(alpha[1:], end))


def sigma_of(alpha: Doubles) -> Doubles:
    """√((1-ᾱ)/ᾱ); inf where ᾱ is 0."""
    with np.errstate(divide="ignore"):
        return np.sqrt((1 - alpha) / alpha)


def _interpolated(schedule: NoiseSchedule, timesteps: NDArray[np.number]) -> Doubles:
    """ᾱ at `timesteps`, by way of float32 σ, which is linear in between."""
    table = schedule.alphas_cumprod
    table = np.where(table == 0, np.float32(SMALLEST_ALPHA), table)
    sigmas = np.sqrt((np.float32(1) - table) / table)
    sigma = np.interp(timesteps, np.arange(len(sigmas)), sigmas).astype(np.float32)
    return 1 / (sigma.astype(np.float64) ** 2 + 1)
