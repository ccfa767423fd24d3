"""What the residuals look like, and how the response follows each factor."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import stats

from worker.study.anova.model import Model

LOOK = {
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "svg.fonttype": "none",
    "svg.hashsalt": "storyteller",  # the same records give the same file
    "text.parse_math": False,  # a dollar in the name of a factor is a dollar
}
COLOUR = "#0072B2"
LINE = "#555555"
COLUMNS = 4
CAPTIONS = {
    "residuals": "Studentized residuals against the fitted values, against the quantiles of a "
    "normal distribution, and against the order of the runs. Without structure the assumptions "
    "hold.",
    "effects": "Main effects: the mean response at each level of each factor; dashed: the mean of "
    "all runs.",
}


def save(model: Model, folder: Path) -> None:
    """residuals and effects, as PNG and as SVG."""
    folder.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context(LOOK):
        for name, drawn in (("residuals", residuals(model)), ("effects", effects(model))):
            drawn.savefig(folder / f"{name}.png", dpi=130)
            drawn.savefig(folder / f"{name}.svg", metadata={"Date": None})


def residuals(model: Model) -> Figure:
    """Against fitted values, normal quantiles, and order where that is known."""
    order = model.sample.order
    count = 2 if order is None else 3
    figure = Figure(figsize=(3.4 * count, 3.2), layout="constrained")
    axes = figure.subplots(1, count)
    _dots(axes[0], model.fitted, model.residuals, f"fitted {model.sample.name}")
    _quantiles(axes[1], model.residuals)
    if order is not None:
        _dots(axes[2], order, model.residuals, "order of the run")
    axes[0].set_ylabel("studentized residual")
    return figure


def _dots(axes: Axes, across: Sequence[float], up: Sequence[float], label: str) -> None:
    axes.axhline(0, color=LINE, linewidth=1)
    axes.plot(across, up, "o", color=COLOUR, markersize=4, alpha=0.7)
    axes.set_xlabel(label)


def _quantiles(axes: Axes, residuals: Sequence[float]) -> None:
    """The straight line is that of a standard normal distribution."""
    theory = stats.probplot(residuals, fit=False)[0]
    axes.plot(theory, theory, color=LINE, linewidth=1)
    axes.plot(theory, np.sort(residuals), "o", color=COLOUR, markersize=4, alpha=0.7)
    axes.set_xlabel("normal quantile")


def effects(model: Model) -> Figure:
    """One panel a factor, on one scale."""
    sample = model.sample
    columns = min(COLUMNS, len(sample.factors))
    rows = -(-len(sample.factors) // columns)
    figure = Figure(figsize=(2.4 * columns, 2.4 * rows), layout="constrained")
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False)
    for axes, name in zip(panels.flat, sample.factors, strict=False):
        _means(axes, model, name)
    for axes in panels.flat[len(sample.factors) :]:
        axes.set_axis_off()
    for row in panels:
        row[0].set_ylabel(f"mean {sample.name}")
    return figure


def _means(axes: Axes, model: Model, name: str) -> None:
    sample = model.sample
    levels = sample.factors[name]
    at = np.array([levels.index(point[name]) for point in sample.points])
    means = [sample.response[at == place].mean() for place in range(len(levels))]
    axes.axhline(sample.response.mean(), color=LINE, linewidth=1, linestyle="--")
    axes.plot(range(len(levels)), means, "o-", color=COLOUR, markersize=4)
    crowded = sum(map(len, levels)) > 20
    axes.set_xticks(range(len(levels)), levels, rotation=30 if crowded else 0)
    if crowded:
        for label in axes.get_xticklabels():
            label.set_horizontalalignment("right")
    axes.set_xlim(-0.3, len(levels) - 0.7)
    axes.set_title(name)
