"""What the records look like: who waited how long, and when."""

from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from loadgen import metrics
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
    for colour, run in zip(COLOURS, runs, strict=False):
        counted = metrics.measured(run.records)
        times = sorted(metrics.responses(counted))
        shares = [(number + 1) / len(counted) for number in range(len(times))]
        axes.step(times, shares, where="post", color=colour, label=run.name)
    axes.set_ylim(0, 1.02)
    axes.set_xlim(left=0)
    axes.legend(loc="lower right")
    return figure


def over_time(run: Run) -> Figure:
    """How many were outstanding, and how long each took at which level."""
    figure = Figure(figsize=(8, 5), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True)
    times, depth = outstanding(run.records)
    above.step(times, depth, where="post", color="#555555", linewidth=1)
    above.set_ylabel("outstanding requests")
    _responses_by_level(below, run.records)
    below.set_xlabel("due, seconds from the start")
    below.set_ylabel("response, s")
    for axes in (above, below):
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.3)
    above.set_title(run.name)
    return figure


def _responses_by_level(axes: Axes, records: Sequence[Record]) -> None:
    answered = [record for record in records if record.response is not None]
    levels = list(dict.fromkeys(record.level or "none" for record in answered))
    for colour, level in zip(COLOURS, levels, strict=False):
        here = [record for record in answered if (record.level or "none") == level]
        responses = [record.response for record in here]
        axes.plot([r.due for r in here], responses, ".", color=colour, markersize=4, label=level)
    if levels:
        axes.legend(title="level", loc="upper left")


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


def outstanding(records: Sequence[Record]) -> tuple[list[float], list[int]]:
    """Times at which a request was due or ended, and how many were outstanding from then on."""
    changes = [(record.due, 1) for record in records]
    changes += [(record.finished, -1) for record in records if record.finished is not None]
    changes.sort(key=lambda change: (change[0], -change[1]))
    return [at for at, _ in changes], list(accumulate(change for _, change in changes))


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
