"""The controller's chores: stand for leader, learn, decide, plan, reconcile."""

import logging
import time

from redis import Redis

from controller.clock import OUTAGE, Chore
from controller.forecasting import Forecaster, models
from controller.observe import Observation, observe
from controller.plans import Plans
from controller.publish import Acknowledgements, Publisher
from controller.reconcile import Reconciler
from controller.ruling import Ruling
from controller.terms import Terms
from services.contract import level
from services.contract.connection import server_time
from services.contract.jobs import QUEUES, Queue
from services.contract.level import Pin

logger = logging.getLogger(__name__)

STAND_SECONDS = 2.0
LEARN_SECONDS = 1.0
RECONCILE_SECONDS = 2.0


class Controller:
    """Decides and reconciles while it leads; stands by while another does."""

    def __init__(self, redis: Redis, reconciler: Reconciler, terms: Terms) -> None:
        self._redis = redis
        self._reconciler = reconciler
        self._terms = terms
        made = models(terms.policy, terms.profile, terms.settings)
        self._forecaster = Forecaster(redis, terms.policy, made)
        self._ruling = Ruling(terms)
        self._plans = Plans(terms, self._forecaster)
        self._publisher = Publisher(redis, terms.policy, terms.settings.policy_lease_seconds)
        self._acknowledgements = {queue: Acknowledgements(queue) for queue in QUEUES}
        self._ignored_pins: dict[Queue, str | None] = {}
        self._epoch: int | None = None
        self._seen: Observation | None = None

    @property
    def leads(self) -> bool:
        """True while no other controller may decide."""
        return bool(self._epoch)

    def chores(self) -> list[Chore]:
        """What the clock runs, in this order."""
        decide_seconds = self._terms.settings.controller_seconds
        return [
            Chore("stand for leader", STAND_SECONDS, self.stand),
            Chore("learn from what jobs took", LEARN_SECONDS, self.learn),
            Chore("decide", decide_seconds, self.decide),
            Chore("plan thresholds", LEARN_SECONDS, self.plan),
            Chore("reconcile", RECONCILE_SECONDS, self.reconcile),
        ]

    def stand(self) -> None:
        """Become or stay the leader, if no other is."""
        self._become(level.lead(self._redis, self._terms.name))

    def _become(self, epoch: int) -> None:
        if epoch != self._epoch:
            told = "this controller leads" if epoch else "another controller leads, standing by"
            logger.info(told, extra={"controller": self._terms.name, "epoch": epoch})
        new, self._epoch = epoch != self._epoch, epoch
        if new and epoch:
            self._plans.resume(self._redis)

    def learn(self) -> None:
        """Bring the models of the queues up to date, and publish them."""
        if self._epoch:
            self._forecaster.learn(self._seen or observe(self._redis))
            self._forecaster.publish()

    def plan(self) -> None:
        """Put thresholds in force that are ready, and have new ones planned if those are old."""
        if self._epoch:
            self._plans.turn()

    def plan_once(self) -> None:
        """Plan where no plan is in force, and wait for it: for who decides one time only."""
        if self._epoch:
            self._plans.once(observe(self._redis).load)

    def decide(self) -> None:
        """Put in force what the policy says to the present load of each queue."""
        self._seen = seen = observe(self._redis) if self._epoch else None
        for queue in self._ruling.follow(seen) if seen else ():
            self._plans.obey(queue, self._ruling.policy)
        for queue in QUEUES:
            if seen is not None and self._epoch:
                self._decide(queue, seen, self._epoch)

    def _decide(self, queue: Queue, seen: Observation, epoch: int) -> None:
        self._note_pin(queue, seen.pins[queue])
        decision = self._ruling.decide(seen, queue, self._forecaster.latest[queue])
        told = self._plans.announced(queue, decision, seen)
        version = self._publisher.publish(epoch, queue, told, seen)
        if version == -1:
            self._become(0)
            return
        if told != decision:
            self._plans.announce(queue)
        self._acknowledgements[queue].watch(self._redis, version, time.monotonic())

    def _note_pin(self, queue: Queue, pin: Pin | None) -> None:
        pinned = pin.level if pin else None
        unknown = pinned if pinned not in (None, *self._terms.policy.names) else None
        if unknown and unknown != self._ignored_pins.get(queue):
            names = ", ".join(self._terms.policy.names)
            logger.warning("the pinned level %r is not one of %s: ignored", unknown, names)
        self._ignored_pins[queue] = unknown

    def reconcile(self) -> None:
        """Set right what killed processes and lost messages left wrong."""
        if not self._epoch:
            return
        now = server_time(self._redis)
        for step in self._reconciler.steps():
            try:
                step(now)
            except OUTAGE:
                raise
            except Exception:  # the other steps can still be done
                logger.exception("cannot %s", step.__name__)

    def step_down(self) -> None:
        """Let another controller lead at once. The level stays in force until its lease ends."""
        try:
            level.step_down(self._redis, self._terms.name)
        except OUTAGE as error:
            logger.warning("cannot step down, the lead ends by itself: %s", error)
