"""How every figure begins, and where it goes: PDF for LaTeX, SVG for the page."""

from collections.abc import Callable, Iterable, Sequence
from itertools import cycle
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from controller.queueing.frontier.style import TEXT, Look, figure
from evidence.report.numbers import Estimate

__all__ = ["COLOURS", "MARKERS", "Drawn", "figure", "logarithmic"]
__all__ += ["errorbars", "looks", "remove", "save", "scale_rates"]

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#E69F00", "#CC79A7", "#000000")
"""Okabe and Ito 2008, neighbours far apart in grey as well."""
MARKERS = ("o", "s", "^", "D", "v", "x")
WIDE = 10
"""Between the largest and the smallest rate."""
DECADES = 100
"""Range from which on a logarithmic axis names powers of ten alone."""
Drawn = Callable[[], Figure]
"""A figure still to be drawn."""
PLAIN = {"text.parse_math": False, "font.size": 9, "axes.titlesize": 9, "legend.frameon": False}
NO_DATE = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}


def looks(names: Iterable[str]) -> dict[str, Look]:
    """One each, in order; from the beginning again after six."""
    each = cycle(Look(*look) for look in zip(COLOURS, MARKERS, strict=True))
    return dict(zip(dict.fromkeys(names), each, strict=False))


def save(drawn: Drawn, folder: Path, name: str) -> list[Path]:
    """Draw it, and write NAME.pdf and NAME.svg: the same bytes for the same records."""
    folder.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context(TEXT | PLAIN):
        found = drawn()
        paths = [folder / f"{name}.{ending}" for ending in NO_DATE]
        for path, date in zip(paths, NO_DATE.values(), strict=True):
            found.savefig(path, metadata=date)
    return paths


def remove(folder: Path, name: str) -> None:
    """What `save` wrote, if it did."""
    for ending in NO_DATE:
        (folder / f"{name}.{ending}").unlink(missing_ok=True)


def logarithmic(axis: Axis) -> None:
    """Call it once everything is drawn: 1, 2 and 5 of each decade are named where there is room."""
    scale = axis.axes.set_xscale if axis.axis_name == "x" else axis.axes.set_yscale
    scale("log")
    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if high < DECADES * low else (1.0,)))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())


def scale_rates(axes: Axes, rates: Sequence[float]) -> None:
    """Logarithmic where rates of many sizes are side by side."""
    if max(rates) > WIDE * min(rates):
        logarithmic(axes.xaxis)


def errorbars(
    axes: Axes, across: Sequence[float], found: Sequence[Estimate], colour: str, **look: object
) -> None:
    """Points with their 95 % intervals."""
    values = [each.value for each in found]
    below = [max(0.0, each.value - each.low) for each in found]
    above = [max(0.0, each.high - each.value) for each in found]
    looked = {"capsize": 2, "lw": 1, "ms": 4.5} | look
    axes.errorbar(across, values, yerr=[below, above], color=colour, **looked)
