"""Controllers that lead, brought to where a test of what they learn and plan begins."""

from dataclasses import replace

from redis import Redis

from controller.control import Controller
from controller.observe import observe
from services.contract.policy import Policy
from tests.controller.situations import ladder, profile
from tests.waiting import wait_until

LADDER = ladder(2, 4, hysteresis=1, dwell=0)
MEASURED = profile(8, 2, 1)


def for_images(policy: Policy) -> Policy:
    """These rules for pictures, and plain thresholds for stories, of which nothing is measured."""
    return policy.model_copy(update={"rules": LADDER.rules, "queues": {"images": policy.rules}})


def watched(controller: Controller, redis: Redis) -> None:
    """As if the controller had looked two seconds ago, and does now."""
    seen = observe(redis)
    earlier = seen.load.model_copy(update={"now": seen.load.now - 2})
    controller._forecaster.learn(replace(seen, load=earlier))
    controller.learn()


def planned(controller: Controller) -> tuple[int, ...]:
    """The thresholds for pictures, once they are planned."""

    def ready() -> tuple[int, ...]:
        controller.plan()
        found = controller._forecaster.latest["images"]
        return found.thresholds if found else ()

    return wait_until(ready, "a plan is in force", 60)
