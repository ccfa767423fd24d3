"""What was predicted beside what was measured."""

from collections.abc import Sequence
from math import ceil
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evidence.report.figures.drawing import errorbars, figure, logarithmic, looks, scale_rates
from evidence.report.sources.compared import Validation
from evidence.report.sources.runs import Cell

MEAN, TAIL = "mean_response", "p95_response"
KINDS = {"measured": "", "simulated": "-", "closed_form": ":"}
COLUMNS = 3
SAID = {"measured": "measured", "simulated": "simulation", "closed_form": "closed form"}


def responses(found: Validation) -> Figure:
    """Response against rate, a panel a policy: dots measured, lines predicted."""
    rates = [cell.rate for cell in found.cells]
    rows = ceil(len(found.policies) / COLUMNS)
    drawn = figure(6.3, 1.9 * rows + 0.5)
    grid = drawn.subplots(rows, COLUMNS, sharey=True, sharex=True, squeeze=False)
    panels = list(grid.flat)
    for axes, policy in zip(panels, found.policies, strict=False):
        _panel(axes, policy, found.of(policy))
    scale_rates(panels[0], rates)
    logarithmic(panels[0].yaxis)
    for axes in panels[len(found.policies) :]:
        axes.set_axis_off()
    for axes in panels[max(0, len(found.policies) - COLUMNS) : len(found.policies)]:
        axes.set_xlabel("rate (requests/s)")
        axes.tick_params(labelbottom=True)
    for axes in grid[:, 0]:
        axes.set_ylabel("response (s)")
    handles, labels = panels[0].get_legend_handles_labels()
    drawn.legend(handles, labels, loc="outside lower center", ncols=3)
    return drawn


def _panel(axes: Axes, policy: str, cells: Sequence[Cell]) -> None:
    axes.set_title(policy)
    styles = (MEAN, "mean", "#0072B2", "o"), (TAIL, "95th percentile", "#D55E00", "s")
    for name, said, colour, marker in styles:
        for kind, line in KINDS.items():
            label = f"{said}, {SAID[kind]}"
            _series(axes, cells, (kind, name), color=colour, ls=line, marker=marker, label=label)


def _series(axes: Axes, cells: Sequence[Cell], what: tuple[str, str], **look: Any) -> None:
    kind, name = what
    known = [(cell.rate, each) for cell in cells if (each := cell.figure(kind, name))]
    rates, found = [rate for rate, _ in known], [each for _, each in known]
    if kind == "measured":
        colour, style = look.pop("color"), {**look, "ls": ""}
        errorbars(axes, rates, found, colour, **style)
    else:
        axes.plot(rates, [each.value for each in found], **look | {"marker": "", "lw": 1.2})


def scatter(found: Validation) -> Figure:
    """Predicted mean response over the measured one, a mark a policy, against utilisation."""
    drawn = figure(6.3, 2.8)
    panels = drawn.subplots(1, 2, sharex=True, sharey=True)
    marks = looks(found.policies)
    for axes, kind in zip(panels, ("simulated", "closed_form"), strict=True):
        for policy in found.policies:
            _marks(axes, found, (policy, kind), marks[policy])
        _diagonal(axes, found)
        axes.set(title=SAID[kind], xlabel="measured mean response (s)")
    panels[0].set_ylabel("predicted mean response (s)")
    handles, labels = panels[0].get_legend_handles_labels()
    drawn.legend(handles, labels, loc="outside lower center", ncols=3)
    return drawn


def _marks(axes: Axes, found: Validation, what: tuple[str, str], look: Any) -> None:
    policy, kind = what
    for steady in (True, False):
        cells = [cell for cell in found.of(policy) if cell.steady is steady]
        pairs = [(each.figure("measured", MEAN), each.figure(kind, MEAN)) for each in cells]
        known = [(one.value, other.value) for one, other in pairs if one and other]
        across, up = zip(*known, strict=True) if known else ((), ())
        face = look.colour if steady else "none"
        axes.plot(across, up, look.marker, color=look.colour, mfc=face, ms=5)
    axes.plot([], [], look.marker, color=look.colour, ms=5, label=policy)


def _diagonal(axes: Axes, found: Validation) -> None:
    values = [each.value for cell in found.cells if (each := cell.figure("measured", MEAN))]
    reach = np.array([0.6 * min(values), 1.6 * max(values)])
    asked = found.asked.worst
    axes.plot(reach, reach, color="black", lw=0.8)
    axes.fill_between(reach, reach * (1 - asked), reach * (1 + asked), color="#999999", alpha=0.25)
    logarithmic(axes.xaxis)
    logarithmic(axes.yaxis)


def quality(found: Validation) -> Figure:
    """Effective quality and mean response against the rate, every policy on the live stack."""
    drawn = figure(6.3, 2.8)
    panels = drawn.subplots(1, 2)
    marks = looks(found.policies)
    for axes, name in zip(panels, ("effective_quality", TAIL), strict=True):
        for policy, look in marks.items():
            shown = {"color": look.colour, "marker": look.marker}
            _series(axes, found.of(policy), ("measured", name), ls="", label=policy, **shown)
            simulated = shown | {"ls": "--", "label": "_"}
            _series(axes, found.of(policy), ("simulated", name), **simulated)
        axes.set_xlabel("arrival rate (requests/s)")
        scale_rates(axes, [cell.rate for cell in found.cells])
    panels[0].set_ylabel("effective quality")
    panels[1].set(ylabel="95th percentile (s)")
    logarithmic(panels[1].yaxis)
    handles, labels = panels[0].get_legend_handles_labels()
    drawn.legend(handles, labels, loc="outside lower center", ncols=3)
    return drawn
