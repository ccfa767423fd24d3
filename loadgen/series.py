"""Runs one after the other against a live stack, each under its policy, into a folder."""

import argparse
import asyncio
import random
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from loadgen import claim, options, reference, tables
from loadgen.campaign import Cell, hopeless
from loadgen.drive import Terms
from loadgen.gateway import Gateway
from loadgen.intensity import BadLoad
from loadgen.launch import Launch, Unreachable, check_reachable, launch, until_interrupted
from loadgen.metrics import Goal
from loadgen.policies import Policy, check_all
from loadgen.record import ENDINGS, Record, read
from loadgen.steering import Steering, taken
from loadgen.workload import Arrival

SEED_BITS = 31

Found = dict[tuple[Policy, float], list[list[Record]]]


@dataclass
class Played:
    """What came of a series: the records of every run, the names of the runs that were left out
    as hopeless, and whether it came to its end."""

    found: Found = field(default_factory=lambda: defaultdict(list))
    left_out: list[str] = field(default_factory=list)
    complete: bool = False


@dataclass(frozen=True)
class Series:
    """What to play, in which order; a policy that is hopeless by `stop` goes no higher."""

    asked: argparse.Namespace
    cells: Sequence[Cell]
    stop: Goal | None = None

    def path(self, cell: Cell, ending: str = ENDINGS[0]) -> Path:
        """The cell's records; there only once its run is complete."""
        return self.asked.out / f"{cell.name}{ending}"

    def kept(self, cell: Cell) -> Path | None:
        """The records of a run that is complete, in whichever form; None before."""
        paths = (self.path(cell, ending) for ending in ENDINGS)
        return next((path for path in paths if path.exists()), None)


@dataclass(frozen=True)
class Stack:
    """What is measured: its policy's steering, its cheapest level, and of every run that is to come
    the policy with its rules."""

    steering: Steering
    fastest: str
    ruled: Mapping[Cell, Policy]


def play(series: Series) -> Played:
    """The records of all runs, those of earlier calls included.

    Raises BadLoad for what makes no sense, before anything is sent; Unreachable; NotSettled.
    """
    _check(series.asked)
    claim.take(series.asked)
    played = Played()
    try:
        played.complete = asyncio.run(_played(series, played))
    except aiohttp.ClientError as error:
        told = f"the gateway no longer answers: {error}. {series.asked.out} keeps what is complete"
        raise Unreachable(told) from error
    return played


def _check(asked: argparse.Namespace) -> None:
    if asked.level != "auto":
        raise BadLoad(f"--level {asked.level}: with a level of their own no request obeys a policy")
    if asked.trace or asked.arrivals.split(":")[0] not in ("constant", "diurnal"):
        raise BadLoad("a trace, ramp, steps or mmpp has its own rate; use constant or diurnal")


async def _played(series: Series, played: Played) -> bool:
    for cell in series.cells:  # what cannot be played is refused before anything is sent
        schedule(series, cell)
        if kept := series.kept(cell):
            tables.require_same(kept, cell.policy, cell.rate)
    missing = [cell for cell in series.cells if not series.kept(cell)]
    if not missing:
        return await until_interrupted(_all(series, played, None))
    url = series.asked.url.rstrip("/")
    await check_reachable(url)
    async with aiohttp.ClientSession() as session:
        steering = Steering(url, session)
        stack = await _allowed(steering, missing, series.asked)
        try:
            return await until_interrupted(_all(series, played, stack))
        finally:
            await steering.release()


async def _allowed(steering: Steering, missing: Sequence[Cell], asked: argparse.Namespace) -> Stack:
    """Raises BadLoad for a policy, or a level of a reference, that the stack cannot have."""
    known = await steering.policy()
    levels = tuple(level["name"] for level in known["ladder"])
    ruled = {cell: tables.at(cell.policy, cell.rate, known["ladder"]) for cell in missing}
    check_all(dict.fromkeys(ruled.values()), levels, known["kinds"])
    reference.check(asked.reference, levels)
    other = taken(known)
    if other:
        raise BadLoad(
            f'{other}: wait, or return to the file with PUT /v1/policy {{"level": "auto"}}'
        )
    return Stack(steering, levels[-1], ruled)


async def _all(series: Series, played: Played, stack: Stack | None) -> None:
    last = None
    for cell in series.cells:
        key, records, kept = (cell.policy, cell.rate), None, series.kept(cell)
        if kept:
            records = read(kept)
        elif series.stop and hopeless(played.found, *key, series.stop):
            played.left_out.append(cell.name)
            print(f"{cell.name}: left out, a lower rate was too much", file=sys.stderr)
        elif stack:
            records, last = await _one(series, cell, stack), cell
        if records is not None:
            played.found[key].append(records)
    if stack and last:
        await _beside(series.asked, stack, f"after-{last.name}")


async def _beside(asked: argparse.Namespace, stack: Stack, name: str) -> None:
    """The loops of the reference, if any, each with nothing else outstanding."""
    for loop in asked.reference:
        await stack.steering.drained(stack.fastest, asked.drain)
        await reference.play(asked, loop, stack.steering.url, name)


async def _one(series: Series, cell: Cell, stack: Stack) -> list[Record]:
    asked, requests = series.asked, schedule(series, cell)
    steering, policy = stack.steering, stack.ruled[cell]
    await _beside(asked, stack, f"before-{cell.name}")
    await steering.drained(stack.fastest, asked.drain)
    longest = asked.drain + requests[-1].due + asked.patience + 60
    await steering.put(policy, longest)
    await steering.settled(policy, asked.rest, asked.drain)
    part, terms = series.path(cell).with_suffix(".part"), Terms(asked.patience, warmup=asked.warmup)
    what = Launch(steering.url, requests, terms, part, asked.quiet, label=cell.name)
    records: list[Record] = []
    tables.keep(part, policy)
    await launch(what, Gateway(steering.url), records)
    await check_reachable(steering.url)  # what a gateway that died left behind is no complete run
    part.rename(series.path(cell))
    return records


def schedule(series: Series, cell: Cell) -> list[Arrival]:
    """The same for every policy: a rate and a repeat have their own, from the seed."""
    own = {"request_rate": cell.rate, "seed": _seed(series.asked.seed + cell.repeat - 1, cell.rate)}
    given: dict[str, Any] = vars(series.asked) | own
    drawn = options.schedule(argparse.Namespace(**given))
    if not drawn:
        raise BadLoad(f"no request comes at {cell.rate:g} a second within --duration")
    return drawn


def _seed(seed: int, rate: float) -> int:
    """Of one rate: with the same for all, every rate would have the same gaps, only scaled."""
    return random.Random(f"{seed} {rate:g}").getrandbits(SEED_BITS)
