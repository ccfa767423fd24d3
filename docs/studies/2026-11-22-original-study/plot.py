"""latencies.svg and ablations.svg, from reproduction.csv and ablations.csv in this folder."""

import csv
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from controller.queueing.frontier.style import COLOURS, TEXT, figure

HERE = Path(__file__).parent
RATE = "0.6"
MARKERS = {"100-50-20": "o", "80-40-10": "^", "150-80-40": "s"}
COLOUR_OF = {"mixed": COLOURS[3], "ddpm": COLOURS[0], "ddim": COLOURS[2]}


def rows(name: str) -> list[dict[str, str]]:
    """Of a file in this folder."""
    with (HERE / name).open() as file:
        return list(csv.DictReader(file))


def latencies() -> Figure:
    """Each published interval, and where our means lie in it: -1 and 1 are its ends."""
    found = rows("reproduction.csv")
    drawn = figure(7, 8.2)
    axes = drawn.subplots()
    places = range(len(found))
    axes.axvspan(-1, 1, color="lightgrey", alpha=0.5, lw=0, label="published interval")
    for kind, marker, colour in (
        ("unconditioned", "x", COLOURS[0]),
        ("conditioned", "o", COLOURS[3]),
    ):
        values = [_within(row, kind) for row in found]
        label = "given as many arrivals" if kind == "conditioned" else "any number of arrivals"
        axes.plot(values, places, marker, color=colour, label=label)
    names = [f"{row['dataset']} {row['rate']}/s {row['policy']}" for row in found]
    axes.set_yticks(places, names, fontsize=8)
    axes.set_ylim(len(found), -1)
    axes.set_xlabel("our mean response, in half-widths from the published mean")
    drawn.legend(loc="outside lower center", ncols=3)
    return drawn


def _within(row: dict[str, str], kind: str) -> float:
    off = float(row[f"response_{kind}"]) - float(row["response_published"])
    return off / float(row["response_published_half_width"])


def ablations() -> Figure:
    """Effective FID against the mean response of every variant, one panel a data set."""
    found = [row for row in rows("ablations.csv") if row["rate"] == RATE]
    drawn = figure(11, 4.2)
    panels = drawn.subplots(1, 3)
    for axes, dataset in zip(panels, ("cifar10", "flowers", "faces"), strict=True):
        _scatter(axes, [row for row in found if row["dataset"] == dataset])
        axes.set(title=dataset, xlabel="mean response (s)")
    panels[0].set_ylabel("effective FID (down is better)")
    handles, labels = panels[0].get_legend_handles_labels()
    drawn.legend(handles, labels, loc="outside lower center", ncols=5)
    return drawn


def _scatter(axes: Axes, found: list[dict[str, str]]) -> None:
    for steps, marker in MARKERS.items():
        for mix, colour in COLOUR_OF.items():
            alike = [row for row in found if (row["steps"], row["mix"]) == (steps, mix)]
            seconds = [float(row["response"]) for row in alike]
            fid = [float(row["fid"]) for row in alike]
            axes.plot(seconds, fid, marker, color=colour, ms=5, mfc="none", label=f"{mix} {steps}")


def main() -> None:
    """Write both."""
    with mpl.rc_context(TEXT):
        for plot in (latencies, ablations):
            plot().savefig(HERE / f"{plot.__name__}.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
