"""Scene b: one picture on an idle machine, from the request to the file."""

import sys
from collections.abc import Callable
from itertools import cycle

from bench.conditions import Conditions
from bench.contenders.engine import EngineContender
from bench.contenders.pipeline import PipelineContender
from bench.loops import Draw
from bench.machine import seconds, threads
from bench.medians import interleaved, median, ratio
from bench.orders import uniform
from bench.records import Finding, Records, Target

REPEATS = 15


def run(conditions: Conditions, records: Records) -> list[Finding]:
    """Both latencies and their ratio."""
    print("one picture alone", file=sys.stderr)
    pipeline = PipelineContender(conditions)
    with EngineContender(conditions) as engine, threads(conditions.threads):
        contenders = {"engine": engine.draw, "pipeline": pipeline.draw}
        measures = {name: _latency(draw, conditions) for name, draw in contenders.items()}
        interleaved(measures, 1)
        latencies = interleaved(measures, conditions.repeats(REPEATS))
    for name, values in latencies.items():
        records.keep("b", "latency", values, contender=name, unit="s")
    quotient = ratio(latencies["engine"], latencies["pipeline"])
    return [
        *(Finding("b", name, median(values), "s") for name, values in latencies.items()),
        Finding("b", "engine / pipeline", quotient, "×", Target("at most", 1.0)),
    ]


def _latency(draw: Draw, conditions: Conditions) -> Callable[[], float]:
    orders = cycle(uniform(1 + REPEATS))
    return lambda: seconds(lambda: draw(next(orders)), conditions.device)
