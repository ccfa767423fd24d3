"""When requests come. Pure."""

import random
from itertools import accumulate


def poisson(rate: float, count: int, seed: int) -> list[float]:
    """Seconds from the start at which `count` requests are due: a Poisson process of `rate` a
    second, so the gaps between arrivals are exponential with mean 1 / rate."""
    if rate <= 0:
        raise ValueError(f"requests must come at more than 0 a second; got {rate}.")
    chance = random.Random(seed)
    return list(accumulate(chance.expovariate(rate) for _ in range(count)))
