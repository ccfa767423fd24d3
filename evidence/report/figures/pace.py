"""How fast the machine was during a study, by its closed loops."""

from itertools import pairwise
from math import nan

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from controller.queueing.frontier.style import Look
from evidence.report.figures.drawing import figure, looks
from evidence.report.sources.pace import Pace
from evidence.served import Where

SIZES = {Where.CALIBRATION: 5.0, Where.REFERENCE: 3.0, Where.RECALIBRATION: 5.0}

APART = 15.0
"""Minutes without a loop, over which no line is drawn"""


def pace(found: Pace) -> Figure:
    """Each loop's time over that of the one law, and the mean of its neighbours; a grey line where
    a live run began."""
    drawn = figure(6.3, 2.7)
    axes = drawn.subplots()
    for minute in found.runs:
        axes.axvline(minute, color="0.8", lw=0.8, zorder=0)
    for level, look in looks(found.levels).items():
        _marks(axes, found, level, look)
    axes.plot(*_line(found), color="black", lw=1.4, label="mean of neighbours")
    axes.axhline(1, color="black", lw=0.6, ls=":")
    axes.grid(visible=False, axis="x")
    axes.set(xlabel="minutes since the first loop", ylabel="time over that of one law")
    axes.margins(x=0.01)
    drawn.legend(loc="outside lower center", ncols=len(found.levels) + 1)
    return drawn


def _line(found: Pace) -> tuple[list[float], list[float]]:
    """Minutes and means; not a number in the middle of what is too long to say anything of."""
    minutes, means = [found.marks[0].minute], [found.marks[0].mean]
    for before, mark in pairwise(found.marks):
        if mark.minute - before.minute > APART:
            minutes.append((before.minute + mark.minute) / 2)
            means.append(nan)
        minutes.append(mark.minute)
        means.append(mark.mean)
    return minutes, means


def _marks(axes: Axes, found: Pace, level: str, look: Look) -> None:
    for where, size in SIZES.items():
        marks = found.of(level, where)
        across, up = [mark.minute for mark in marks], [mark.ratio for mark in marks]
        face = "white" if where == Where.RECALIBRATION else look.colour
        axes.plot(across, up, look.marker, color=look.colour, mfc=face, ms=size)
    axes.plot([], [], look.marker, color=look.colour, ms=SIZES[Where.CALIBRATION], label=level)
