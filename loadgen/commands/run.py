"""`run`: one schedule against one address."""

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from loadgen import metrics, options, parquet
from loadgen.drive import Terms
from loadgen.gateway import Gateway
from loadgen.intensity import BadLoad
from loadgen.launch import Launch, add_terms, check_reachable, launch, until_interrupted
from loadgen.record import SUCCEEDED, Record
from loadgen.target import OpenAiImages
from loadgen.told import tell
from loadgen.workload import Arrival

PARQUET = ".parquet"


def add(subparsers: Any) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "run", help="one schedule against one address", description=__doc__
    )
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="where to send")
    parser.add_argument("--target", choices=["storyteller", "openai"], default="storyteller")
    options.add_load(parser)
    terms = add_terms(parser)
    terms.add_argument("--max-concurrency", type=int, help="most outstanding; closes the loop")
    terms.add_argument(
        "--concurrency",
        type=int,
        metavar="N",
        help="a closed loop: all are due at once, N outstanding at a time",
    )
    terms.add_argument("--percentiles", default="50,95,99")
    terms.add_argument(
        "--save-result",
        type=Path,
        metavar="FILE",
        help="run.jsonl: a JSON line a request; run.parquet: that as a table, at the end",
    )
    parser.set_defaults(run=run)


def run(asked: argparse.Namespace) -> dict[str, Any]:
    """Send, follow, and sum up; `status` is 1 where nothing that was sent succeeded.

    Raises BadLoad, Unreachable, or OSError for the file.
    """
    schedule = options.schedule(asked)
    if asked.concurrency:
        schedule = [Arrival(each.number, 0.0, each.request) for each in schedule]
    goal = options.goal(asked.goodput) if asked.goodput else None
    wanted = percents(asked.percentiles)
    _check(asked)
    records = asyncio.run(_driven(asked, schedule))
    found = metrics.summary(records, wanted, goal)
    found["loop"] = "closed" if asked.concurrency else "open"
    tell(found)
    nothing = records and all(record.status != SUCCEEDED for record in records)
    if nothing:
        print(f"none of {len(records)} requests succeeded: {_why(records)}", file=sys.stderr)
    return found | {"status": int(bool(nothing))}


def _why(records: Sequence[Record]) -> str:
    """What became of them, and the first of their errors."""
    counts = Counter(record.status for record in records)
    told = ", ".join(f"{count} {status}" for status, count in counts.most_common())
    error = next((record.error for record in records if record.error), None)
    return f"{told} ({error})" if error else told


def percents(text: str) -> list[float]:
    """`50,95,99` as numbers. Raises BadLoad for anything else."""
    try:
        found = [float(each) for each in text.split(",")]
    except ValueError:
        raise BadLoad(f"--percentiles {text!r}: write 50,95,99") from None
    if not all(0 <= each <= 100 for each in found):
        raise BadLoad(f"--percentiles {text!r}: each must be from 0 to 100")
    return found


def _check(asked: argparse.Namespace) -> None:
    for name in ("concurrency", "max_concurrency"):
        if (given := getattr(asked, name)) is not None and given < 1:
            raise BadLoad(f"--{name.replace('_', '-')} {given}: at least 1 must be outstanding")
    if asked.save_result:
        _check_file(asked.save_result)


def _check_file(path: Path) -> None:
    if path.suffix == ".gz":
        told = "lines are not compressed while they are written; name a .jsonl or .parquet"
        raise BadLoad(f"--save-result {path}: {told}")
    if path.suffix == PARQUET:
        try:
            parquet.check()
        except parquet.Unreadable as error:
            raise BadLoad(f"--save-result {path}: {error}") from error


async def _driven(asked: argparse.Namespace, schedule: Sequence[Arrival]) -> list[Record]:
    url = asked.url.rstrip("/")
    await check_reachable(url)
    lines = _lines(asked.save_result)
    what = Launch(url, schedule, _terms(asked), lines, asked.quiet)
    target = Gateway(url) if asked.target == "storyteller" else OpenAiImages(url)
    records: list[Record] = []
    ended = await until_interrupted(launch(what, target, records))
    records.sort(key=lambda record: record.number)
    if lines != asked.save_result:
        parquet.write(asked.save_result, Record, records)
        if ended:
            lines.unlink()
    return records


def _lines(asked: Path | None) -> Path | None:
    """Where a line a request goes: a table of columns cannot grow by them."""
    if asked is None or asked.suffix != PARQUET:
        return asked
    return asked.with_name(f"{asked.name}.jsonl")


def _terms(asked: argparse.Namespace) -> Terms:
    return Terms(
        patience=asked.patience,
        max_concurrency=asked.concurrency or asked.max_concurrency,
        warmup=asked.warmup,
        request_timeout=asked.patience if asked.target == "openai" else 60.0,
    )
