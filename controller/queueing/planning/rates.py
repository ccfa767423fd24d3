"""Arrival rates, as people write them."""

import math
from itertools import pairwise

from controller.queueing.refusal import BadInput


def rates(text: str) -> list[float]:
    """`2`, `0.5,1,2` or `first:last:step`, jobs a second. Raises BadInput for anything else."""
    try:
        if ":" not in text:
            found = [float(part) for part in text.split(",")]
        else:
            first, last, step = (float(part) for part in text.split(":"))
            if last < first:
                raise BadInput(f"{text!r}: the last rate lies below the first")
            count = int((last - first) / step + 1e-9) + 1
            found = [round(first + step * i, 9) for i in range(count)]
    except BadInput:
        raise
    except (ValueError, ZeroDivisionError, OverflowError) as error:
        raise BadInput(f"{text!r} is no list of rates: write 2, 0.5,1,2 or 0.2:4:0.2") from error
    if not found or not all(a < b < math.inf for a, b in pairwise([0.0, *found])):
        raise BadInput(f"{text!r}: rates are above 0, finite and increase")
    return found
