"""One run over time."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evidence.report.figures.drawing import figure, looks
from evidence.report.sources.live import Timeline
from loadgen.report.plots import outstanding


def timeline(found: Timeline) -> Figure:
    """Outstanding requests with the level in force, and each answer by the level it got."""
    drawn = figure(6.3, 2.9)
    above, below = drawn.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    times, depth = outstanding(found.requests)
    above.step(times, depth, where="post", color="black", lw=0.9)
    above.set(ylabel="outstanding requests", ylim=(0, None))
    if found.steps:
        _levels(below, found)
    else:
        _answers(below, found)
    below.set_xlabel("seconds from the start of the run")
    below.set_xlim(0, found.end)
    return drawn


def _levels(axes: Axes, found: Timeline) -> None:
    names = sorted({step.level for step in found.steps}, key=_first(found))
    places = {name: -number for number, name in enumerate(names)}
    times = [max(0.0, step.time) for step in found.steps] + [found.end]
    heights = [places[step.level] for step in found.steps]
    axes.step(times, [*heights, heights[-1]], where="post", color="#0072B2", lw=1.4)
    axes.set_yticks(list(places.values()), list(places))
    axes.set_ylim(-len(names) + 0.5, 0.5)
    axes.set_ylabel("level in force")


def _first(found: Timeline):
    order = [step.level for step in found.steps]
    return order.index


def _answers(axes: Axes, found: Timeline) -> None:
    answered = [each for each in found.requests if each.response is not None]
    named = looks(sorted({each.level or "none" for each in answered}))
    for name, look in named.items():
        here = [each for each in answered if (each.level or "none") == name]
        across, up = [each.due for each in here], [each.response for each in here]
        axes.plot(across, up, look.marker, color=look.colour, ms=3, label=name)
    axes.set(ylabel="response (s)", ylim=(0, None))
    if named:
        axes.legend(loc="upper left", ncols=len(named))
