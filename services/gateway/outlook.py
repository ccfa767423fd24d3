"""What the next job of each queue has to expect: read once for each answer, pure from then on."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from services.contract import forecast as forecasts
from services.contract import level as levels
from services.contract import rule_override
from services.contract.forecast import Forecast, Response
from services.contract.jobs import QUEUES, Queue
from services.contract.ladder import Level
from services.contract.level import Pin
from services.contract.look import look
from services.contract.policy import Policy
from services.contract.queues import Load, QueueLoad
from services.contract.rules import PolicyRules


@dataclass(frozen=True)
class Prospect:
    """One queue: what is outstanding, the controller's model of it, the ladder.

    `forecast` is None while no controller predicts; then jobs × mean share / workers stands in, at
    whatever level, without a spread. `level` is the one that `auto` jobs are taken to get.
    """

    load: QueueLoad
    forecast: Forecast | None = None
    ladder: tuple[Level, ...] = ()
    level: int = 0

    def index(self, wanted: str) -> int:
        """The rung of a job that asks for this level."""
        paces = self.forecast.paces if self.forecast else self.ladder
        names = [level.name for level in self.ladder[: len(paces)]]
        return names.index(wanted) if wanted in names else self.level

    def rung(self, wanted: str) -> Level | None:
        """That level of this gateway's ladder; None where a controller has a longer one."""
        return next(iter(self.ladder[self.index(wanted) :]), None)

    def response(self, ahead: int, wanted: str = "auto") -> Response | None:
        """Of a job with so many outstanding ahead of it; None before any was measured.

        Those ahead are taken to be done at the level of `auto` jobs, whatever this one asks for.
        """
        if self.forecast is not None:
            own = self.index(wanted)
            return forecasts.response(self.forecast, own, ahead, ahead_level=self.level)
        if self.load.service_mean == 0:
            return None
        in_turn = (ahead + 1) * self.load.service_mean / max(self.load.workers, 1)
        return Response(max(in_turn, self.load.service_mean), 0.0)

    def departure_rate(self) -> float:
        """Stories or pictures a second that get done now; 0 where there are none, or none was
        measured."""
        if self.load.workload == 0:
            return 0.0
        if self.forecast is not None:
            return forecasts.departure_rate(self.forecast, self.level, self.load.workload)
        return max(self.load.workers, 1) / self.load.service_mean if self.load.service_mean else 0.0

    def utilisation(self) -> float:
        """ρ at the level; 0, that is unknown, without a model."""
        return forecasts.utilisation(self.forecast, self.level) if self.forecast else 0.0


@dataclass(frozen=True)
class Outlook:
    """Both queues at one moment."""

    load: Load
    queues: dict[Queue, Prospect]

    @property
    def now(self) -> float:
        """The moment, by the clock of Redis."""
        return self.load.now

    def at(self, rungs: dict[Queue, int]) -> "Outlook":
        """The same, were `auto` jobs to get these levels."""
        changed = {name: replace(self.queues[name], level=rung) for name, rung in rungs.items()}
        return replace(self, queues=self.queues | changed)

    def emptied(self) -> "Outlook":
        """The same, were nothing outstanding."""
        nothing = {"waiting": 0, "running": 0, "drawing": 0, "sisters": 0, "by_priority": {}}
        changed = {
            name: replace(each, load=each.load.model_copy(update=nothing))
            for name, each in self.queues.items()
        }
        return replace(self, queues=changed)


def of(
    load: Load,
    models: Mapping[Queue, Forecast | None],
    policy: Policy,
    in_force: Mapping[Queue, int],
) -> Outlook:
    """What a load and the live models, as far as there are any, let the next job expect.

    `in_force` are the levels that `auto` jobs get now. A model of another ladder may lack one; then
    the level that the model has for them stands in.
    """
    prospects = {
        name: Prospect(queue, model, policy.levels, _known(in_force[name], model))
        for name, queue in load.queues.items()
        for model in (models.get(name),)
    }
    return Outlook(load, prospects)


def _known(level: int, model: Forecast | None) -> int:
    return level if model is None or level < len(model.paces) else model.level


def read(redis: Any, policy: Policy, fallback: str) -> Outlook:
    """What the next job has to expect now; `fallback` is the level while no controller leads."""
    models = {queue: forecasts.read(redis, queue) for queue in QUEUES}
    load, standing = look(redis)
    in_force = {
        queue: levels.resolve("auto", state, policy, fallback, load.now).index
        for queue, (state, _, _) in standing.items()
    }
    return of(load, models, policy, in_force)


def fastest(redis: Any, policy: Policy, outlook: Outlook) -> Outlook:
    """The outlook at the fastest level that each queue can go to: a pin, the level of fixed rules,
    policy.toml's or a person's, else the one with the shortest service time of all."""
    standing = levels.standing(redis)
    ruled = rule_override.ruled(policy, {queue: held for queue, (*_, held) in standing.items()})
    return outlook.at(
        {
            queue: _fastest(prospect, standing[queue][1], ruled.rules_of(queue))
            for queue, prospect in outlook.queues.items()
        }
    )


def _fastest(prospect: Prospect, pin: Pin | None, rules: PolicyRules) -> int:
    if prospect.forecast is None:
        return prospect.level
    if pin is not None:
        return prospect.index(pin.level)
    if rules.kind == "fixed":
        return prospect.index(rules.level or "auto")
    seconds = [pace.seconds for pace in prospect.forecast.paces]
    return seconds.index(min(seconds))
