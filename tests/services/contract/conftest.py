"""What tests of the contract share."""

from collections.abc import Iterator

import pytest
from celery import Celery

from services.contract import tickets


@pytest.fixture
def app(redis_url: str) -> Iterator[Celery]:
    """Publishes tickets."""
    made = Celery("test", set_as_current=False)
    made.conf.update(tickets.celery_settings(redis_url))
    yield made
    made.close()
