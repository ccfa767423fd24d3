"""The plots of docs/queueing.md: curves from the models, crosses from the simulator.

    .venv/bin/python docs/queueing/plots.py

Crosses are means of 8 replications of 40 000 jobs, with 95 % confidence intervals.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from controller.queueing.engine import Engine
from controller.queueing.frontier.style import COLOURS, TEXT, figure
from controller.queueing.general import mg1
from controller.queueing.levels.embedded import measure
from controller.queueing.levels.measures import LevelMeasures
from controller.queueing.levels.queue import LevelledQueue
from controller.queueing.markovian import erlang_c, mmk
from controller.queueing.planning.thresholds import Thresholds, table
from controller.queueing.sharing import ps
from controller.queueing.simulation.arrivals import Poisson
from controller.queueing.simulation.estimates import Estimate
from controller.queueing.simulation.scenario import ONE_LEVEL, Horizon, Scenario, Switching
from controller.queueing.simulation.service import by_scv
from controller.queueing.simulation.statistics import Summary, replicate
from services.contract.forecast import Pace
from services.contract.profile import BatchLaw

HERE = Path(__file__).parent
LOADS = np.linspace(0.02, 0.96, 48)
CHECKED = (0.3, 0.5, 0.7, 0.8, 0.9)
BATCH = BatchLaw(tau0=0.8, tau1=0.2, cap=8)
PACES, QUALITIES = (2.0, 1.0, 0.4), (30.0, 29.0, 26.0)
"""Seconds a job and CLIPScore of three levels, made up."""
SWITCHES = table(Thresholds((3, 6), (1, 4)))


def simulated(rate: float, seconds: Sequence[float], scv: float, law: BatchLaw | None) -> Summary:
    """One worker; three levels by SWITCHES where there are three service times."""
    switching = Switching(SWITCHES) if len(seconds) > 1 else ONE_LEVEL
    laws = {} if law is None else {"law": law}
    scenario = Scenario(
        arrivals=Poisson(rate),
        services=tuple(by_scv(mean, scv) for mean in seconds),
        horizon=Horizon(40_000),
        switching=switching,
        qualities=QUALITIES if len(seconds) > 1 else None,
        **laws,
    )
    return replicate(scenario, range(8))


def crosses(axes: Axes, where: Sequence[float], found: Sequence[Estimate], colour: str) -> None:
    """Simulated values with their intervals."""
    spread = [each.half_width for each in found]
    means = [each.mean for each in found]
    axes.errorbar(where, means, spread, fmt="x", color=colour, ms=5, lw=1, capsize=2)


def variability() -> Figure:
    """The wait of M/G/1 against the utilisation, for three kinds of service."""
    drawn = figure(6, 3.8)
    axes = drawn.subplots()
    for scv, colour in zip((4.0, 1.0, 0.0), COLOURS, strict=False):
        waits = [mg1(load, 1.0, scv).mean_wait for load in LOADS]
        axes.plot(LOADS, waits, color=colour, label=f"scv = {scv:g}")
        found = [simulated(load, [1.0], scv, None).mean_wait for load in CHECKED]
        crosses(axes, CHECKED, found, colour)
    axes.set(xlabel="utilisation ρ", ylabel="mean wait (service times)", ylim=(0, 20), xlim=(0, 1))
    axes.legend(title="variability of service", loc="upper left")
    return drawn


def servers() -> Figure:
    """Probability of waiting and mean wait of M/M/k against the utilisation."""
    drawn = figure(9, 3.8)
    waiting, wait = drawn.subplots(1, 2)
    for k, colour in zip((1, 2, 4, 8, 16), COLOURS, strict=False):
        waiting.plot(LOADS, [erlang_c(load * k, k) for load in LOADS], color=colour)
        means = [mmk(load * k, 1.0, k).mean_wait for load in LOADS]
        wait.plot(LOADS, means, color=colour, label=f"{k}")
    waiting.set(xlabel="utilisation ρ", ylabel="probability of waiting", xlim=(0, 1), ylim=(0, 1))
    wait.set(xlabel="utilisation ρ", ylabel="mean wait (service times)", xlim=(0, 1), ylim=(0, 6))
    drawn.legend(*wait.get_legend_handles_labels(), title="servers", loc="outside right center")
    return drawn


def sharing() -> Figure:
    """The response of the batching engine, and of the same worker one at a time."""
    drawn = figure(6, 3.8)
    axes = drawn.subplots()
    engine = Engine(work=1.0, law=BATCH)
    rates, alone = engine.stable_rate * LOADS, LOADS
    together = [ps(rate, engine, scv=0.0).mean_response for rate in rates]
    axes.plot(rates, together, color=COLOURS[3], label="up to 8 together, τ(b) = 0.8 + 0.2·b")
    one = [mg1(rate, 1.0, 0.0).mean_response for rate in alone]
    axes.plot(alone, one, color=COLOURS[0], label="one at a time")
    checked = [engine.stable_rate * load for load in CHECKED]
    found = [simulated(rate, [1.0], 0.0, BATCH).mean_response for rate in checked]
    crosses(axes, checked, found, COLOURS[3])
    axes.set(xlabel="arrival rate λ (jobs/s)", ylabel="mean response (s)", ylim=(0, 8))
    axes.legend(title="1 s of constant work a job", loc="upper left", bbox_to_anchor=(0.32, 1))
    return drawn


def levels() -> Figure:
    """Response and effective quality where the level follows the queue, beside levels for ever."""
    drawn = figure(9, 4.2)
    response, quality = drawn.subplots(1, 2)
    rates = np.linspace(0.05, 2.3, 46)
    for i, (seconds, worth) in enumerate(zip(PACES, QUALITIES, strict=True)):
        stable = rates[rates * seconds < 0.97]
        means = [mg1(rate, seconds, 0.1).mean_response for rate in stable]
        response.plot(stable, means, color=COLOURS[i], label=f"always {seconds:g} s")
        quality.plot(stable, [worth] * len(stable), color=COLOURS[i])
    found = [_switching(rate) for rate in rates]
    black = COLOURS[5]
    response.plot(rates, [each.mean_response for each in found], color=black, label="by the queue")
    quality.plot(rates, [each.effective_quality for each in found], color=black)
    checked = (0.2, 0.5, 1.0, 1.5, 2.0)
    runs = [simulated(rate, PACES, 0.1, None) for rate in checked]
    crosses(response, checked, [run.mean_response for run in runs], black)
    crosses(quality, checked, [run.effective_quality for run in runs], black)
    response.set(xlabel="arrival rate λ (jobs/s)", ylabel="mean response (s)", ylim=(0, 10))
    quality.set(xlabel="arrival rate λ (jobs/s)", ylabel="effective quality (CLIPScore)")
    handles = response.get_legend_handles_labels()
    drawn.legend(*handles, loc="outside lower center", ncols=4)
    return drawn


def _switching(rate: float) -> LevelMeasures:
    paces = tuple(Pace(seconds=seconds, scv=0.1) for seconds in PACES)
    return measure(LevelledQueue(rate, paces, QUALITIES), SWITCHES)


PLOTS: tuple[Callable[[], Figure], ...] = (variability, servers, sharing, levels)


def main() -> None:
    """Write one SVG each, beside this file."""
    with mpl.rc_context(TEXT):
        for plot in PLOTS:
            plot().savefig(HERE / f"{plot.__name__}.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
