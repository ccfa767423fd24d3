"""The published facts: service times measured over steps, the quality grid, the latencies."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from pydantic import Field

from controller.queueing.refusal import BadInput
from services.contract.ladder import Strict

Dataset = Literal["cifar10", "flowers", "faces"]
Sampler = Literal["ddpm", "ddim"]
PolicyName = Literal["ddpm-100", "ddim-50", "ddim-20", "three-level"]


class Rung(NamedTuple):
    """A configuration: how a batch of images is drawn."""

    sampler: Sampler
    steps: int

    @property
    def name(self) -> str:
        """Such as ddim-50."""
        return f"{self.sampler}-{self.steps}"


class Curve(Strict):
    """A figure over the number of steps, by sampler."""

    steps: tuple[int, ...]
    ddpm: tuple[float, ...]
    ddim: tuple[float, ...]

    def of(self, sampler: Sampler) -> tuple[float, ...]:
        """The figures of one sampler, in the order of `steps`."""
        return self.ddpm if sampler == "ddpm" else self.ddim

    def at(self, rung: Rung) -> float:
        """The figure of a rung. Raises BadInput where the study has none."""
        if rung.steps not in self.steps:
            known = ", ".join(map(str, self.steps))
            raise BadInput(f"the study did not judge {rung.name}: its steps are {known}")
        return self.of(rung.sampler)[self.steps.index(rung.steps)]


class Measured(Strict):
    """One data set: `profiling` in seconds a batch of 4 images, and the quality grid.

    CLIPScore (up is better) and Fréchet inception distance (down is better), 512 images each.
    """

    profiling: Curve
    clip_score: Curve
    fid: Curve

    def seconds(self, rung: Rung) -> float:
        """S(n) = α + βn, the least-squares line through the profiling of the rung's sampler.

        These are the service times that the study simulated with, to six digits.
        """
        slope, intercept = np.polyfit(self.profiling.steps, self.profiling.of(rung.sampler), 1)
        return float(intercept + slope * rung.steps)


class Interval(NamedTuple):
    """A published mean and the half-width of its 95 % interval, seconds."""

    mean: float
    half_width: float

    def holds(self, value: float) -> bool:
        """Whether the value lies within, as far as six published digits can tell."""
        return abs(value - self.mean) <= self._reach

    def has_an_end_in(self, low: float, high: float) -> bool:
        """Whether a value known to lie between these two may be within as well as outside."""
        ends = (self.mean - self._reach, self.mean + self._reach)
        return any(low < end < high for end in ends)

    @property
    def _reach(self) -> float:
        return self.half_width + 5e-6 * abs(self.mean)


class Latency(Strict):
    """Published for one data set, arrival rate and policy."""

    wait: Interval
    service: Interval
    response: Interval


class Study(Strict):
    """All of it. `arrivals`: jobs that came in all seeds together, by arrival rate."""

    horizon_seconds: float
    seeds: int
    thresholds: tuple[int, int]
    arrivals: dict[float, int]
    datasets: dict[Dataset, Measured]
    published: dict[Dataset, dict[float, dict[PolicyName, Latency]]] = Field(repr=False)


@cache
def published() -> Study:
    """The facts in study.toml."""
    text = Path(__file__).with_name("study.toml").read_text()
    return Study.model_validate(tomllib.loads(text))
