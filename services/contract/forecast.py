"""How long a job will take, from what is ahead of it: the live model that the controller publishes.

The controller that leads writes it; the gateway reads it for every estimate that a client sees.
"""

import logging
import math
from statistics import NormalDist
from typing import Any, NamedTuple, Self

from pydantic import Field, ValidationError, model_validator

from services.contract import keys
from services.contract.jobs import Queue
from services.contract.ladder import Strict
from services.contract.profile import ONE_AT_A_TIME, BatchLaw
from services.contract.rules import Slo

log = logging.getLogger(__name__)

FORECAST_SECONDS = 60


class Pace(Strict):
    """What a job takes at one level, alone in a worker."""

    seconds: float = Field(gt=0, description="Mean service time.")
    scv: float = Field(0.0, ge=0, description="Its squared coefficient of variation.")
    error: float = Field(0.0, ge=0, description="Standard error of the mean, as a share of it.")
    crowding: float | None = Field(
        None, ge=0, le=1, description="As in a profile's cost; as the law says where absent."
    )


class Rate(Strict):
    """Arrivals a second, and the standard error of that estimate."""

    value: float = Field(ge=0)
    error: float = Field(0.0, ge=0)


class Origin(Strict):
    """What thresholds were planned for: under another target or ladder they mean nothing."""

    slo: Slo
    levels: str = Field(description="Digest of the ladder.")


class Forecast(Strict):
    """The live model of one queue; `paces` by level, best first; `at` by the clock of Redis."""

    at: float
    level: int = Field(ge=0)
    paces: tuple[Pace, ...] = Field(min_length=1)
    law: BatchLaw = ONE_AT_A_TIME
    workers: int = Field(1, ge=1)
    arrivals: Rate = Rate(value=0.0)
    thresholds: tuple[int, ...] = Field((), description="Those in force, however they were found.")
    climb: tuple[int, ...] = ()
    origin: Origin | None = Field(None, description="Of planned thresholds; else none.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.level >= len(self.paces):
            raise ValueError(f"level {self.level} has no pace: there are {len(self.paces)}")
        return self

    def slowdown(self, level: int, together: int) -> float:
        """How many times longer a job at this level takes when so many advance together."""
        return self.law.crowded(self.paces[level].crowding).slowdown(together)


class Response(NamedTuple):
    """Mean and variance of a predicted response time, seconds and seconds²."""

    mean: float
    variance: float

    def percentile(self, percent: float) -> float:
        """Of the gamma distribution with this mean and variance (Wilson and Hilferty 1931).

        Within 7 % from the 10th to the 99th percentile for a scv of at most 1; 0 instead of the
        smallest values above that.
        """
        if self.variance == 0 or self.mean == 0:
            return self.mean
        ninth = self.variance / (9 * self.mean**2)
        normal = NormalDist().inv_cdf(percent / 100)
        return self.mean * max(0.0, 1 - ninth + normal * math.sqrt(ninth)) ** 3

    def probability_within(self, seconds: float) -> float:
        """That the response is no longer than so many seconds; the inverse of `percentile`."""
        if self.variance == 0 or self.mean == 0:
            return float(self.mean <= seconds)
        if seconds <= 0:
            return 0.0
        ninth = self.variance / (9 * self.mean**2)
        root = (seconds / self.mean) ** (1 / 3)
        return NormalDist().cdf((root - 1 + ninth) / math.sqrt(ninth))

    def remaining(self, spent: float) -> float:
        """Mean of what is left after so many seconds, from below; never negative.

        mean - spent until that falls under variance/mean: the mean that is left of a gamma
        distribution (scv at most 1) sinks towards its scale, variance/mean, and never reaches it
        (Barlow and Proschan 1975, increasing failure rate). Exact at 0, in the limit, for scv 0
        and for scv 1; between, too little by about a quarter of the mean at most. With a scv
        above 1 what is left never falls below the mean, and the mean is told.
        """
        scale = self.variance / self.mean if self.mean else 0.0
        return max(self.mean - spent, min(scale, self.mean), 0.0)

    def then(self, after: "Response") -> "Response":
        """Of this and another, independent of it, one after the other."""
        return Response(self.mean + after.mean, self.variance + after.variance)


def response(
    forecast: Forecast, level: int, ahead: int, *, ahead_level: int | None = None
) -> Response:
    """Of a job that finds so many outstanding in its queue: they at `ahead_level`, it at `level`.

    Without `ahead_level` all are done at one level.

    k workers advance up to c jobs each, b of them together at the rate 1/slowdown(b) of their
    level. While there is a place, the job begins at once and takes S·slowdown(b). Otherwise n - kc
    others of the n (itself included) must leave first, S·slowdown(c)/kc apart. Of the first
    interval what is left is its equilibrium excess (Tijms, van Hoorn and Federgruen 1981), with the
    mean (1 + scv)/2 and, service times being gamma distributed, the variance
    (1 + scv)(1 + 5 scv)/12 of an interval.

    Exact for exponential service, and for one worker that does one job at a time; else the k·c
    places are taken to be out of step. What arrives later is taken to keep the company as it is.
    Paces share the doubt about the machine, so that errors of both levels add up.
    """
    ahead_level = level if ahead_level is None else ahead_level
    own, others = forecast.paces[level], forecast.paces[ahead_level]
    number, places = ahead + 1, forecast.workers * forecast.law.cap
    together = _together(forecast, number)
    interval = others.seconds * forecast.slowdown(ahead_level, together) / places
    wait = _wait(others, interval, number - places)
    service = own.seconds * forecast.slowdown(level, together)
    spread = wait.variance + own.scv * service**2
    doubt = others.error * wait.mean + own.error * service
    return Response(wait.mean + service, spread + doubt**2)


def departure_rate(forecast: Forecast, level: int, outstanding: int) -> float:
    """Jobs a second that a queue gets done while so many are outstanding, all at one level."""
    busy = min(outstanding, forecast.workers * forecast.law.cap)
    slowdown = forecast.slowdown(level, _together(forecast, outstanding))
    return busy / (forecast.paces[level].seconds * slowdown)


def utilisation(forecast: Forecast, level: int) -> float:
    """ρ = λ/μ, with μ the rate of full workers at a level; from 1 on the queue grows for ever."""
    full = forecast.workers * forecast.law.cap
    return forecast.arrivals.value / departure_rate(forecast, level, full)


def _together(forecast: Forecast, outstanding: int) -> int:
    """Jobs that the fullest worker advances."""
    return max(1, min(forecast.law.cap, math.ceil(outstanding / forecast.workers)))


def _wait(pace: Pace, interval: float, departures: int) -> Response:
    """Until so many have left, the first of them from the middle of its interval."""
    if departures <= 0:
        return Response(0.0, 0.0)
    excess = (1 + pace.scv) / 2
    excess_variance = (1 + pace.scv) * (1 + 5 * pace.scv) / 12
    mean = (excess + departures - 1) * interval
    return Response(mean, (excess_variance + pace.scv * (departures - 1)) * interval**2)


def put(redis: Any, queue: Queue, forecast: Forecast) -> None:
    """Publish the model of a queue; it is forgotten where nobody renews it."""
    redis.set(keys.forecast(queue), forecast.model_dump_json(), ex=FORECAST_SECONDS)


def read(redis: Any, queue: Queue) -> Forecast | None:
    """The model of a queue; None while no controller that knows one leads.

    One that cannot be read counts as none: it must not keep jobs from being accepted.
    """
    text = redis.get(keys.forecast(queue))
    try:
        return Forecast.model_validate_json(text) if text else None
    except ValidationError as error:
        log.warning("the forecast of %s is ignored, another version wrote it: %s", queue, error)
        return None
