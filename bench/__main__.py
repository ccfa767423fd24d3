"""`python -m bench`: the engine beside other ways to serve the same checkpoint, the simulator of
queues beside Ciw, and what the controller and the load generator cost.

Prints a table and, as the last line, one JSON object. Every single measurement goes to a file.
"""

import argparse
import json
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn

import torch

from bench.conditions import Conditions
from bench.machine import describe
from bench.records import Finding, Records
from bench.scenes import (
    alone,
    control,
    diffusion15,
    lag,
    mixture,
    overhead,
    queueing,
    steps,
    storybook,
    throughput,
)
from bench.table import render

SCENES: Mapping[str, Callable[[Conditions, Records], list[Finding]]] = {
    "a": throughput.run,
    "b": alone.run,
    "c": mixture.run,
    "d": storybook.run,
    "e": overhead.run,
    "f": steps.run,
    "g": diffusion15.run,
    "h": queueing.run,
    "i": control.run,
    "j": lag.run,
}
NEEDS_A_GPU = "g"


def scenes(text: str) -> list[str]:
    """The letters in `text`, in their order; argparse's error names what is allowed."""
    chosen = text.split(",")
    unknown = [letter for letter in chosen if letter not in SCENES]
    if unknown:
        raise argparse.ArgumentTypeError(
            f"no scene {', '.join(unknown)!r}; choose from {','.join(SCENES)}"
        )
    return chosen


def _parser() -> argparse.ArgumentParser:
    given = Conditions()
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--scene", type=scenes, help="letters with commas; all but g, and g alone with a GPU")
    add("--device", default=given.device, help="cpu, cuda or cuda:N")
    add("--model", default=given.model, help="a folder that StableDiffusionPipeline can load")
    add("--precision", choices=["fp32", "bf16", "fp16"], help="bf16 on a CPU, fp16 on a GPU")
    add("--threads", type=int, default=given.threads, help="torch threads on a CPU")
    add("--cap", type=int, default=given.cap, help="pictures in a batch and in flight")
    add("--quick", action="store_true", help="one repeat of everything, with shorter loads")
    add("--tiny", action="store_true", help="scene g with a shrunken architecture, on any device")
    add("--out", type=Path, default=Path("bench-records"), help="folder for the records")
    return parser


def _conditions(options: argparse.Namespace) -> Conditions:
    on_gpu = options.device != "cpu"
    return Conditions(
        model=options.model,
        device=options.device,
        precision=options.precision or ("fp16" if on_gpu else "bf16"),
        threads=options.threads,
        cap=options.cap,
        quick=options.quick,
        tiny=options.tiny,
    )


def _chosen(options: argparse.Namespace) -> list[str]:
    if options.scene is not None:
        return options.scene
    return [NEEDS_A_GPU] if options.device != "cpu" else [s for s in SCENES if s != NEEDS_A_GPU]


def _obstacle(options: argparse.Namespace) -> str | None:
    """Why these options cannot be measured with, and what can."""
    on_gpu = options.device != "cpu"
    if on_gpu and not torch.cuda.is_available():
        return f"--device {options.device}: PyTorch sees no GPU here; use cpu"
    if NEEDS_A_GPU in _chosen(options) and not (on_gpu or options.tiny):
        return f"scene {NEEDS_A_GPU} takes hours on a CPU: add --tiny, or use --device cuda"
    return None


def _play(chosen: list[str], conditions: Conditions, records: Records) -> list[Finding]:
    findings: list[Finding] = []
    for letter in chosen:
        start = time.monotonic()
        print(f"scene {letter}", file=sys.stderr)
        findings += SCENES[letter](conditions, records)
        print(f"scene {letter} took {time.monotonic() - start:.0f} s", file=sys.stderr)
    return findings


def _stop(number: int, _frame: object) -> NoReturn:
    raise SystemExit(128 + number)


def main() -> int:
    """The exit status: 0 whether or not the targets are met, for a busy machine misses some."""
    parser = _parser()
    options = parser.parse_args()
    obstacle = _obstacle(options)
    if obstacle is not None:
        parser.error(obstacle)
    signal.signal(signal.SIGTERM, _stop)  # so that the servers under way are stopped, too
    conditions, chosen = _conditions(options), _chosen(options)
    torch.set_num_threads(conditions.threads)
    findings = _play(chosen, conditions, Records(options.out / "records.jsonl"))
    print(render(findings))
    result = {
        "machine": describe(conditions.device),
        "scenes": chosen,
        "findings": [finding.as_json() for finding in findings],
    }
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
