"""Arrival processes as command lines write them."""

import json
from collections.abc import Callable
from pathlib import Path

from controller.queueing.refusal import BadInput
from controller.queueing.simulation.arrivals import (
    Arrivals,
    Diurnal,
    Gamma,
    MarkovModulated,
    Poisson,
    Steps,
    Trace,
)

FORMS = (
    "poisson | gamma:BURSTINESS | mmpp:RATES:SECONDS | diurnal:AMPLITUDE:PERIOD | "
    "steps:RATES:UNTIL | trace:FILE"
)


def arrivals_written(text: str, rate: float | None) -> Arrivals:
    """The process that `text` names, one of FORMS, at `rate` jobs a second; a trace needs none.

    BURSTINESS is the load generator's, the gamma's shape 1/scv: below 1 is burstier than Poisson.
    RATES are multiples of `rate`, with commas; SECONDS the mean stay in each state; UNTIL the
    times at which steps end. A trace's file holds a JSON list of seconds.
    """
    name, *arguments = text.split(":")
    if name not in _MADE:
        raise BadInput(f"no arrival process {name!r}: write {FORMS}")
    wanted, made = _MADE[name]
    if len(arguments) != wanted:
        raise BadInput(f"{text!r} has {len(arguments)} arguments, not {wanted}: write {FORMS}")
    if rate is None and made is not _trace:
        raise BadInput(f"{name} arrivals need a rate, jobs a second")
    return made(rate, *arguments)


def _numbers(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise BadInput(f"{text!r} is not a list of numbers with commas") from error


def _number(text: str) -> float:
    (number, *more) = _numbers(text)
    if more:
        raise BadInput(f"{text!r} is more than one number")
    return number


def _multiples(rate: float, text: str) -> tuple[float, ...]:
    return tuple(rate * factor for factor in _numbers(text))


def _gamma(rate: float, burstiness: str) -> Arrivals:
    shape = _number(burstiness)
    if shape <= 0:
        raise BadInput(f"the burstiness is {shape:g}: it must be above 0")
    return Gamma(rate, 1 / shape)


def _modulated(rate: float, rates: str, seconds: str) -> Arrivals:
    return MarkovModulated(_multiples(rate, rates), _numbers(seconds))


def _diurnal(rate: float, amplitude: str, period: str) -> Arrivals:
    return Diurnal(rate, _number(amplitude), _number(period))


def _steps(rate: float, rates: str, until: str) -> Arrivals:
    return Steps(_multiples(rate, rates), _numbers(until))


def _trace(_rate: float | None, file: str) -> Arrivals:
    try:
        return Trace(tuple(float(time) for time in json.loads(Path(file).read_text())))
    except (OSError, TypeError, ValueError) as error:
        raise BadInput(f"{file} is not a JSON list of arrival times: {error}") from error


_MADE: dict[str, tuple[int, Callable[..., Arrivals]]] = {
    "poisson": (0, Poisson),
    "gamma": (1, _gamma),
    "mmpp": (2, _modulated),
    "diurnal": (2, _diurnal),
    "steps": (2, _steps),
    "trace": (1, _trace),
}
