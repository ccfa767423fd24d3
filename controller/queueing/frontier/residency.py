"""Which level was in force for what share of the time, against the arrival rate."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from controller.queueing.frontier.style import figure, shades
from controller.queueing.frontier.sweep import Point


def residency_figure(points: Sequence[Point], levels: Sequence[str]) -> Figure:
    """One panel for each contender that ever had more than one level; `levels` best first."""
    switching = _switching(points)
    drawn = figure(2 + 3.2 * max(1, len(switching)), 4)
    panels = drawn.subplots(1, max(1, len(switching)), sharey=True, squeeze=False)[0]
    used = [name for name in levels if any(_shown(point, name, switching) for point in points)]
    for axes, contender in zip(panels, switching, strict=False):
        _stack(axes, [point for point in points if point.contender == contender], used)
        axes.set_title(contender)
        axes.set_xlabel("arrival rate λ (jobs/s)")
    panels[0].set_ylabel("share of time in force")
    handles, labels = panels[0].get_legend_handles_labels()
    drawn.legend(handles, labels, loc="outside right center", title="level")
    return drawn


def _switching(points: Sequence[Point]) -> list[str]:
    """In the order in which they were compared."""
    names = dict.fromkeys(point.contender for point in points)
    several = {point.contender for point in points if len(point.residency) > 1}
    return [name for name in names if name in several]


def _shown(point: Point, level: str, contenders: Sequence[str]) -> bool:
    return point.contender in contenders and point.residency.get(level, 0.0) > 0.001


def _stack(axes: Axes, points: Sequence[Point], levels: Sequence[str]) -> None:
    """Bars, because ladders differ from rate to rate."""
    places = np.arange(len(points))
    colours, foot = shades(levels), np.zeros(len(points))
    for level in levels:
        shares = np.array([point.residency.get(level, 0.0) for point in points])
        axes.bar(places, shares, 0.9, foot, color=colours[level], label=level, lw=0)
        foot += shares
    axes.set_xticks(places, [f"{point.rate:g}" for point in points], rotation=90)
    axes.set_ylim(0, 1)
    axes.grid(visible=False)
