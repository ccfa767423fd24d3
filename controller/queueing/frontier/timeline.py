"""The queue over time, one panel for each contender, with the level in force as its ground."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from controller.queueing.frontier.style import Colour, figure, shades
from controller.queueing.frontier.watching import Watched

GROUND = 0.5
"""Opacity."""


def timeline_figure(watched: Sequence[Watched], levels: Sequence[str], rate: float) -> Figure:
    """Jobs outstanding; each panel has its own scale. `levels` best first."""
    drawn = figure(9, 1.2 + 1.25 * len(watched))
    used = [name for name in levels if any(name in each.level for each in watched)]
    colours = shades(used)
    panels = drawn.subplots(len(watched), sharex=True, squeeze=False)[:, 0]
    for axes, each in zip(panels, watched, strict=True):
        _panel(axes, each, colours)
    panels[-1].set_xlabel("time (s)")
    drawn.supylabel("jobs outstanding", fontsize=10)
    drawn.suptitle(f"λ = {rate:g} jobs/s, the same arrivals for all", fontsize=10)
    patches = [Patch(color=colours[name], alpha=GROUND, lw=0, label=name) for name in used]
    drawn.legend(handles=patches, loc="outside right center", title="level in force")
    return drawn


def _panel(axes: Axes, watched: Watched, colours: dict[str, Colour]) -> None:
    top = max(1.0, 1.1 * float(watched.depth.max()))
    _ground(axes, watched, colours, top)
    axes.step(watched.times, watched.depth, where="post", color="black", lw=1)
    axes.set_ylim(0, top)
    axes.set_title(watched.contender, loc="left", pad=2)
    axes.grid(visible=False)


def _ground(axes: Axes, watched: Watched, colours: dict[str, Colour], top: float) -> None:
    """As a picture: a level that changes often would be many thousand shapes."""
    names = list(colours)
    index = np.array([[names.index(name) for name in watched.level]])
    axes.imshow(
        index,
        extent=(watched.times[0], watched.times[-1], 0, top),
        aspect="auto",
        cmap=ListedColormap([*colours.values()]),
        vmin=-0.5,
        vmax=len(names) - 0.5,
        alpha=GROUND,
        interpolation="nearest",
    )
