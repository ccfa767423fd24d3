"""Scene g: Stable Diffusion 1.5's architecture at 512 × 512 on a GPU, with random weights."""

import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from bench.checkpoint15 import TINY, TRUE, write
from bench.conditions import Conditions
from bench.contenders.engine import EngineContender
from bench.contenders.pipeline import PipelineContender
from bench.loops import closed_loop, rate
from bench.medians import interleaved, median, ratio
from bench.orders import DDIM_25, uniform
from bench.records import Finding, Records, Target
from bench.scenes.steps import shipped, step_seconds
from bench.scenes.throughput import throughput
from worker.precision import DTYPES

REPEATS, ROUNDS, ALONE = 3, 3, 5
QUANTIZED = ("int8", "nf4")


def run(conditions: Conditions, records: Records) -> list[Finding]:
    """Pictures a second of engine and pipeline, a step by its rows, and small weights."""
    with tempfile.TemporaryDirectory() as folder:
        print("writing the checkpoint", file=sys.stderr)
        sizes = TINY if conditions.tiny else TRUE
        write(Path(folder), sizes, conditions.device, DTYPES[conditions.precision])
        own = replace(conditions, model=folder)
        return [*_speed(own, records), *_steps(own, records), *_precisions(own, records)]


def _speed(conditions: Conditions, records: Records) -> list[Finding]:
    cap, pipeline = conditions.cap, PipelineContender(conditions)
    with EngineContender(conditions) as engine:
        measures: dict[str, Callable[[], float]] = {
            "engine": lambda: throughput(engine.draw, cap, ROUNDS * cap),
            "pipeline": lambda: throughput(pipeline.draw, 1, ALONE),
        }
        rates = interleaved(measures, conditions.repeats(REPEATS))
    for name, values in rates.items():
        records.keep("g", "throughput", values, contender=name, unit="pictures/s")
    quotient = ratio(rates["engine"], rates["pipeline"])
    return [
        *(Finding("g", name, median(values), "pictures/s") for name, values in rates.items()),
        Finding("g", "engine / pipeline", quotient, "×", Target("at least", 4.0)),
    ]


def _steps(conditions: Conditions, records: Records) -> list[Finding]:
    taus = step_seconds(shipped(conditions), conditions)
    for rows, values in taus.items():
        records.keep("g", "step", values, rows=rows, unit="s")
    return [
        Finding("g", f"a step of {rows} rows", 1000 * median(values), "ms")
        for rows, values in taus.items()
    ]


def _precisions(conditions: Conditions, records: Records) -> list[Finding]:
    findings = []
    for precision in (conditions.precision, *QUANTIZED):
        print(f"precision {precision}", file=sys.stderr)
        with EngineContender(conditions) as engine:
            speeds = _at(precision, engine, conditions)
            size = engine.memory[precision] / 2**20
        records.keep("g", "precision", speeds, precision=precision, weights_mib=size)
        findings += [
            Finding("g", f"{precision}, {conditions.cap} in flight", median(speeds), "pictures/s"),
            Finding("g", f"{precision}, the denoiser's weights", size, "MiB"),
        ]
    return findings


def _at(precision: str, engine: EngineContender, conditions: Conditions) -> list[float]:
    level = DDIM_25.model_copy(update={"precision": precision})
    cap = conditions.cap
    orders = uniform(ROUNDS * cap, level)
    repeats = range(conditions.repeats(REPEATS))
    return [rate(closed_loop(engine.draw, orders, cap), cap) for _ in repeats]
