"""How long a job will take, from what is ahead of it: the live model that the controller publishes.

The controller that leads writes it; the gateway reads it for every estimate that a client sees.
"""

import math
from statistics import NormalDist
from typing import Any, NamedTuple

from pydantic import Field

from services.contract import keys
from services.contract.jobs import Queue
from services.contract.ladder import Strict
from services.contract.profile import ONE_AT_A_TIME, BatchLaw

FORECAST_SECONDS = 60


class Pace(Strict):
    """What a job takes at one level, alone in a worker."""

    seconds: float = Field(gt=0, description="Mean service time.")
    scv: float = Field(0.0, ge=0, description="Its squared coefficient of variation.")
    error: float = Field(0.0, ge=0, description="Standard error of the mean, as a share of it.")


class Rate(Strict):
    """Arrivals a second, and the standard error of that estimate."""

    value: float = Field(ge=0)
    error: float = Field(0.0, ge=0)


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


class Response(NamedTuple):
    """Mean and variance of a predicted response time, seconds and seconds²."""

    mean: float
    variance: float

    def percentile(self, percent: float) -> float:
        """Of the gamma distribution with this mean and variance (Wilson and Hilferty 1931)."""
        if self.variance == 0 or self.mean == 0:
            return self.mean
        ninth = self.variance / (9 * self.mean**2)
        normal = NormalDist().inv_cdf(percent / 100)
        return self.mean * max(0.0, 1 - ninth + normal * math.sqrt(ninth)) ** 3

    def probability_within(self, seconds: float) -> float:
        """That the response is no longer than so many seconds; the inverse of `percentile`."""
        if self.variance == 0 or self.mean == 0:
            return float(self.mean <= seconds)
        ninth = self.variance / (9 * self.mean**2)
        root = (seconds / self.mean) ** (1 / 3)
        return NormalDist().cdf((root - 1 + ninth) / math.sqrt(ninth))


def response(forecast: Forecast, level: int, ahead: int) -> Response:
    """Of a job that finds so many outstanding in its queue, all done at one level.

    k workers advance up to c jobs each, b of them together at the rate 1/slowdown(b). While there
    is a place, the job begins at once and takes S·slowdown(b). Otherwise n - kc others must leave
    first, S·slowdown(c)/kc apart; the first of them is on average half way (renewal theory:
    (1 + scv)/2 of an interval is left). What arrives later is taken to keep the company as it is.
    """
    pace, law, workers = forecast.paces[level], forecast.law, forecast.workers
    number, places = ahead + 1, workers * law.cap
    together = min(law.cap, math.ceil(number / workers))
    service = pace.seconds * law.slowdown(together)
    departures = max(0.0, number - places - max(0.0, 1 - pace.scv) / 2)
    interval = service / places
    mean = departures * interval + service if number > places else service
    spread = pace.scv * (departures * interval**2 + service**2)
    return Response(mean, spread + (pace.error * mean) ** 2)


def put(redis: Any, queue: Queue, forecast: Forecast) -> None:
    """Publish the model of a queue; it is forgotten where nobody renews it."""
    redis.set(keys.forecast(queue), forecast.model_dump_json(), ex=FORECAST_SECONDS)


def read(redis: Any, queue: Queue) -> Forecast | None:
    """The model of a queue; None while no controller that predicts leads."""
    text = redis.get(keys.forecast(queue))
    return Forecast.model_validate_json(text) if text else None
