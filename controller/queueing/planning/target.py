"""What is asked of response times, as people write it: `p95=10s`, `mean=2s`, `p99=500ms`."""

import re

from controller.queueing.refusal import BadInput
from services.contract.rules import Slo

_WRITTEN = re.compile(r"(mean|p(?P<percent>\d+(\.\d+)?))=(?P<amount>\d+(\.\d+)?)(?P<unit>ms|s|)")


def parse(text: str) -> Slo:
    """The target that a text means. Raises BadInput, with examples, for any other text."""
    match = _WRITTEN.fullmatch(text.strip())
    if match is None:
        raise BadInput(f"{text!r} is no target: write p95=10s, p99=500ms or mean=2s")
    seconds = float(match["amount"]) * (0.001 if match["unit"] == "ms" else 1)
    percent = float(match["percent"]) if match["percent"] else None
    if seconds <= 0 or (percent is not None and not 0 < percent < 100):
        raise BadInput(f"{text!r} is no target: the time and the percentile must be above 0")
    return Slo(seconds=seconds, percentile="mean" if percent is None else percent)


def written(slo: Slo) -> str:
    """The target as people write it."""
    return f"{named(slo)}={slo.seconds:g}s"


def named(slo: Slo) -> str:
    """Which figure of the response time it is about."""
    return "mean" if slo.percentile == "mean" else f"p{slo.percentile:g}"
