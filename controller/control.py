"""The controller's three chores: stand for leader, decide, reconcile."""

import logging
import time
from dataclasses import dataclass

from redis import Redis

from controller.clock import OUTAGE, Chore
from controller.decide import Decision, Standing, decide
from controller.observe import Observation, observe
from controller.publish import Acknowledgements, publish
from controller.reconcile import Reconciler
from services.contract import level
from services.contract.connection import server_time
from services.contract.policy import Policy
from services.contract.settings import Settings

logger = logging.getLogger(__name__)

STAND_SECONDS = 1.0
RECONCILE_SECONDS = 1.0


@dataclass(frozen=True)
class Terms:
    """What this controller is called, and what it goes by."""

    name: str
    policy: Policy
    settings: Settings


def considered(seen: Observation, policy: Policy) -> Decision:
    """What the policy says to what was seen."""
    return decide(seen.load, Standing(seen.state, seen.pin), policy, seen.load.now)


class Controller:
    """Decides and reconciles while it leads; stands by while another does."""

    def __init__(self, redis: Redis, reconciler: Reconciler, terms: Terms) -> None:
        self._redis = redis
        self._reconciler = reconciler
        self._terms = terms
        self._acknowledgements = Acknowledgements()
        self._ignored_pin: str | None = None
        self._epoch: int | None = None

    @property
    def leads(self) -> bool:
        """True while no other controller may decide."""
        return bool(self._epoch)

    def chores(self) -> list[Chore]:
        """What the clock runs, in this order."""
        decide_seconds = self._terms.settings.controller_seconds
        return [
            Chore("stand for leader", min(STAND_SECONDS, decide_seconds), self.stand),
            Chore("decide", decide_seconds, self.decide),
            Chore("reconcile", RECONCILE_SECONDS, self.reconcile),
        ]

    def stand(self) -> None:
        """Become or stay the leader, if no other is."""
        self._become(level.lead(self._redis, self._terms.name))

    def _become(self, epoch: int) -> None:
        if epoch != self._epoch:
            told = "this controller leads" if epoch else "another controller leads, standing by"
            logger.info(told, extra={"controller": self._terms.name, "epoch": epoch})
        self._epoch = epoch

    def decide(self) -> None:
        """Put in force what the policy says to the present load."""
        if not self._epoch:
            return
        seen = observe(self._redis)
        self._note_pin(seen)
        version = publish(
            self._redis,
            self._epoch,
            considered(seen, self._terms.policy),
            seen,
            policy=self._terms.policy,
            lease=self._terms.settings.policy_lease_seconds,
        )
        if version == -1:
            self._become(0)
        else:
            self._acknowledgements.watch(self._redis, version, time.monotonic())

    def _note_pin(self, seen: Observation) -> None:
        pinned = seen.pin.level if seen.pin else None
        unknown = pinned if pinned not in (None, *self._terms.policy.names) else None
        if unknown and unknown != self._ignored_pin:
            names = ", ".join(self._terms.policy.names)
            logger.warning("the pinned level %r is not one of %s: ignored", unknown, names)
        self._ignored_pin = unknown

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
