"""The speed of the machine over time."""

import numpy as np
from matplotlib.figure import Figure

from evidence.report.figures.drawing import COLOURS, figure
from evidence.report.sources.speed import Speed

TOGETHER = 10
"""Neighbours in a mean"""


def speed(found: Speed) -> Figure:
    """Each probe, and means of ten; what lies beyond the axis is drawn at its end."""
    drawn = figure(6.3, 2.2)
    axes = drawn.subplots()
    paces, groups = np.array(found.paces), max(1, len(found.paces) // TOGETHER)
    top = 1.1 * float(np.percentile(paces, 99))
    axes.plot(found.minutes, np.minimum(paces, top), ".", color="0.75", ms=2)
    means = [[part.mean() for part in np.array_split(e, groups)] for e in (found.minutes, paces)]
    axes.plot(*means, color=COLOURS[0], lw=1.2)
    axes.axhline(1, color="black", lw=0.6)
    axes.set(xlabel="minutes of the live runs", ylabel="time of the same work")
    axes.set_ylim(min(0.9, 0.95 * float(paces.min())), max(1.1, top))
    return drawn
