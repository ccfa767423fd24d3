"""Scene f: seconds of one denoising step by the rows of its batch, the network alone."""

import sys

from bench.conditions import Conditions
from bench.contenders.pipeline import load
from bench.contenders.unet import ROWS, UNetContender
from bench.machine import threads
from bench.medians import interleaved, median
from bench.records import Finding, Records

REPEATS = 5


def run(conditions: Conditions, records: Records) -> list[Finding]:
    """A line for each batch; on a CPU, with one thread and with two."""
    counts = (conditions.threads,) if conditions.device != "cpu" else (1, 2)
    network = shipped(conditions)
    findings = []
    for count in counts:
        with threads(count):
            taus = step_seconds(network, conditions)
        for rows, values in taus.items():
            records.keep("f", "step", values, rows=rows, threads=count, unit="s")
            findings.append(_finding(rows, count, median(values)))
    return findings


def shipped(conditions: Conditions) -> UNetContender:
    """The network of the conditions' checkpoint."""
    pipeline = load(conditions)
    return UNetContender(pipeline.unet, conditions, pipeline.tokenizer.model_max_length)


def step_seconds(network: UNetContender, conditions: Conditions) -> dict[int, list[float]]:
    """Seconds of a step by rows: a median for each round."""
    print("a step by its rows", file=sys.stderr)
    measures = {str(rows): lambda rows=rows: median(network.steps(rows)) for rows in ROWS}
    measured = interleaved(measures, conditions.repeats(REPEATS))
    return {int(rows): values for rows, values in measured.items()}


def _finding(rows: int, count: int, step: float) -> Finding:
    what = f"a step of {rows} rows, {count} thread{'s' * (count > 1)}"
    return Finding("f", what, 1000 * step, "ms")
