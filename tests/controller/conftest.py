"""A reconciler, and controllers, that work on the test's own Redis."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from celery import Celery
from redis import Redis

from controller.control import Controller
from controller.reconcile import Reconciler
from controller.terms import Terms
from services.contract import tickets
from services.contract.policy import Policy
from services.contract.profile import Profile
from services.contract.settings import Settings, load
from tests.controller.leaders import LADDER
from tests.controller.situations import ladder, policy_text
from tests.processes import start


@pytest.fixture
def app(redis_url: str) -> Iterator[Celery]:
    """A publisher of tickets."""
    made = Celery("test", set_as_current=False)
    made.conf.update(tickets.celery_settings(redis_url))
    yield made
    made.close()


@pytest.fixture
def settings(redis_url: str, tmp_path: Path) -> Settings:
    """The settings of a controller in this process."""
    chosen = {
        "STORYTELLER_REDIS_URL": redis_url,
        "STORYTELLER_HOME": str(tmp_path),
        "STORYTELLER_FALLBACK_LEVEL": "good",
    }
    return load(chosen)


@pytest.fixture
def reconciler(redis: Redis, app: Celery, settings: Settings) -> Reconciler:
    """A reconciler with the settings that ship."""
    return Reconciler(redis, app, settings)


@pytest.fixture
def controller(
    redis: Redis, reconciler: Reconciler, settings: Settings
) -> Callable[..., Controller]:
    """Makes a controller of a name; the ladder is left at depths 2 and 4, without a dwell."""

    def make(name: str, policy: Policy | None = None) -> Controller:
        chosen = policy or ladder(2, 4, hysteresis=1, dwell=0)
        return Controller(redis, reconciler, Terms(name, chosen, settings))

    return make


@pytest.fixture
def options(redis, redis_url, tmp_path):
    """Settings of a controller with a quick ladder."""
    policy = tmp_path / "policy.toml"
    policy.write_text(policy_text("best", "good", "fast"))
    return {
        "redis_url": redis_url,
        "home": tmp_path,
        "policy": policy,
        "fallback_level": "good",
        "controller_seconds": 0.05,
    }


@pytest.fixture
def launch(options, tmp_path):
    """Starts controllers, and stops what is left of them after the test."""
    with ExitStack() as stack:

        def one(name="one", **changed):
            process = start(tmp_path / f"{name}.log", "controller", **options | changed)
            stack.callback(lambda: process.process.poll() is None and process.kill())
            return process

        yield one


@pytest.fixture
def lead(redis: Redis, reconciler: Reconciler, settings: Settings) -> Callable[..., Controller]:
    """Makes a controller that leads."""

    def one(name: str = "a", policy: Policy = LADDER, measured: Profile | None = None):
        made = Controller(redis, reconciler, Terms(name, policy, settings, measured))
        made.stand()
        return made

    return one
