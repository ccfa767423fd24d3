"""How near predictions come to measurements, over the runs that are asked about. Pure."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median

MEDIAN, WORST, UTILISATION = 0.10, 0.25, 0.9
ASKED = {"median": MEDIAN, "worst": WORST, "utilisation": UTILISATION}


@dataclass(frozen=True)
class Accuracy:
    """Of the absolute relative errors of the mean response; `held` is None without a run."""

    runs: int
    median: float | None
    worst: float | None
    held: bool | None

    def as_json(self) -> dict[str, object]:
        """As validation.json holds it."""
        return asdict(self)


def asked_about(utilisation: float, steady: bool) -> bool:
    """Whether a run counts: theory has a steady state for it, and is not asked beyond its bound."""
    return steady and utilisation <= UTILISATION


def accuracy(errors: Sequence[float | None]) -> Accuracy:
    """Of the errors of the runs that count; those without a prediction have none."""
    known = [abs(error) for error in errors if error is not None]
    if not known:
        return Accuracy(0, None, None, None)
    middle, worst = median(known), max(known)
    return Accuracy(len(known), middle, worst, middle <= MEDIAN and worst <= WORST)
