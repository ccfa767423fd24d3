"""Closed loops beside the runs of a series: how fast the stack is just before and after each.

A run is compared with others, and with what was predicted of it, as if the machine kept its speed.
The same short loops beside every run show whether it did. Their requests have a level of their own,
so they obey no policy; a policy that estimates the rate of arrivals counts them, though.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from loadgen import options
from loadgen.drive import Terms
from loadgen.gateway import Gateway
from loadgen.intensity import BadLoad
from loadgen.launch import Launch, check_reachable, launch
from loadgen.record import ENDINGS, TIMEOUT, Record
from loadgen.workload import Arrival

FOLDER = "reference"
NOTATION = "LEVEL:OUTSTANDING:REQUESTS,…, such as fast:1:20,fast:4:40"
ALIKE = {"arrivals": "constant", "burstiness": 1.0, "request_rate": 1.0, "duration": None}
"""For all loops, whatever the runs have: only what is asked for is that of the runs."""


@dataclass(frozen=True)
class Loop:
    """`requests` at a level, so many outstanding at a time; as many more only fill the loop."""

    level: str
    outstanding: int
    requests: int

    @property
    def name(self) -> str:
        """Of its file of records, without the ending."""
        return f"{self.level}-{self.outstanding}"


def loops(text: str) -> tuple[Loop, ...]:
    """Those of an option. Raises ArgumentTypeError for what is none."""
    try:
        parts = [part.strip().rsplit(":", 2) for part in text.split(",")]
        found = tuple(Loop(level, int(many), int(count)) for level, many, count in parts)
    except ValueError:
        found = ()
    if not all(each.level and each.outstanding > 0 and each.requests > 0 for each in found):
        found = ()
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r}: write {NOTATION}")
    if len({each.name for each in found}) < len(found):
        raise argparse.ArgumentTypeError(f"{text!r}: two of these loops have one name")
    return found


def check(asked: Sequence[Loop], levels: Sequence[str]) -> None:
    """Raise BadLoad for a level that the ladder has not."""
    if unknown := sorted({each.level for each in asked} - set(levels)):
        told = f"--reference: there is no level {', '.join(unknown)}"
        raise BadLoad(f"{told}; the ladder has {', '.join(levels)}")


async def play(asked: argparse.Namespace, loop: Loop, url: str, name: str) -> None:
    """One loop, with nothing else outstanding, kept if all of it is done within --patience; else a
    line on stderr says so. Raises Unreachable or OSError."""
    path = _place(asked.out / FOLDER / name, loop)
    part, records = path.with_name(f"{loop.name}.part"), list[Record]()
    terms = Terms(asked.patience, max_concurrency=loop.outstanding, warmup=loop.outstanding)
    label = f"{name}: {loop.name}"
    what = Launch(url, schedule(asked, loop), terms, part, asked.quiet, label, levels=False)
    await launch(what, Gateway(url), records)
    await check_reachable(url)
    if any(each.status == TIMEOUT for each in records):
        print(f"{label}: not all done within --patience, so it stays {part}", file=sys.stderr)
    else:
        part.rename(path)


def _place(folder: Path, loop: Loop) -> Path:
    """For its records; those of an earlier call, whose run was not complete, are gone."""
    folder.mkdir(parents=True, exist_ok=True)
    for ending in ENDINGS:
        (folder / f"{loop.name}{ending}").unlink(missing_ok=True)
    return folder / f"{loop.name}{ENDINGS[0]}"


def schedule(asked: argparse.Namespace, loop: Loop) -> list[Arrival]:
    """All due at once; the same requests before every run. Raises BadLoad."""
    own = {"level": loop.level, "num_prompts": loop.requests + loop.outstanding}
    drawn = options.schedule(argparse.Namespace(**(vars(asked) | ALIKE | own)))
    return [replace(each, due=0.0) for each in drawn]
