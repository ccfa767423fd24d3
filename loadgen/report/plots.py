"""What the records look like: who waited how long, and when."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from loadgen import metrics
from loadgen.occupancy import outstanding, spells
from loadgen.record import Record
from loadgen.report.runs import Run

mpl.use("Agg")
mpl.rcParams["text.parse_math"] = False  # a dollar in the name of a file is a dollar
mpl.rcParams["svg.hashsalt"] = "storyteller"  # the same records give the same file

# Okabe and Ito (2008): told apart by readers who see fewer colours.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")


def response_distribution(runs: Sequence[Run]) -> Figure:
    """For each run, which share of its requests was answered within a time; those that never
    were keep the curve below 1."""
    figure, axes = _one("response time, seconds from the due time", "share of all requests")
    for colour, run in zip(cycle(COLOURS), runs, strict=False):
        counted = metrics.measured(run.records)
        times = sorted(metrics.responses(counted))
        shares = [(number + 1) / len(counted) for number in range(len(times))]
        axes.step(times, shares, where="post", color=colour, label=run.name)
    axes.set_ylim(0, 1.02)
    axes.set_xlim(left=0)
    axes.legend(loc="lower right")
    return figure


def over_time(run: Run) -> Figure:
    """How many were outstanding, which level held where that is known, and how long each request
    took at which level."""
    colours = _colours(run)
    heights = (3, 1, 3) if run.changes else (3, 3)
    figure = Figure(figsize=(8, 1 + 0.75 * sum(heights)), layout="constrained")
    stack = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights)
    _depths(stack[0], run)
    if run.changes:
        _levels(stack[1], run, colours)
    _responses(stack[-1], run, colours)
    for axes in stack:
        axes.grid(alpha=0.3)
        axes.set_axisbelow(True)
    stack[0].set_title(run.name)
    stack[-1].set_xlabel("seconds from the start; of an answer, when it was due")
    return figure


def _colours(run: Run) -> dict[str, str]:
    """Of each level, whether it held or a request got it."""
    names = [change.level for change in run.changes if change.queue in run.queues]
    names += [record.level or "none" for record in _answered(run)]
    return dict(zip(dict.fromkeys(names), cycle(COLOURS), strict=False))


def _answered(run: Run) -> list[Record]:
    return [record for record in run.records if record.response is not None]


def _depths(axes: Axes, run: Run) -> None:
    times, depth = outstanding(run.records)
    axes.step(times, depth, where="post", color="#555555", linewidth=1)
    axes.set_ylabel("outstanding requests")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylim(bottom=0)


def _levels(axes: Axes, run: Run, colours: Mapping[str, str]) -> None:
    times, _ = outstanding(run.records)
    for row, queue in enumerate(run.queues):
        for level, start, end in spells(run.changes, queue, 0.0, max(times, default=1.0)):
            axes.broken_barh([(start, end - start)], (row - 0.4, 0.8), color=colours[level])
    axes.set_yticks(range(len(run.queues)), run.queues)
    axes.set_ylabel("level")


def _responses(axes: Axes, run: Run, colours: Mapping[str, str]) -> None:
    for level, colour in colours.items():
        here = [record for record in _answered(run) if (record.level or "none") == level]
        responses = [record.response for record in here]
        axes.plot([r.due for r in here], responses, ".", color=colour, markersize=4, label=level)
    if colours:
        # Beside the axes, where it hides no answer.
        axes.legend(title="level", loc="upper left", bbox_to_anchor=(1, 1))
    axes.set_ylabel("response, s")
    axes.set_ylim(bottom=0)


def response_against_rate(runs: Sequence[Run]) -> Figure:
    """Mean and 95th percentile of each run against its arrival rate."""
    figure, axes = _one("requests a second", "response time, s")
    known = sorted((run for run in runs if metrics.responses(run.records)), key=lambda r: r.rate)
    rates = [run.rate for run in known]
    ordered = [sorted(metrics.responses(metrics.measured(run.records))) for run in known]
    axes.plot(rates, [metrics.mean(each) for each in ordered], "o-", color=COLOURS[0], label="mean")
    p95 = [metrics.percentile(each, 95) for each in ordered]
    axes.plot(rates, p95, "s--", color=COLOURS[1], label="95th percentile")
    axes.set_ylim(bottom=0)
    axes.legend(loc="upper left")
    return figure


def _one(across: str, up: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    axes.grid(alpha=0.3)
    return figure, axes


def save(figure: Figure, folder: Path, name: str) -> str:
    """Write NAME.png and NAME.svg; the name of the latter."""
    figure.savefig(folder / f"{name}.png", dpi=144)
    figure.savefig(folder / f"{name}.svg", metadata={"Date": None})
    return f"{name}.svg"
