"""Service: seconds against steps, and what company costs; quality against seconds."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from controller.queueing.frontier.style import Look
from evidence.report.figures.drawing import errorbars, figure, logarithmic, looks
from evidence.report.sources.profile import Fit, Law, Profiled
from evidence.report.sources.served import Loop, Loops
from evidence.served import Where

PARTS = {
    Where.CALIBRATION: {"label": "before"},
    Where.REFERENCE: {"label": "beside", "ms": 2, "alpha": 0.5, "zorder": 1.5},
    Where.RECALIBRATION: {"label": "after", "mfc": "none"},
}
"""How loops of each part of a study look."""


def service(found: Profiled) -> Figure:
    """S(n) of each sampler on the left, τ(b) of each queue on the right; dots are measurements."""
    drawn = figure(6.3, 2.4)
    alone, together = drawn.subplots(1, 2)
    samplers = looks([fit.sampler for fit in found.fits]).values()
    for fit, look in zip(found.fits, samplers, strict=True):
        _steps(alone, fit, look.colour, look.marker)
    named = looks([f"τ(b), {law.queue}" for law in found.laws])
    for law, (name, look) in zip(found.laws, named.items(), strict=True):
        _company(together, law, name, look.colour, look.marker)
    alone.set(xlabel="steps n", ylabel="seconds alone, S(n)", xlim=(0, None), ylim=(0, None))
    together.set(xlabel="jobs in the step, b", ylabel="ms a step, τ(b)", ylim=(0, None))
    for axes in (alone, together):
        if axes.lines:
            axes.legend(loc="upper left")
    return drawn


def _steps(axes: Axes, fit: Fit, colour: str, marker: str) -> None:
    steps, seconds = zip(*fit.points, strict=True)
    axes.plot(steps, seconds, marker, color=colour, ms=4, mfc="none", ls="")
    reach = np.array([0, max(steps)])
    axes.plot(reach, fit.alpha.value + fit.beta.value * reach, color=colour, lw=1)
    axes.plot([], [], f"{marker}-", color=colour, ms=4, mfc="none", lw=1, label=fit.sampler.upper())


def _company(axes: Axes, law: Law, name: str, colour: str, marker: str) -> None:
    jobs, seconds = zip(*law.points, strict=True)
    axes.plot(jobs, [1000 * each for each in seconds], marker, color=colour, ms=4, mfc="none")
    reach = np.array([1, max(law.cap, *jobs)])
    fitted = 1000 * (law.tau0.value + law.tau1.value * reach)
    axes.plot(reach, fitted, color=colour, lw=1)
    axes.plot([], [], f"{marker}-", color=colour, ms=4, mfc="none", lw=1, label=name)


def served(found: Loops) -> Figure:
    """Mean seconds of each closed loop against the others outstanding, a panel a level, and the
    fitted line: filled before the live runs, small beside them, hollow after them."""
    drawn = figure(6.3, 2.2)
    levels = found.law.levels
    panels = drawn.subplots(1, len(levels), squeeze=False)[0]
    named = looks([level.name for level in levels]).values()
    for axes, level, look in zip(panels, levels, named, strict=True):
        reach = (0, found.law.cap - 1)
        axes.plot(reach, [level.mean(others) for others in reach], color=look.colour, lw=1)
        for where in found.parts:
            _loops(axes, found.of(where, level.name), look, where)
        axes.set(title=level.name, xlabel="others outstanding", xlim=(-0.4, None), ylim=(0, None))
    panels[0].set_ylabel("mean response, s")
    if len(found.parts) > 1:
        panels[0].legend(loc="lower right")
    return drawn


def _loops(axes: Axes, loops: Sequence[Loop], look: Look, where: Where) -> None:
    across, up = [loop.others for loop in loops], [loop.seconds for loop in loops]
    drawn = {"color": look.colour, "mfc": look.colour, "ms": 4.5, "ls": ""}
    axes.plot(across, up, look.marker, **drawn | PARTS[where])


def quality(found: Profiled) -> Figure:
    """Quality with its interval against steps, and against the seconds of a picture."""
    drawn = figure(6.3, 2.4)
    steps, seconds = drawn.subplots(1, 2, sharey=True)
    known = [rung for rung in found.rungs if rung.quality]
    samplers = looks(list(dict.fromkeys(rung.sampler for rung in known)))
    for name, look in samplers.items():
        same = [rung for rung in known if rung.sampler == name]
        marked = {"marker": look.marker, "label": name.upper()}
        worth = [rung.quality for rung in same if rung.quality]
        errorbars(steps, [rung.steps for rung in same], worth, look.colour, **marked)
        taken = [rung.seconds.value for rung in same]
        errorbars(seconds, taken, worth, look.colour, **marked)
    steps.set(xlabel="steps", ylabel=f"quality ({found.measure})")
    seconds.set(xlabel="seconds a picture, alone")
    for axes in (steps, seconds):
        logarithmic(axes.xaxis)
    steps.legend(loc="lower right")
    return drawn
