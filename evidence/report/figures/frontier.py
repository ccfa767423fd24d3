"""The frontier of latency and quality in simulation."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from controller.queueing.frontier.style import Look
from evidence.report.figures.drawing import figure, logarithmic, looks, scale_rates
from evidence.report.sources.frontier import Frontier, Point


def frontier(found: Frontier) -> Figure:
    """Tail of the response and effective quality against the rate; hollow: no steady state."""
    drawn = figure(6.3, 2.9)
    tail, worth = drawn.subplots(1, 2)
    for name, look in looks(found.contenders).items():
        points = found.of(name)
        _line(tail, points, [point.p95_response.value for point in points], look, name)
        _line(worth, points, [point.quality.value for point in points], look, name)
    tail.set(ylabel="95th percentile (s)")
    worth.set(ylabel="effective quality")
    for axes in (tail, worth):
        axes.set_xlabel("arrival rate (jobs/s)")
        scale_rates(axes, found.rates)
    logarithmic(tail.yaxis)
    handles, labels = tail.get_legend_handles_labels()
    drawn.legend(handles, labels, loc="outside lower center", ncols=3)
    return drawn


def _line(
    axes: Axes, points: Sequence[Point], values: Sequence[float], look: Look, name: str
) -> None:
    rates = [point.rate for point in points]
    axes.plot(rates, values, color=look.colour, lw=1)
    for stable in (True, False):
        here = [i for i, point in enumerate(points) if point.stable is stable]
        face = look.colour if stable else "white"
        across, up = [rates[i] for i in here], [values[i] for i in here]
        axes.plot(across, up, look.marker, color=look.colour, mfc=face, ms=4)
    axes.plot([], [], f"{look.marker}-", color=look.colour, ms=4, lw=1, label=name)
