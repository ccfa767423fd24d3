"""Predictions that were not chosen, kept so that nothing is hidden: what each differs in.

One table for validation and for the report, so that both have the same names and words.
"""

from collections.abc import Mapping
from dataclasses import dataclass

KINDS = ("simulated", "closed_form")


@dataclass(frozen=True)
class Variant:
    """`said` goes behind "simulation, " or "formula, ", `kinds` are those that there are of it."""

    said: str
    kinds: tuple[str, ...] = KINDS


VARIANTS: Mapping[str, Variant] = {
    "one_law": Variant("by one law of all closed loops, as if the machine kept its speed"),
    "preceding": Variant("by the loops that ended before the run began, as a forecast"),
    "before": Variant("by the loops before the runs alone, as a forecast"),
    "after": Variant("by the loops after the runs alone"),
    "calibrated": Variant("by the loops before and after the runs, not those beside them"),
    "offline": Variant("by the law of the profile's own timings, without a served picture"),
    "delayed": Variant("with what a picture costs besides the engine as a delay"),
    "uncalibrated": Variant("without what a picture costs besides the engine"),
    "in_engine": Variant("with what a picture costs besides the engine as work in it"),
    "without_dwell": Variant("without the dwell of the rules", ("closed_form",)),
    "at_speed": Variant("at the speed that the machine had in the run, which no forecast knows"),
    "followed_speed": Variant(
        "at the speed of the machine as it changed within the run", ("simulated",)
    ),
}
