"""How figures and runs are written in the cells of a table."""

from evidence.validation.verdict import Verdict
from loadgen.metrics import Estimate

NOTHING = "–"
KNOWN = {True: "yes", False: "no", None: NOTHING}
"""Whether something holds."""


def figure(value: Estimate | float | None, digits: int = 3) -> str:
    """With its interval, if it has one."""
    if value is None:
        return NOTHING
    if isinstance(value, Estimate):
        return " ".join(
            (figure(value.value, digits), f"({value.low:.{digits}g} … {value.high:.{digits}g})")
        ).replace("-", "−")
    return f"{value:.{digits}g}".replace("-", "−")


def percent(error: float | None) -> str:
    """A relative error with its sign."""
    return NOTHING if error is None else f"{error:+.1%}".replace("-", "−").replace("%", " %")


def share(part: float | None, digits: int = 1) -> str:
    """Of a whole."""
    return NOTHING if part is None else f"{part:.{digits}%}".replace("%", " %")


def run_name(found: Verdict) -> str:
    """Policy, rate and repeat."""
    return f"{found.run.policy.notation} at {found.run.rate:g}/s, {found.run.repeat}"
