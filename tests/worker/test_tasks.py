"""Publishing from a worker: by the rule, and never at the price of the job that publishes."""

import logging

import pytest
from kombu.exceptions import OperationalError
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from services.contract import dispatch, queues, tickets
from tests.services.contract.making import accept, state
from worker import tasks


@pytest.mark.parametrize(("rule", "queue"), [("shared", "images"), ("jsq", "images@w")])
def test_a_pictures_ticket_goes_where_the_rule_says(redis, redis_url, rule, queue):
    dispatch.open_station(redis, "images", "w")
    queues.check_in(redis, "images", "w")
    job = state(redis, accept(redis))
    tasks.publisher(tasks.connect(redis_url), redis, rule)(job)

    assert tickets.take(redis, queue) == [job.id]


class Refusing:
    """A broker that does not answer."""

    def send_task(self, name, **options):
        """Fail as Celery does."""
        raise OperationalError("nobody listens")


@pytest.mark.parametrize("rule", ["shared", "jsq"])
def test_a_ticket_that_cannot_be_published_is_only_told(redis, caplog, rule):
    job = state(redis, accept(redis))
    with caplog.at_level(logging.WARNING):
        tasks.publisher(Refusing(), redis, rule)(job)
    assert "ticket not published, the controller will do it: nobody listens" in caplog.text


def test_a_job_that_cannot_be_assigned_is_only_told_of(redis, redis_url, caplog):
    job = state(redis, accept(redis))
    nobody = Redis(port=1, retry=Retry(NoBackoff(), 0))
    with caplog.at_level(logging.WARNING):
        tasks.publisher(tasks.connect(redis_url), nobody, "jsq")(job)

    assert "ticket not published, the controller will do it" in caplog.text
    assert tickets.take(redis, "images") == []
