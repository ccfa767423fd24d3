"""What `sweep` and `compare` are asked alike."""

import argparse
from pathlib import Path
from typing import Any

from loadgen import options, reference
from loadgen.launch import add_terms


def add(subparsers: Any, name: str, about: str, described: str | None) -> argparse.ArgumentParser:
    """A parser for a command that plays policies against a stack."""
    parser = subparsers.add_parser(
        name,
        help=about,
        description=described,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="where to send")
    _add_policies(parser, Path(f"load-{name}"))
    options.add_load(parser)
    add_terms(parser)
    return parser


def _add_policies(parser: argparse.ArgumentParser, out: Path) -> None:
    group = parser.add_argument_group("policies")
    group.add_argument(
        "--policies",
        action="append",
        required=True,
        metavar="P,P,…",
        help="file, fixed:LEVEL, threshold:6,12, slo:SECONDS, planned:SECONDS, table:FOLDER (at "
        "each rate the rules of FOLDER/RATE.toml); may be repeated",
    )
    group.add_argument("--out", type=Path, default=out, help="folder for the records of each run")
    group.add_argument(
        "--rest",
        type=options.seconds,
        default=1.0,
        help="seconds that the level must not have changed for before a run, beside its dwell",
    )
    group.add_argument(
        "--drain",
        type=options.seconds,
        default=600.0,
        help="seconds to wait for an idle stack before a run",
    )
    group.add_argument(
        "--reference",
        type=reference.loops,
        default=(),
        metavar="LEVEL:N:REQUESTS,…",
        help="closed loops before every run and after the last, N outstanding at a time, kept in "
        "OUT/reference: how fast the stack was beside each run",
    )
