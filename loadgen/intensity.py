"""How the arrival rate goes over time. Pure.

Each law knows when so many arrivals are expected to have come: the inverse of Λ(t) = ∫₀ᵗ λ(u) du.
"""

import math
import random
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol


class BadLoad(ValueError):
    """What was asked of the generator is no load; says what it may be."""


class Intensity(Protocol):
    """A law of the arrival rate, arrivals a second."""

    def when(self, expected: float) -> float:
        """Seconds from the start until so many arrivals are expected; infinity if never."""


@dataclass(frozen=True)
class Pieces:
    """Rates that follow each other: `rates[i]` for `seconds[i]`, the last one for ever."""

    rates: tuple[float, ...]
    seconds: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.seconds) != len(self.rates) - 1 or any(length <= 0 for length in self.seconds):
            raise BadLoad("each rate but the last needs a time of more than 0 seconds")
        if any(not 0 <= rate < math.inf for rate in self.rates) or not any(self.rates):
            raise BadLoad(f"rates must be 0 or more and not all 0: got {self.rates}")

    def when(self, expected: float) -> float:
        """Piecewise linear."""
        starts = (0.0, *accumulate(self.seconds))
        reached = (0.0, *accumulate(r * s for r, s in zip(self.rates, self.seconds, strict=False)))
        piece = bisect_right(reached, expected) - 1
        left = expected - reached[piece]
        rate = self.rates[piece]
        return starts[piece] + (left / rate if rate else (math.inf if left else 0.0))


@dataclass(frozen=True)
class Ramp:
    """From one rate to another in a straight line, then at the last one."""

    start: float
    end: float
    seconds: float

    def __post_init__(self) -> None:
        if self.seconds <= 0 or min(self.start, self.end) < 0 or self.end == 0:
            raise BadLoad("a ramp goes from a rate >= 0 to one > 0 in more than 0 seconds")

    def when(self, expected: float) -> float:
        """The root of start·t + (end - start)·t²/2s, then linear."""
        risen = (self.start + self.end) / 2 * self.seconds
        if expected >= risen:
            return self.seconds + (expected - risen) / self.end
        slope = (self.end - self.start) / self.seconds
        # Written so that a slope of 0 needs no case of its own.
        return 2 * expected / (self.start + math.sqrt(self.start**2 + 2 * slope * expected))


@dataclass(frozen=True)
class Diurnal:
    """λ(t) = mean·(1 + swing·sin(2πt/period)): a day, as short as one likes."""

    mean: float
    swing: float
    period: float

    def __post_init__(self) -> None:
        if self.mean <= 0 or self.period <= 0 or not 0 <= self.swing <= 1:
            raise BadLoad("a diurnal rate needs mean > 0, 0 <= swing <= 1 and period > 0")

    def when(self, expected: float) -> float:
        """By bisection: Λ is at most mean·swing·period/π away from mean·t."""
        away = self.swing * self.period / math.pi
        low, high = max(0.0, expected / self.mean - away), expected / self.mean + away
        while high - low > 1e-9 * max(1.0, high):
            middle = (low + high) / 2
            low, high = (middle, high) if self._expected(middle) < expected else (low, middle)
        return (low + high) / 2

    def _expected(self, seconds: float) -> float:
        turn = 2 * math.pi / self.period
        return self.mean * (seconds + self.swing * (1 - math.cos(turn * seconds)) / turn)


def constant(rate: float) -> Pieces:
    """The same rate for ever."""
    if not 0 < rate < math.inf:
        raise BadLoad(f"requests must come at more than 0 a second; got {rate:g}")
    return Pieces((rate,), ())


def modulated(
    rates: Sequence[float], holding: Sequence[float], horizon: float, chance: random.Random
) -> Pieces:
    """A path of a Markov-modulated rate: each state in turn for an exponential time of the mean
    `holding`, cyclically (for two states that is any such process), drawn for `horizon` seconds."""
    if len(rates) != len(holding) or len(rates) < 2 or min(holding) <= 0:
        raise BadLoad("a modulated rate needs two or more states, each with a mean time > 0")
    path: list[float] = []
    while sum(path) < horizon:
        path.append(chance.expovariate(1 / holding[len(path) % len(holding)]))
    return Pieces(tuple(rates[i % len(rates)] for i in range(len(path) + 1)), tuple(path))
