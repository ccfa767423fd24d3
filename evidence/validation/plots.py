"""What a validation looks like: predicted against measured, and both against the rate."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evidence.validation.figures import Estimates
from evidence.validation.result import Result
from evidence.validation.verdict import Verdict
from loadgen.metrics import Estimate

mpl.use("Agg")
mpl.rcParams["svg.hashsalt"] = "storyteller"  # the same records give the same file

# Okabe and Ito (2008): told apart by readers who see fewer colours.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKS = ("o", "s", "^", "D", "v", "P", "X")
BANDS = ((0.25, "0.92"), (0.10, "0.82"))
Pick = Callable[[Verdict], tuple[Estimate | None, float | None, float | None]]
"""What was measured, what the simulation says, what the formula says."""


def draw(result: Result, out: Path) -> list[str]:
    """Write the plots; the names of the files."""
    verdicts = result.verdicts
    made = {
        "predicted-measured": predicted_against_measured(verdicts),
        "response-rate": against_rate(verdicts, _response, "mean response, s", log=True),
        "number-rate": against_rate(verdicts, _number, "mean number outstanding", log=True),
    }
    if result.study.qualities is not None:
        measure = result.study.profile.quality_measure
        made["quality-rate"] = against_rate(verdicts, _quality, f"effective quality, {measure}")
    return [name for stem, figure in made.items() for name in _saved(figure, out, stem)]


def predicted_against_measured(verdicts: Sequence[Verdict]) -> Figure:
    """Mean responses of all runs, with the identity and bands of 10 and 25 %; logarithmic."""
    figure = Figure(figsize=(6, 5.4), layout="constrained")
    axes = figure.subplots()
    for (policy, runs), colour in zip(_by_policy(verdicts).items(), _cycle(COLOURS), strict=False):
        _points(axes, runs, policy, colour)
    _bands(axes)
    axes.set(xscale="log", yscale="log", xlabel="measured mean response, s", ylabel="predicted, s")
    axes.plot([], [], "o", color="0.4", label="simulation")
    axes.plot([], [], "o", color="0.4", markerfacecolor="none", label="formula")
    axes.legend(fontsize="small")
    return figure


def _points(axes: Axes, runs: Sequence[Verdict], policy: str, colour: str) -> None:
    for run in runs:
        found = run.measured.mean_response
        said, theory = run.said.simulated.mean_response, run.said.closed_form
        spread = [[found.value - found.low], [found.high - found.value]]
        likely = [[said.value - said.low], [said.high - said.value]]
        axes.errorbar(
            [found.value],
            [said.value],
            xerr=spread,
            yerr=likely,
            fmt="o",
            color=colour,
            linewidth=1,
        )
        if theory is not None:
            axes.plot(found.value, theory.mean_response, "o", color=colour, markerfacecolor="none")
    axes.plot([], [], "-", color=colour, label=policy)


def _bands(axes: Axes) -> None:
    low, high = (
        min(axes.get_xlim()[0], axes.get_ylim()[0]),
        max(axes.get_xlim()[1], axes.get_ylim()[1]),
    )
    across = np.array([max(low, high / 1e6, 1e-4), high])
    for width, shade in BANDS:
        label = f"± {width:.0%}"
        axes.fill_between(
            across, across * (1 - width), across * (1 + width), color=shade, label=label, zorder=0
        )
    axes.plot(across, across, color="0.3", linewidth=1, zorder=1)


def against_rate(
    verdicts: Sequence[Verdict], pick: Pick, label: str, *, log: bool = False
) -> Figure:
    """Points as measured, lines through the means of the predictions at each rate."""
    figure = Figure(figsize=(7, 4.4), layout="constrained")
    axes = figure.subplots()
    styles = zip(_cycle(COLOURS), _cycle(MARKS), strict=False)
    for (policy, runs), (colour, mark) in zip(_by_policy(verdicts).items(), styles, strict=False):
        _measured(axes, runs, pick, colour, mark, policy)
        for which, line in ((1, "-"), (2, ":")):
            _line(axes, [(run.run.rate, pick(run)[which]) for run in runs], colour, line)
    axes.plot([], [], "-", color="0.4", label="simulation")
    axes.plot([], [], ":", color="0.4", label="formula")
    axes.set(xlabel="requests a second", ylabel=label, yscale="log" if log else "linear")
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    return figure


def _measured(
    axes: Axes, runs: Sequence[Verdict], pick: Pick, colour: str, mark: str, policy: str
) -> None:
    known = [(run.run.rate, found) for run in runs if (found := pick(run)[0]) is not None]
    if not known:
        return
    rates, values = zip(*known, strict=True)
    ends = [[each.value - each.low for each in values], [each.high - each.value for each in values]]
    means = [each.value for each in values]
    axes.errorbar(rates, means, yerr=ends, fmt=mark, color=colour, linewidth=1, label=policy)


def _line(
    axes: Axes, points: Sequence[tuple[float, float | None]], colour: str, style: str
) -> None:
    at: dict[float, list[float]] = defaultdict(list)
    for rate, value in points:
        if value is not None:
            at[rate].append(value)
    rates = sorted(at)
    axes.plot(rates, [np.mean(at[rate]) for rate in rates], style, color=colour, linewidth=1.2)


def _by_policy(verdicts: Sequence[Verdict]) -> dict[str, list[Verdict]]:
    found: dict[str, list[Verdict]] = defaultdict(list)
    for each in verdicts:
        found[each.run.policy.notation].append(each)
    return found


def _cycle(choices: Sequence[str]) -> list[str]:
    return list(choices) * 10


def _picked(found: Verdict, name: str) -> tuple[Estimate | None, float | None, float | None]:
    theory = found.said.closed_form
    simulated = _estimate(found.said.simulated, name)
    formula = None if theory is None else getattr(theory, name)
    return _estimate(found.measured, name), simulated and simulated.value, formula


def _estimate(found: Estimates, name: str) -> Estimate | None:
    value: Estimate | None = getattr(found, name)
    return value


def _response(found: Verdict) -> tuple[Estimate | None, float | None, float | None]:
    return _picked(found, "mean_response")


def _number(found: Verdict) -> tuple[Estimate | None, float | None, float | None]:
    return _picked(found, "mean_number")


def _quality(found: Verdict) -> tuple[Estimate | None, float | None, float | None]:
    return _picked(found, "effective_quality")


def _saved(figure: Figure, out: Path, name: str) -> list[str]:
    figure.savefig(out / f"{name}.png", dpi=144)
    figure.savefig(out / f"{name}.svg", metadata={"Date": None})
    return [f"{name}.png", f"{name}.svg"]
