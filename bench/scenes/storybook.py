"""Scene d: a book of four pages on an otherwise idle machine, by the strategy that makes it."""

import sys
import time
from collections.abc import Mapping
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
}
STRATEGIES = ("sequential", "pipelined")
LEVELS = ("quality", "balanced")
"""The first is what an idle machine gives whoever names none"""
A_CORE_EACH = {"torch_threads": 1}
"""On two cores: one thread for text and one for pictures, the nearest to a device each"""
ASKED = {LEVELS[0]: Target("at most", 0.8)}
"""By level, where text and pictures have a device each. Of text T and pictures P no overlap leaves
less than (T + P)/(T + 4P), for the last picture follows the text: more than that at other levels"""


class NoBook(RuntimeError):
    """A book failed; the message says why."""


def run(conditions: Conditions, records: Records) -> list[Finding]:
    """Seconds from the order to the bound book, by the real processes with their own defaults; and
    on a CPU, for which alone there is a target, also with a thread for text and one for pictures.
    """
    found = _on("own defaults", {}, {}, conditions, records)
    if conditions.device == "cpu":
        found += _on("a core each", A_CORE_EACH, ASKED, conditions, records)
    return found


def _on(
    stack: str,
    settings: Mapping[str, object],
    targets: Mapping[str, Target],
    conditions: Conditions,
    records: Records,
) -> list[Finding]:
    """All levels on a stack of its own."""
    print(f"starting the stack, {stack}", file=sys.stderr)
    log = records.folder / f"stack-{stack.replace(' ', '-')}.log"
    found = []
    with running(conditions, log, settings) as gateway:
        for level in LEVELS:
            seconds = _measured(gateway, level, conditions)
            for strategy, values in seconds.items():
                of = {"strategy": strategy, "level": level, "stack": stack}
                records.keep("d", "book", values, **of, pages=PAGES, unit="s")
            found += _findings(seconds, f"{level}, {stack}", targets.get(level))
    return found


def _measured(gateway: Gateway, level: str, conditions: Conditions) -> dict[str, list[float]]:
    """Seconds of each strategy, by turns, after a book that counts for nothing."""
    book(gateway, STRATEGIES[0], level, 1)
    measures = {
        strategy: lambda strategy=strategy: book(gateway, strategy, level, PAGES)
        for strategy in STRATEGIES
    }
    return interleaved(measures, conditions.repeats(REPEATS))


def _findings(seconds: Mapping[str, list[float]], of: str, target: Target | None) -> list[Finding]:
    quotient = ratio(seconds["pipelined"], seconds["sequential"])
    return [
        *(Finding("d", f"{name}, {of}", median(took), "s") for name, took in seconds.items()),
        Finding("d", f"pipelined / sequential, {of}", quotient, "×", target),
    ]


def book(gateway: Gateway, strategy: str, level: str, pages: int) -> float:
    """Wall seconds of one book; NoBook if it failed."""
    start = time.perf_counter()
    asked = {"strategy": strategy, "level": level, "pages": pages}
    request: dict[str, Any] = {**REQUEST, **asked}
    job_id = gateway.submit(request)["id"]
    *_, last = gateway.events(job_id)
    spent = time.perf_counter() - start
    if last.type != "succeeded":
        raise NoBook(f"the book made {strategy} {last.type}: {gateway.job(job_id)['error']}")
    return spent
