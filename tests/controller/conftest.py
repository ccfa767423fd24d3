"""A reconciler, and controllers, that work on the test's own Redis."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from celery import Celery
from redis import Redis

from controller.control import Controller, Terms
from controller.reconcile import Reconciler
from services.contract import tickets
from services.contract.policy import Policy
from services.contract.settings import Settings, load
from tests.controller.situations import ladder


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
    return load({"STORYTELLER_REDIS_URL": redis_url, "STORYTELLER_HOME": str(tmp_path)})


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
