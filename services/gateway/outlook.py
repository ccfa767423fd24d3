"""What the next job of each queue has to expect: read once for each answer, pure from then on."""

from dataclasses import dataclass, replace
from typing import Any

from services.contract import forecast as forecasts
from services.contract import level as levels
from services.contract import queues
from services.contract.forecast import Forecast, Response
from services.contract.jobs import QUEUES, Queue
from services.contract.ladder import Level
from services.contract.policy import Policy
from services.contract.queues import Load, QueueLoad


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
        """Of a job with so many outstanding ahead of it; None before any was measured."""
        if self.forecast is not None:
            return forecasts.response(self.forecast, self.index(wanted), ahead)
        if self.load.service_mean == 0:
            return None
        in_turn = (ahead + 1) * self.load.service_mean / max(self.load.workers, 1)
        return Response(max(in_turn, self.load.service_mean), 0.0)

    def departure_rate(self) -> float:
        """Jobs a second that get done now; 0 where none is outstanding, or none was measured."""
        if self.load.depth == 0:
            return 0.0
        if self.forecast is not None:
            return forecasts.departure_rate(self.forecast, self.level, self.load.depth)
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


def of(load: Load, models: dict[Queue, Forecast | None], policy: Policy) -> Outlook:
    """What a load and the live models, as far as there are any, let the next job expect."""
    prospects = {
        name: Prospect(queue, model, policy.levels, model.level if model else 0)
        for name, queue in load.queues.items()
        for model in (models.get(name),)
    }
    return Outlook(load, prospects)


def read(redis: Any, policy: Policy) -> Outlook:
    """What the next job has to expect now."""
    models = {queue: forecasts.read(redis, queue) for queue in QUEUES}
    return of(queues.load(redis), models, policy)


def fastest(redis: Any, policy: Policy, outlook: Outlook) -> Outlook:
    """The outlook at the fastest level that each queue's policy can go to: a pin, the level of a
    fixed policy, else the one with the shortest service time of all."""
    return outlook.at({queue: _fastest(redis, policy, outlook, queue) for queue in outlook.queues})


def _fastest(redis: Any, policy: Policy, outlook: Outlook, queue: Queue) -> int:
    prospect, rules = outlook.queues[queue], policy.rules_of(queue)
    if prospect.forecast is None:
        return prospect.level
    pin = levels.pinned(redis, queue)
    if pin is not None:
        return prospect.index(pin.level)
    if rules.kind == "fixed":
        return prospect.index(rules.level or "auto")
    seconds = [pace.seconds for pace in prospect.forecast.paces]
    return seconds.index(min(seconds))
