"""Numbers as a reader wants them: as many digits as are known, and never more."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

MOST_DECIMALS = 5
MINUS = "−"
NOTHING = "–"


class Estimate(NamedTuple):
    """A figure and its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def bounded(self) -> bool:
        """Whether it has an interval: too few repeats have none."""
        return self.low < self.high

    def below(self, other: "Estimate") -> bool:
        """Whether it is less, intervals apart; not known where one has none."""
        return self.bounded and other.bounded and self.high < other.low

    @property
    def half_width(self) -> float:
        """Half of the interval."""
        return (self.high - self.low) / 2

    def times(self, factor: float) -> "Estimate":
        """In another unit."""
        return Estimate(self.value * factor, self.low * factor, self.high * factor)


def estimate(found: Mapping[str, Any] | None) -> Estimate | None:
    """Of `{"value", "low", "high"}`; a point where the ends are null."""
    return None if found is None else known(found)


def known(found: Mapping[str, Any]) -> Estimate:
    """The same of what must be there."""
    ends = (found["value"] if found[end] is None else found[end] for end in ("low", "high"))
    return Estimate(found["value"], *ends)


def decimals(size: float, digits: int) -> int:
    """After the point, to show `digits` significant ones of something of this size."""
    if not size:
        return 0
    return min(MOST_DECIMALS, max(0, digits - 1 - math.floor(math.log10(abs(size)))))


def number(value: float | None, digits: int = 3) -> str:
    """With so many significant digits, all of them before the point."""
    if value is None:
        return NOTHING
    return fixed(value, decimals(value, digits))


def fixed(value: float, places: int) -> str:
    """With so many after the point, and a true minus sign."""
    said = f"{value:.{places}f}"
    if float(said) == 0:
        said = said.removeprefix("-")
    return said.replace("-", MINUS)


def interval(found: Estimate | float | None) -> str:
    """`1.32 (1.28 … 1.37)`: two digits of the half-width, three of the value at least."""
    if found is None or isinstance(found, int | float):
        return number(found)
    half = found.half_width
    if not half:
        return number(found.value)
    places = min(decimals(half, 2), max(decimals(found.value, 4), decimals(half, 1)))
    return (
        f"{fixed(found.value, places)} ({fixed(found.low, places)} … {fixed(found.high, places)})"
    )


def span(found: tuple[float, float] | None) -> str:
    """`0.312 … 0.401`, of two ends."""
    return NOTHING if found is None else " … ".join(map(number, found))


def milliseconds(found: Estimate | float | None) -> str:
    """Of seconds."""
    if isinstance(found, Estimate):
        return interval(found.times(1000))
    return number(None if found is None else 1000 * found)


def exact(value: float | None) -> str:
    """One that was chosen and not measured, such as a rate: without zeros at its end."""
    return NOTHING if value is None else f"{value:.4g}".replace("-", MINUS)


def plus_minus(found: Estimate | None) -> str:
    """`88.19 ± 0.55`: two digits of the half-width."""
    if found is None:
        return NOTHING
    places = decimals(found.half_width or found.value, 2)
    return f"{fixed(found.value, places)} ± {fixed(found.half_width, places)}"


def percent(share: float | None) -> str:
    """`12 %`, of 0.12; one digit after the point below 10 %."""
    if share is None:
        return NOTHING
    return f"{fixed(100 * share, 1 if abs(share) < 0.0995 and share else 0)} %"


def signed(found: float | None) -> str:
    """With its sign, in percent."""
    said = percent(found)
    return said if found is None or said.startswith(MINUS) else f"+{said}"


def p_value(found: float | None) -> str:
    """`< 0.001`, or two digits."""
    if found is None:
        return NOTHING
    return "< 0.001" if found < 0.001 else fixed(found, 3)


def equals(p: float) -> str:
    """`= 0.012` or `< 0.001`, after the letter p."""
    said = p_value(p)
    return said if said.startswith("<") else f"= {said}"


def thousandths(found: float | None) -> str:
    """Of a share: three digits after the point."""
    return NOTHING if found is None else fixed(found, 3)


def judged(held: bool | None) -> str:
    """Of a goal; None where it could not be judged."""
    return "not judged" if held is None else "held" if held else "not held"


def at_least(said: str, bounded: bool) -> str:
    """With a sign before what is a lower bound."""
    return f"≥ {said}" if bounded else said


FILTERS = {
    "judged": judged,
    "at_least": at_least,
    "number": number,
    "exact": exact,
    "interval": interval,
    "span": span,
    "milliseconds": milliseconds,
    "percent": percent,
    "signed": signed,
    "p_value": p_value,
    "equals": equals,
    "thousandths": thousandths,
    "plus_minus": plus_minus,
}
