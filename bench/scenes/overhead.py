"""Scene e: what share of the engine's turn is not the network."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from diffusers import UNet2DConditionModel

from bench.conditions import Conditions
from bench.contenders.engine import EngineContender
from bench.loops import closed_loop
from bench.machine import seconds
from bench.medians import median
from bench.orders import uniform
from bench.records import Finding, Records, Target
from worker.batching.turn import Turn

PICTURES, REPEATS = 8, 5


@dataclass(frozen=True)
class Watch:
    """Seconds of each turn of the engines in this process, and of the network's part of it."""

    device: str
    turns: list[float] = field(default_factory=list)
    networks: list[float] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Keep time for the length of the block, in which no other engine may run."""
        take, forward = Turn.take, UNet2DConditionModel.forward
        Turn.take, UNet2DConditionModel.forward = self._take(take), self._forward(forward)
        try:
            yield
        finally:
            Turn.take, UNet2DConditionModel.forward = take, forward

    def shares(self, rows: int) -> list[float]:
        """Of each turn that asked the network for `rows` rows once: what was not the network."""
        if not len(self.turns) == len(self.networks) == len(self.rows):
            raise ValueError("a turn did not ask the network exactly once")
        every = zip(self.turns, self.networks, self.rows, strict=True)
        return [1 - network / turn for turn, network, asked in every if asked == rows]

    def _take(self, take: Callable[[Turn], None]) -> Callable[[Turn], None]:
        def timed(turn: Turn) -> None:
            asked = len(self.networks)
            spent = seconds(lambda: take(turn), self.device)
            if len(self.networks) > asked:  # an idle engine turns, too
                self.turns.append(spent)

        return timed

    def _forward(self, forward: Callable[..., Any]) -> Callable[..., Any]:
        def timed(unet: UNet2DConditionModel, sample: Any, *given: Any, **named: Any) -> Any:
            answer: list[Any] = []

            def call() -> None:
                answer.append(forward(unet, sample, *given, **named))

            self.networks.append(seconds(call, self.device))
            self.rows.append(len(sample))
            return answer[0]

        return timed


def run(conditions: Conditions, records: Records) -> list[Finding]:
    """The share in a turn with eight pictures, each with guidance."""
    print("the engine's overhead", file=sys.stderr)
    batch = min(PICTURES, conditions.cap)
    count = batch * conditions.repeats(REPEATS)
    with EngineContender(conditions) as engine:
        closed_loop(engine.draw, uniform(batch), batch)
        watch = Watch(conditions.device)
        with watch.watching():
            closed_loop(engine.draw, uniform(count), batch)
    shares = watch.shares(2 * batch)
    records.keep("e", "turns", watch.turns, networks=watch.networks, rows=watch.rows, unit="s")
    what = f"share of a turn with {batch} pictures that is not the network"
    spent, network = sum(watch.turns), sum(watch.networks)
    return [
        Finding("e", what, 100 * median(shares), "%", Target("at most", 5.0)),
        Finding("e", "the same over all turns, prompts included", 100 * (1 - network / spent), "%"),
    ]
