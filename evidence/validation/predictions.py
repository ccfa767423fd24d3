"""What is predicted of a run, and how far that is from what was measured. Pure."""

from dataclasses import dataclass

from evidence.validation.figures import NAMES, Estimates, Figures
from loadgen.metrics import Estimate

FAR = 0.1
"""A relative error that asks for a reason."""


@dataclass(frozen=True)
class Predictions:
    """Of one run: `afresh` is the simulation with fresh Poisson arrivals. None: not predicted."""

    simulated: Estimates | None = None
    afresh: Estimates | None = None
    closed_form: Figures | None = None


def relative(predicted: Estimates | Figures | None, measured: Estimates) -> dict[str, float | None]:
    """Predicted over measured less 1, for each figure that both have."""
    return {name: error(predicted, measured, name) for name in NAMES}


def error(
    predicted: Estimates | Figures | None, measured: Estimates, name: str = "mean_response"
) -> float | None:
    """Of one of them."""
    said, found = getattr(predicted, name, None), getattr(measured, name)
    if said is None or found is None or found.value == 0:
        return None
    return float(_value(said) / found.value - 1)


def _value(said: Estimate | float) -> float:
    return said.value if isinstance(said, Estimate) else said


def uncertain(said: Estimate) -> bool:
    """Whether an end of its range is so far from it that it would ask for a reason."""
    return max(said.high - said.value, said.value - said.low) > FAR * said.value


def departs(predicted: Estimates | Figures | None, measured: Estimates) -> bool:
    """Whether the mean response asks for a reason: far off, or outside the measured interval."""
    off = error(predicted, measured)
    if predicted is None or off is None:
        return False
    mean, found = _value(predicted.mean_response), measured.mean_response
    return abs(off) > FAR or not found.low <= mean <= found.high
