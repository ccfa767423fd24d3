"""Wait for a condition, with a name for it, instead of sleeping for a guess."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(condition: Callable[[], T], description: str, seconds: float = 20.0) -> T:
    """The first true value of `condition`; AssertionError naming it when it stays false."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"after {seconds:g} s still not: {description}")
        time.sleep(0.02)
    return value
