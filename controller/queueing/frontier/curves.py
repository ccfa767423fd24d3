"""Latency and effective quality against the arrival rate."""

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from controller.queueing.frontier.style import Look, figure, looks
from controller.queueing.frontier.sweep import Point
from controller.queueing.planning.target import written
from controller.queueing.simulation.estimates import Estimate
from services.contract.rules import Slo

WIDE = 20.0
"""Between the largest and the smallest rate."""
Figured = Callable[[Point], Estimate]


def frontier_figure(points: Sequence[Point], slo: Slo, measure: str, note: str) -> Figure:
    """Mean and 95th percentile of the response, and effective quality; bands are 95 % intervals.

    Points without a steady state are hollow; the note says so.
    """
    drawn = figure(11, 4.6)
    mean, tail, quality = drawn.subplots(1, 3)
    by_name = looks(list(dict.fromkeys(point.contender for point in points)))
    for axes, figured in (
        (mean, lambda point: point.mean_response),
        (tail, lambda point: point.p95_response),
        (quality, lambda point: point.effective_quality),
    ):
        for name, look in by_name.items():
            _line(axes, [point for point in points if point.contender == name], figured, look)
        axes.set_xlabel("arrival rate λ (jobs/s)")
        _scale(axes, [point.rate for point in points])
    _latency(mean, "mean response (s)", slo if slo.percentile == "mean" else None)
    _latency(tail, "95th percentile of the response (s)", slo if slo.percentile == 95 else None)
    quality.set_ylabel(f"effective quality ({measure}, stretched)")
    _stretch(quality, [point.effective_quality for point in points])
    handles, labels = quality.get_legend_handles_labels()
    drawn.legend(handles, labels, loc="outside lower center", ncols=len(by_name), title=note)
    return drawn


def _scale(axes: Axes, rates: Sequence[float]) -> None:
    """Logarithmic where rates of many sizes are swept."""
    if max(rates) > WIDE * min(rates):
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")
    else:
        axes.set_xlim(left=0)


def _stretch(axes: Axes, found: Sequence[Estimate]) -> None:
    """By the square root of what is missing: levels differ little near the top, much below it."""
    best, worst = max(each.high for each in found), min(each.low for each in found)
    room = 0.01 * (best - worst) or 1.0
    top = best + room
    axes.set_yscale(
        "function",
        functions=(
            lambda quality: np.sign(quality - top) * np.sqrt(np.abs(quality - top)),
            lambda root: top + np.sign(root) * root**2,
        ),
    )
    axes.set_ylim(worst - 4 * room, top)


def _line(axes: Axes, points: Sequence[Point], figured: Figured, look: Look) -> None:
    rates = np.array([point.rate for point in points])
    found = [figured(point) for point in points]
    means = np.array([each.mean for each in found])
    axes.plot(rates, means, color=look.colour, lw=1.2)
    axes.fill_between(
        rates,
        [each.low for each in found],
        [each.high for each in found],
        color=look.colour,
        alpha=0.15,
        lw=0,
    )
    stable = np.array([point.stable for point in points])
    axes.plot(
        rates[stable],
        means[stable],
        look.marker,
        color=look.colour,
        ms=5,
        label=points[0].contender,
    )
    axes.plot(rates[~stable], means[~stable], _hollow(look), color=look.colour, ms=5, mfc="white")


def _hollow(look: Look) -> str:
    """A cross has no inside."""
    return "o" if look.marker == "x" else look.marker


def _latency(axes: Axes, label: str, slo: Slo | None) -> None:
    axes.set_yscale("log")
    axes.set_ylabel(label)
    if slo is not None:
        axes.axhline(slo.seconds, color="grey", ls="--", lw=1)
        axes.annotate(
            written(slo),
            (0, slo.seconds),
            xycoords=("axes fraction", "data"),
            xytext=(4, 3),
            textcoords="offset points",
            color="dimgrey",
        )
