"""What the models, the simulator and the planner refuse, with the reason and what to do."""

import math


class Refusal(ValueError):
    """A question that has no honest answer; the message says why and what to do."""


class BadInput(Refusal):
    """An argument outside its range, or arguments that contradict each other."""


REMEDY = "shorten the service time, add servers, or give the queue a capacity"


class Unstable(Refusal):
    """A steady state is asked of a queue that grows without bound: utilisation ρ ≥ 1."""

    def __init__(
        self, utilisation: float, stable_rate: float | None = None, remedy: str = REMEDY
    ) -> None:
        """`stable_rate`: arrivals a second below which there is a steady state, where known;
        `remedy`: what else helps this queue."""
        self.utilisation = utilisation
        self.stable_rate = stable_rate
        limit = "" if stable_rate is None else f" to below {stable_rate:.6g} a second"
        super().__init__(
            f"the utilisation is {utilisation:.6g}, and at 1 or more the queue grows without "
            f"bound: there is no steady state. Lower the arrival rate{limit}, {remedy}."
        )


def require_stable(
    utilisation: float, stable_rate: float | None = None, remedy: str = REMEDY
) -> None:
    """Raise Unstable for ρ ≥ 1."""
    if utilisation >= 1:
        raise Unstable(utilisation, stable_rate, remedy)


def require_positive(**values: float) -> None:
    """Raise BadInput, naming the argument, unless each value is finite and above 0."""
    for name, value in values.items():
        if not (math.isfinite(value) and value > 0):
            raise BadInput(f"{name} is {value:g}: it must be above 0 and finite")


def require_not_negative(**values: float) -> None:
    """Raise BadInput, naming the argument, unless each value is finite and at least 0."""
    for name, value in values.items():
        if not (math.isfinite(value) and value >= 0):
            raise BadInput(f"{name} is {value:g}: it must be at least 0 and finite")


def require_count(least: int = 1, most: float = math.inf, **values: int) -> None:
    """Raise BadInput, naming the argument, unless each value is a whole number in that range."""
    for name, value in values.items():
        if value != int(value) or value < least:
            raise BadInput(f"{name} is {value}: it must be a whole number of at least {least}")
        if value > most:
            raise BadInput(f"{name} is {value}: more than {most:.0f} would take too long to solve")
