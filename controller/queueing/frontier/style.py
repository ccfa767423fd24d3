"""How the plots look: colours that colour-blind readers can tell apart, and a marker each."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

TEXT = {
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "svg.fonttype": "none",
    "svg.hashsalt": "storyteller",
}


Colour = tuple[float, ...]
"""Red, green, blue and opacity, from 0 to 1."""


class Look(NamedTuple):
    """Of one contender's line."""

    colour: str
    marker: str


COLOURS = ("#D55E00", "#E69F00", "#009E73", "#0072B2", "#CC79A7", "#000000")
"""Okabe and Ito 2008, Color Universal Design."""
MARKERS = ("s", "D", "^", "o", "v", "x")


def looks(names: Sequence[str]) -> dict[str, Look]:
    """One each, in order; from the beginning again after six."""
    pairs = list(zip(COLOURS, MARKERS, strict=True))
    return {name: Look(*pairs[i % len(pairs)]) for i, name in enumerate(names)}


def shades(levels: Sequence[str]) -> dict[str, Colour]:
    """Of levels, best first, from dark to light: told apart in grey as well."""
    scale = mpl.colormaps["viridis"](np.linspace(0.05, 0.98, max(2, len(levels))))
    return {name: tuple(scale[i]) for i, name in enumerate(levels)}


def figure(width: float, height: float) -> Figure:
    """An empty one of so many inches."""
    return Figure(figsize=(width, height), layout="constrained")


def save(drawn: Figure, folder: Path, name: str) -> list[Path]:
    """As PNG and as SVG."""
    folder.mkdir(parents=True, exist_ok=True)
    png, svg = folder / f"{name}.png", folder / f"{name}.svg"
    drawn.savefig(png, dpi=130)
    drawn.savefig(svg, metadata={"Date": None})
    return [png, svg]
