"""Rates that mean the same on any machine: multiples of what a profile says it keeps up with. Pure.

A worker that advances up to `cap` pictures of a level together, each slowed by the factor
slowdown(cap) of that level, ends at most cap / (S · slowdown(cap)) of them a second, where S is the
mean service time of one alone.
"""

import math
from dataclasses import dataclass

from services.contract.profile import Profile


@dataclass(frozen=True)
class Loads:
    """`shares` of the stability limit of pictures at `level`, none more than `most` a second.

    `alone`: of the rate 1/S of a worker that draws one picture after the other.
    """

    level: str
    shares: tuple[float, ...]
    most: float
    alone: bool = False

    def rates(self, profile: Profile) -> tuple[float, ...]:
        """Arrivals a second, increasing, to two significant digits. Raises ProfileError."""
        unit = limit(profile, self.level)
        if self.alone:
            unit /= profile.law("images", self.level).speedup
        found = {float(f"{min(share * unit, self.most):.2g}") for share in self.shares}
        return tuple(sorted(found))

    def written(self, profile: Profile) -> str:
        """The same as options take them."""
        return written(self.rates(profile))


@dataclass(frozen=True)
class Lasting:
    """Pictures enough for `seconds` of a worker at `level` with `together` under way, `least` at
    least: so that a loop of few steps does not rest on a moment of the machine."""

    level: str
    together: int
    seconds: float
    least: int

    def count(self, profile: Profile) -> int:
        """How many there are. Raises ProfileError."""
        alone = profile.cost(self.level, "images").seconds.value
        slowdown = profile.law("images", self.level).slowdown(self.together)
        return max(self.least, math.ceil(self.seconds * self.together / (alone * slowdown)))

    def written(self, profile: Profile) -> str:
        """The same as options take them, with those that only fill the loop."""
        return str(self.count(profile) + self.together)


@dataclass(frozen=True)
class Beside:
    """Closed loops beside the runs of a sweep."""

    loops: tuple[Lasting, ...]

    def written(self, profile: Profile) -> str:
        """The same as `loadgen sweep --reference` takes them. Raises ProfileError."""
        return ",".join(f"{x.level}:{x.together}:{x.count(profile)}" for x in self.loops)


Measured = Loads | Lasting | Beside
"""What becomes part of a command line once a study's profile is there."""


def written(rates: tuple[float, ...]) -> str:
    """`0.5,1,2`."""
    return ",".join(f"{rate:g}" for rate in rates)


def limit(profile: Profile, level: str) -> float:
    """Pictures a second at which one worker's queue just does not grow. Raises ProfileError."""
    return profile.law("images", level).speedup / profile.cost(level, "images").seconds.value
