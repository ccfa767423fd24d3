"""What may be said on the command line."""

import argparse
from pathlib import Path
from typing import Any, get_args

from services.contract.jobs import QUEUES
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
    """The commands and their options."""
    every = argparse.ArgumentParser(
        prog="python -m worker.study",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = every.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _quantization(commands.add_parser("quantization", help="precisions", parents=[_shared()]))
    _profile(commands.add_parser("profile", help="cost of levels", parents=[_any_study()]))
    _quality(commands.add_parser("quality", help="worth of levels", parents=[_judging()]))
    _early_exit(commands.add_parser("early-exit", help="early exit", parents=[_shared()]))
    _anova(commands.add_parser("anova", help="designed experiment on books", parents=[_output()]))
    return every


def understood(options: argparse.Namespace) -> dict[str, Any]:
    """The options as they were understood, without this machine's paths."""
    given = {name: value for name, value in vars(options).items() if name not in ("out", "json")}
    return {name: each.name if isinstance(each, Path) else each for name, each in given.items()}


def _output() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    add = options.add_argument
    add("--out", type=Path, default=Path("study"), help="folder for table and records (study)")
    add("--captions", type=Path, default=HELD_OUT, help="a file with a caption a line")
    add("--json", action="store_true", help="the last line is one JSON object")
    return options


def _any_study() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False, parents=[_output()])
    add = options.add_argument
    add("--seed", type=int, default=1, help="of the first caption; the next has the next (1)")
    return options


def _judging() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False, parents=[_any_study()])
    add = options.add_argument
    add("--count", type=int, default=144, help="captions, drawn once at each setting (144)")
    add("--group", type=_whole, default=24, help="captions drawn before the next setting's (24)")
    add("--in-flight", type=_whole, default=8, help="pictures that step together (8)")
    add("--guidance-scale", type=float, default=3.0, help="of every picture (3)")
    add(
        "--inception",
        type=Path,
        metavar="FILE",
        help="TorchScript Inception that Fréchet distances are of (the CLIP's vectors)",
    )
    return options


def _shared() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False, parents=[_judging()])
    options.add_argument(
        "--sampler", choices=get_args(Sampler), default="ddim", help="how steps are taken (ddim)"
    )
    return options


def _profile(options: argparse.ArgumentParser) -> None:
    options.description = (
        "Seconds and memory of every candidate level alone, by which share of them each other job "
        "in the worker lengthens a job (crowding), and the batch law of each queue, into "
        "profile.json. A run that is repeated measures only what is missing in the journals "
        "profile-*.jsonl beside it."
    )
    add = options.add_argument
    add(
        "--levels", type=Path, help="a TOML file with [[levels]] (the policy's and a built-in list)"
    )
    add("--count", type=int, default=24, help="captions that take turns (24)")
    add("--queues", nargs="+", choices=QUEUES, default=QUEUES[::-1], help="measured (both)")
    _picture_grid(options)
    _story_grid(options)


def _picture_grid(options: argparse.ArgumentParser) -> None:
    group = options.add_argument_group(
        "pictures", "Every combination, beside each level alone and in the most company."
    )
    add = group.add_argument
    add("--samplers", nargs="+", choices=get_args(Sampler), default=("ddim",), help="(ddim)")
    add("--steps", nargs="+", type=_whole, default=(25, 10), help="(25 10)")
    add(
        "--batches",
        nargs="+",
        type=_whole,
        default=(1, 2, 4, 8),
        help="in flight; crowding is told by 1, which must be among them, and the most (1 2 4 8)",
    )
    add("--sizes", nargs="+", type=_size, default=(), help="such as 128x128 (the model's own)")
    add("--precisions", nargs="+", choices=get_args(Precision), default=("auto",), help="(auto)")
    add("--guidance", nargs="+", type=float, default=(3.0,), help="guidance scales (3)")
    add(
        "--repeats",
        type=_several,
        default=9,
        help="of each setting alone, by turns, the first few of them together too (9)",
    )


def _story_grid(options: argparse.ArgumentParser) -> None:
    group = options.add_argument_group("stories", "Each level alone; the first one in company too.")
    add = group.add_argument
    precisions = get_args(Precision)
    add("--stories", type=_several, default=3, help="written at each level (3)")
    add(
        "--story-batches",
        nargs="+",
        type=_whole,
        default=(1, 4, 8),
        help="together; 1 must be among them (1 4 8)",
    )
    add("--story-precisions", nargs="+", choices=precisions, default=("auto",), help="(auto)")


def _quality(options: argparse.ArgumentParser) -> None:
    options.description = (
        "CLIPScore and Fréchet distance of every level in OUT/profile.json, which `profile` wrote. "
        "The scores are written into it, and a row of pictures a level into contact-sheet.png."
    )
    options.add_argument("--columns", type=_whole, default=4, help="captions on the sheet (4)")


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


def _anova(options: argparse.ArgumentParser) -> None:
    options.description = (
        "Seconds of whole storybooks, made without a queue, by factors and levels that a design "
        "file crosses: a linear model, its analysis of variance with effect sizes, and plots of "
        "the residuals. A run that is repeated makes only the books that are missing in the "
        "journal anova.jsonl. With --analyse no book is made: the runs are read from a CSV file."
    )
    add = options.add_argument
    add("--design", type=Path, help="a TOML file (worker/study/designs/books.toml)")
    add("--count", type=int, default=24, help="captions that replicates take in turn (24)")
    group = options.add_argument_group("analysis alone")
    add = group.add_argument
    add("--analyse", type=Path, help="a CSV file with a line a run, a column a factor")
    add("--response", help="its column to explain (seconds)")
    add("--factors", nargs="+", help="its columns to explain it by (all others)")
    add("--interactions", nargs="*", help="such as A*B (all of two factors that can be told apart)")
    add("--log", action="store_true", help="the table is of the response's logarithm first")


def _several(text: str) -> int:
    if (number := int(text)) < 2:
        raise argparse.ArgumentTypeError(f"an interval needs at least 2; got {text}")
    return number


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (width.isdigit() and height.isdigit()):
        raise argparse.ArgumentTypeError(f"must be WIDTHxHEIGHT, such as 128x128; got {text}")
    return int(width), int(height)


def _whole(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1; got {text}")
    return number
