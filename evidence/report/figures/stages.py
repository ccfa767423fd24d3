"""The smaller parts of a study: ANOVA, early exit, strategies, dispatch, the original study."""

import numpy as np
from matplotlib.figure import Figure

from evidence.report.figures.drawing import COLOURS, MARKERS, errorbars, figure, logarithmic
from evidence.report.sources.anova import Anova
from evidence.report.sources.cheaper import Exits
from evidence.report.sources.original import Original
from evidence.report.sources.rules import Dispatch
from evidence.report.sources.strategies import Strategies

BLUE, RED = "#0072B2", "#D55E00"
MOST = 12
"""Effects in a plot."""


def effects(found: Anova) -> Figure:
    """Partial η² of each term, the largest above; hatched: not significant at 5 %."""
    shown = list(reversed(found.effects[:MOST]))
    drawn = figure(6.3, 0.2 * len(shown) + 0.7)
    axes = drawn.subplots()
    sizes = [term.eta_sq or 0.0 for term in shown]
    bars = axes.barh([term.name for term in shown], sizes, color=BLUE, height=0.65)
    for bar, term in zip(bars, shown, strict=True):
        if not term.significant:
            bar.set(facecolor="white", edgecolor=BLUE, hatch="////")
    axes.set(xlabel="partial η²", xlim=(0, 1))
    axes.grid(visible=False, axis="y")
    return drawn


def exits(found: Exits) -> Figure:
    """Quality against seconds: each rule, and as many plain steps, joined by a line."""
    drawn = figure(6.3, 2.5)
    axes = drawn.subplots()
    for exit_, marker in zip(found.rules, MARKERS * 2, strict=False):
        axes.plot(exit_.seconds.value, exit_.quality.value, marker, color=RED, label=exit_.rule)
        if exit_.fewer_seconds and exit_.fewer_quality:
            pair = exit_.fewer_seconds.value, exit_.fewer_quality.value
            axes.plot(*pair, marker, color=BLUE, mfc="none")
            ends = [exit_.seconds.value, pair[0]], [exit_.quality.value, pair[1]]
            axes.plot(*ends, color="#999999", lw=0.8, zorder=0)
    before = found.before
    look = {"marker": "*", "label": "all steps"}
    errorbars(axes, [before.seconds.value], [before.quality], "black", **look)
    axes.set(xlabel="seconds a picture", ylabel="CLIPScore")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return drawn


def books(found: Strategies) -> Figure:
    """Seconds to the first picture and to the whole book, with intervals."""
    drawn = figure(6.3, 0.38 * len(found.each) + 0.8)
    axes = drawn.subplots()
    names = [one.name for one in found.each]
    places = np.arange(len(names))
    for offset, name, said, colour, hatch in (
        (-0.2, "first_picture", "first picture", "#56B4E9", ""),
        (0.2, "whole", "whole book", BLUE, "////"),
    ):
        known = [(i, each) for i, one in enumerate(found.each) if (each := getattr(one, name))]
        where = [places[i] + offset for i, _ in known]
        values = [each.value for _, each in known]
        reach = [[e.value - e.low for _, e in known], [e.high - e.value for _, e in known]]
        look = {"color": colour, "hatch": hatch, "edgecolor": "white", "label": said}
        axes.barh(where, values, 0.36, xerr=reach, capsize=2, **look)
    axes.set_yticks(places, names)
    axes.invert_yaxis()
    axes.set_xlabel("seconds from the request")
    axes.grid(visible=False, axis="y")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return drawn


def dispatch(found: Dispatch) -> Figure:
    """Mean and tail at each rate, both rules side by side."""
    drawn = figure(6.3, 2.3)
    panels = drawn.subplots(1, 2)
    rates = np.arange(len(found.rates))
    for axes, figured, said in zip(
        panels, ("mean", "p95"), ("mean", "95th percentile"), strict=True
    ):
        for offset, rule, colour, marker in (
            (-0.08, "shared", BLUE, "o"),
            (0.08, "jsq", RED, "s"),
        ):
            each = [getattr(getattr(rate, rule), figured) for rate in found.rates]
            errorbars(axes, rates + offset, each, colour, ls="", marker=marker, label=rule)
        axes.set_xticks(rates, [f"{rate.rate:g}" for rate in found.rates])
        axes.set(xlabel="arrival rate (requests/s)", ylabel=f"{said} response (s)", ylim=(0, None))
        axes.margins(x=0.2)
    panels[0].legend(loc="upper left")
    return drawn


def original(found: Original) -> Figure:
    """Mean response of each policy: as published, and by the simulator."""
    drawn = figure(6.3, 2.3)
    axes = drawn.subplots()
    places = np.arange(len(found.rows))
    kinds = ("published", "conditioned", "unconditioned")
    for number, kind in enumerate(kinds):
        each = [getattr(row, kind) for row in found.rows]
        look = {"ls": "", "marker": MARKERS[number], "label": kind}
        errorbars(axes, places + 0.18 * (number - 1), each, COLOURS[number], **look)
    axes.set_xticks(places, [row.policy for row in found.rows])
    axes.set_ylabel("mean response (s)")
    logarithmic(axes.yaxis)
    axes.legend()
    return drawn
