"""Scene d: a book of four pages on an otherwise idle machine, by the strategy that makes it."""

import sys
import time
from typing import Any

from bench.conditions import Conditions
from bench.contenders.local_stack import running
from bench.medians import interleaved, median, ratio
from bench.records import Finding, Records, Target
from stack.client import Gateway

PAGES, REPEATS = 4, 3
REQUEST = {
    "kind": "storybook",
    "prompt": "a little fox who finds a friend in the snow",
    "seed": 7,
    "level": "balanced",
}
STRATEGIES = ("sequential", "pipelined")


class NoBook(RuntimeError):
    """A book failed; the message says why."""


def run(conditions: Conditions, records: Records) -> list[Finding]:
    """Seconds from the order to the bound book, by the real processes with their own defaults."""
    print("starting the stack", file=sys.stderr)
    with running(conditions, records.folder / "stack.log") as gateway:
        book(gateway, STRATEGIES[0], 1)
        measures = {
            strategy: lambda strategy=strategy: book(gateway, strategy, PAGES)
            for strategy in STRATEGIES
        }
        seconds = interleaved(measures, conditions.repeats(REPEATS))
    for strategy, values in seconds.items():
        records.keep("d", "book", values, strategy=strategy, pages=PAGES, unit="s")
    quotient = ratio(seconds["pipelined"], seconds["sequential"])
    return [
        *(
            Finding("d", f"{name}, {PAGES} pages", median(took), "s")
            for name, took in seconds.items()
        ),
        Finding("d", "pipelined / sequential", quotient, "×", Target("at most", 0.8)),
    ]


def book(gateway: Gateway, strategy: str, pages: int) -> float:
    """Wall seconds of one book; NoBook if it failed."""
    start = time.perf_counter()
    request: dict[str, Any] = {**REQUEST, "strategy": strategy, "pages": pages}
    job_id = gateway.submit(request)["id"]
    *_, last = gateway.events(job_id)
    spent = time.perf_counter() - start
    if last.type != "succeeded":
        raise NoBook(f"the book made {strategy} {last.type}: {gateway.job(job_id)['error']}")
    return spent
