"""A sampler is a table: one row of coefficients for each denoising step.

A row depends on the sampler, the number of steps and the checkpoint's noise schedule alone, so
images with different samplers and step counts can be advanced by one vectorised update. All
samplers' latents are alike at a noise level, so an image can go over from one table to another
between any two steps.
"""

import math
from dataclasses import replace

from worker.batching.grid import Grid, retimed
from worker.batching.noise import NoiseSchedule
from worker.batching.samplers import SAMPLERS, rows
from worker.batching.table import Plan, Row

__all__ = ["SAMPLERS", "NoiseSchedule", "Plan", "Row", "plan", "replan"]


def plan(
    sampler: str,
    steps: int,
    schedule: NoiseSchedule,
    *,
    eta: float = 0.0,
    strength: float = 1.0,
) -> Plan:
    """The table of `sampler` in `steps` steps; ValueError names what is allowed.

    `eta` is DDIM's share of fresh noise, 0 … 1. With a `strength` below 1 the plan begins from a
    clean latent (see Plan.entry) and keeps only that share of the steps, the last ones.
    """
    _check(sampler, eta)
    grid = SAMPLERS[sampler].grid(schedule, steps)
    kept = _kept(steps, strength)
    if kept == steps:
        return Plan(sampler, rows(sampler, grid, schedule, eta), (0.0, grid.start))
    return _midway(sampler, grid.last(kept), schedule, eta)


def replan(
    row: Row, sampler: str, steps: int, schedule: NoiseSchedule, *, eta: float = 0.0
) -> Plan:
    """What is left for an image that was to take `row` next, as `sampler` in `steps` steps does it.

    It takes the share of `steps` that the row's timestep has of all, rounded and at least one, on
    timesteps spaced evenly from the row's own down. ValueError names what is allowed.
    """
    _check(sampler, eta)
    schedule.check_steps(steps)
    end = float(schedule.final_alpha_cumprod) if sampler == "ddim" else 1.0
    rest = _midway(sampler, retimed(row, steps, schedule, end), schedule, eta)
    # Where the posterior's variance is fixed_large, noise would stay on the finished latent.
    return replace(rest, rows=(*rest.rows[:-1], replace(rest.rows[-1], noise=0.0)))


def _midway(sampler: str, grid: Grid, schedule: NoiseSchedule, eta: float) -> Plan:
    """A plan that begins at the noise level of `grid`'s first step, not from pure noise."""
    entry = math.sqrt(grid.alpha[0]), math.sqrt(1 - grid.alpha[0])
    return Plan(sampler, rows(sampler, grid, schedule, eta), entry)


def _check(sampler: str, eta: float) -> None:
    if sampler not in SAMPLERS:
        raise ValueError(f"Unknown sampler {sampler!r}; choose one of: {', '.join(SAMPLERS)}.")
    if not 0 <= eta <= 1:
        raise ValueError(f"eta must be between 0 and 1; got {eta}.")
    if eta and sampler != "ddim":
        raise ValueError(f"eta belongs to the sampler ddim; leave it 0 for {sampler}.")


def _kept(steps: int, strength: float) -> int:
    """How many of the steps are taken, counted as diffusers' image-to-image pipeline does, but at
    least one."""
    if not 0 < strength <= 1:
        raise ValueError(f"strength must be above 0 and at most 1; got {strength}.")
    return max(1, min(int(steps * strength), steps))
