"""Scene a: pictures a second with 16 in flight, everybody at the same level."""

import sys
from collections.abc import Callable
from contextlib import ExitStack

from bench.conditions import Conditions
from bench.contenders.engine import EngineContender
from bench.contenders.litserve import LitServeContender
from bench.contenders.pipeline import PipelineContender
from bench.contenders.unet import ROWS, pictures_a_second
from bench.loops import Draw, closed_loop, rate
from bench.machine import threads
from bench.medians import interleaved, median, ratio
from bench.orders import DDIM_25, uniform
from bench.records import Finding, Records, Target
from bench.scenes.steps import shipped

REPEATS = 3
ROUNDS, ALONE = 4, 6
Measure = dict[str, Callable[[], float]]


def run(conditions: Conditions, records: Records) -> list[Finding]:
    """Each contender's pictures a second, and the two ratios that matter."""
    with ExitStack() as stack:
        measures = _measures(conditions, records, stack)
        rates = interleaved(measures, conditions.repeats(REPEATS))
    for name, values in rates.items():
        records.keep("a", "throughput", values, contender=name, unit="pictures/s")
    return _findings(rates)


def throughput(draw: Draw, in_flight: int, count: int) -> float:
    """Pictures a second of a closed loop of `count` pictures in 25 DDIM steps."""
    return rate(closed_loop(draw, uniform(count), in_flight), in_flight)


def _measures(conditions: Conditions, records: Records, stack: ExitStack) -> Measure:
    print("loading the contenders", file=sys.stderr)
    engine = stack.enter_context(EngineContender(conditions))
    server = stack.enter_context(LitServeContender(conditions, records.folder / "litserve.log"))
    cap = conditions.cap
    network, pipeline = shipped(conditions), PipelineContender(conditions)

    def litserve() -> float:
        with server.working():
            return throughput(server.draw, cap, ROUNDS * cap)

    def alone(count: int) -> Callable[[], float]:
        def measure() -> float:
            with threads(count):
                return throughput(pipeline.draw, 1, ALONE)

        return measure

    def floor() -> float:
        taus = {rows: median(network.steps(rows)) for rows in ROWS if rows <= 2 * cap}
        return max(pictures_a_second(rows, tau, DDIM_25.steps) for rows, tau in taus.items())

    pipelines = {f"pipeline, threads {count}": alone(count) for count in _counts(conditions)}
    return {
        "engine": lambda: throughput(engine.draw, cap, ROUNDS * cap),
        **pipelines,
        "litserve": litserve,
        "floor": floor,
    }


def _counts(conditions: Conditions) -> tuple[int, ...]:
    """Threads for the pipeline: it gets whatever it does best with."""
    return (conditions.threads,) if conditions.device != "cpu" else (1, 2)


def _findings(rates: dict[str, list[float]]) -> list[Finding]:
    best = max((name for name in rates if "pipeline" in name), key=lambda name: median(rates[name]))
    against = {best: Target("at least", 3.0), "litserve": None, "floor": Target("at least", 0.85)}
    speeds = [Finding("a", name, median(values), "pictures/s") for name, values in rates.items()]
    quotients = [
        Finding("a", f"engine / {name}", ratio(rates["engine"], rates[name]), "×", target)
        for name, target in against.items()
    ]
    return speeds + quotients
