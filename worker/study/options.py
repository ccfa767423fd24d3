"""What may be said on the command line."""

import argparse
from pathlib import Path
from typing import get_args

from services.contract.ladder import Precision, Sampler

HELD_OUT = Path(__file__).parents[2] / "models" / "captions-held-out.txt"
DENOISER = ("fp32", "bf16", "fp16", "int8", "nf4")
STORY = ("bf16", "fp32", "int8", "nf4")
RULES = (
    "relative-change:0.02", "relative-change:0.01", "mutual-information:0.95",
    "mutual-information:0.98", "clip-score:1", "clip-score:0.25",
)  # fmt: skip
"""For the shipped illustrator at DDIM 50, the sooner exit of each measure first."""


def parser(description: str) -> argparse.ArgumentParser:
    """The two commands and their options."""
    both = argparse.ArgumentParser(
        prog="python -m worker.study",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = both.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _quantization(commands.add_parser("quantization", help="precisions", parents=[_shared()]))
    _early_exit(commands.add_parser("early-exit", help="early exit", parents=[_shared()]))
    return both


def _shared() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    add = options.add_argument
    add("--out", type=Path, default=Path("study"), help="folder for table and records (study)")
    add("--captions", type=Path, default=HELD_OUT, help="a file with a caption a line")
    add("--count", type=int, default=144, help="captions, drawn once at each setting (144)")
    add("--group", type=_whole, default=24, help="captions drawn before the next setting's (24)")
    add("--in-flight", type=_whole, default=8, help="pictures that step together (8)")
    add("--sampler", choices=get_args(Sampler), default="ddim", help="how steps are taken (ddim)")
    add("--guidance-scale", type=float, default=3.0, help="of every picture (3)")
    add("--seed", type=int, default=1, help="of the first caption; the next has the next (1)")
    add("--json", action="store_true", help="the last line is one JSON object")
    return options


def _quantization(options: argparse.ArgumentParser) -> None:
    options.description = "Precisions of the denoiser and of the story model, before and after."
    choices = get_args(Precision)[1:]
    add = options.add_argument
    add("--steps", type=_whole, default=25, help="of each picture (25)")
    add("--precisions", nargs="+", choices=choices, default=DENOISER, help="of the denoiser")
    add("--story-precisions", nargs="+", choices=choices, default=STORY, help="of the story model")
    add("--story-tokens", type=int, default=192, help="each of these reads; 0: no story model")


def _early_exit(options: argparse.ArgumentParser) -> None:
    options.description = "Early exit by each measure, beside as many steps without it."
    add = options.add_argument
    add("--steps", type=_whole, default=50, help="of a picture that does not leave early (50)")
    add("--minimum-steps", type=int, default=10, help="taken in any case (10)")
    add("--rule", action="append", help=f"measure:threshold, repeatable ({', '.join(RULES)})")


def _whole(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1; got {text}")
    return number
