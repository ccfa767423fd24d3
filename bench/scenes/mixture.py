"""Scene c: levels mixed 1:1:1, at saturation and with Poisson arrivals at 80 % of LitServe's.

The engine is asked in its own process, as a worker asks it that has taken a job from its queue;
LitServe over HTTP, as its clients ask it. What HTTP, queues and batching cost LitServe is measured
with a server that draws nothing.
"""

import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import cycle

from bench.arrivals import poisson
from bench.conditions import Conditions
from bench.contenders.engine import EngineContender
from bench.contenders.litserve import LitServeContender
from bench.loops import Draw, Drawn, closed_loop, open_loop, rate
from bench.medians import interleaved, median, percentile, ratio
from bench.orders import Order, mixed
from bench.records import Finding, Records, Target

FULL, ORDERS, REPEATS = 2, 6, 3
"""In flight and in all, in batches: while one is drawn, the next one is full already"""
SHARE, SECONDS, QUICK_SECONDS, SCHEDULES = 0.8, 30.0, 10.0, 2
BLANKS = 512
NAMES = ("engine", "litserve")


@dataclass(frozen=True)
class Sides:
    """The two contenders; LitServe's processes run only while it is asked."""

    engine: EngineContender
    litserve: LitServeContender

    def ask(self, name: str, load: Callable[[Draw], list[Drawn]]) -> tuple[list[Drawn], float]:
        """What `load` saw of one of them, and the processor seconds that this took."""
        if name == "engine":
            before = time.process_time()
            return load(self.engine.draw), time.process_time() - before
        with self.litserve.working() as server:
            before = server.processor_seconds()
            return load(server.draw), server.processor_seconds() - before


def run(conditions: Conditions, records: Records) -> list[Finding]:
    """Saturation of both, then the latencies of both under the same arrivals."""
    print("loading the contenders", file=sys.stderr)
    with ExitStack() as stack:
        engine = stack.enter_context(EngineContender(conditions))
        log = records.folder / "litserve.log"
        server = stack.enter_context(LitServeContender(conditions, log))
        sides = Sides(engine, server)
        for name in NAMES:
            sides.ask(
                name, lambda draw: closed_loop(draw, mixed(conditions.cap, 0), conditions.cap)
            )
        rates, findings = _saturation(sides, conditions, records)
        findings += _latencies(sides, SHARE * median(rates["litserve"]), conditions, records)
    return findings + _http(conditions, records, median(rates["litserve"]))


def _saturation(
    sides: Sides, conditions: Conditions, records: Records
) -> tuple[dict[str, list[float]], list[Finding]]:
    print("saturation", file=sys.stderr)
    orders, in_flight = mixed(ORDERS * conditions.cap, 1), FULL * conditions.cap

    def measure(name: str) -> tuple[float, float]:
        drawn, spent = sides.ask(name, lambda draw: closed_loop(draw, orders, in_flight))
        return rate(drawn, in_flight), spent / len(orders)

    measured = interleaved(
        {name: lambda name=name: measure(name) for name in NAMES}, conditions.repeats(REPEATS)
    )
    rates = {name: [speed for speed, _ in values] for name, values in measured.items()}
    for name, values in measured.items():
        spent = [seconds for _, seconds in values]
        records.keep("c", "saturation", rates[name], contender=name, unit="pictures/s")
        records.keep("c", "processor", spent, contender=name, unit="s/picture")
    return rates, _saturation_findings(measured, rates)


def _saturation_findings(
    measured: dict[str, list[tuple[float, float]]], rates: dict[str, list[float]]
) -> list[Finding]:
    findings = []
    for name, values in measured.items():
        spent = median([seconds for _, seconds in values])
        findings += [
            Finding("c", f"{name}, saturated", median(rates[name]), "pictures/s"),
            Finding("c", f"{name}, processor time a picture", spent, "s"),
        ]
    quotient = ratio(rates["engine"], rates["litserve"])
    target = Target("at least", 1.3)
    return [*findings, Finding("c", "engine / litserve, saturated", quotient, "×", target)]


def _latencies(
    sides: Sides, arrivals: float, conditions: Conditions, records: Records
) -> list[Finding]:
    print(f"arrivals at {arrivals:.2f}/s", file=sys.stderr)
    rounds = conditions.repeats(SCHEDULES)
    loads = [_load(arrivals, conditions, seed) for seed in range(1, 1 + rounds)]

    def measure(name: str) -> Callable[[], list[Drawn]]:
        turn = cycle(loads)

        def once() -> list[Drawn]:
            orders, due = next(turn)
            return sides.ask(name, lambda draw: open_loop(draw, orders, due))[0]

        return once

    measured = interleaved({name: measure(name) for name in NAMES}, rounds)
    latencies = {
        name: [one.latency for drawn in lists for one in drawn] for name, lists in measured.items()
    }
    for name, values in latencies.items():
        records.keep("c", "latency", values, contender=name, arrivals=arrivals, unit="s")
    return _latency_findings(latencies, arrivals)


def _load(arrivals: float, conditions: Conditions, seed: int) -> tuple[list[Order], list[float]]:
    seconds = QUICK_SECONDS if conditions.quick else SECONDS
    count = max(2, round(arrivals * seconds))
    return mixed(count, seed), poisson(arrivals, count, seed)


def _latency_findings(latencies: dict[str, list[float]], arrivals: float) -> list[Finding]:
    findings = [Finding("c", "arrivals, 80 % of litserve's saturation", arrivals, "pictures/s")]
    for percent in (50, 95):
        at = {name: percentile(values, percent) for name, values in latencies.items()}
        findings += [
            Finding("c", f"{name}, p{percent} latency", value, "s") for name, value in at.items()
        ]
        target = Target("at most", 0.5) if percent == 95 else None
        quotient = at["engine"] / at["litserve"]
        findings.append(Finding("c", f"engine / litserve, p{percent}", quotient, "×", target))
    return findings


def _http(conditions: Conditions, records: Records, saturation: float) -> list[Finding]:
    print("LitServe without a model", file=sys.stderr)
    log = records.folder / "litserve-blanks.log"
    with LitServeContender(conditions, log, blanks=True) as server, server.working():
        drawn = closed_loop(server.draw, mixed(BLANKS, 0), FULL * conditions.cap)
    empty = rate(drawn, FULL * conditions.cap)
    records.keep("c", "blanks", [empty], contender="litserve", unit="answers/s")
    return [
        Finding("c", "litserve without a model", empty, "answers/s"),
        Finding("c", "share of litserve's time that is HTTP", 100 * saturation / empty, "%"),
    ]
