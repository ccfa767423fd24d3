"""The gateway's side of the ticket: a Celery app that only publishes."""

import logging
import threading
from functools import cached_property
from typing import Any

from redis import RedisError

from services.contract import dispatch, tickets
from services.contract.jobs import Job
from services.gateway.context import Gateway

log = logging.getLogger(__name__)

SOCKET_SECONDS = 2


class TicketOffice:
    """A Celery app, made when first needed: importing Celery is most of a cold start."""

    def __init__(self, redis_address: str) -> None:
        self._address = redis_address
        self._making = threading.Lock()

    @cached_property
    def _app(self) -> Any:
        from celery import Celery  # noqa: PLC0415 - the gateway answers before this is loaded

        settings = tickets.celery_settings(self._address)
        settings["broker_transport_options"] |= {
            "socket_timeout": SOCKET_SECONDS,
            "socket_connect_timeout": SOCKET_SECONDS,
            "max_retries": 0,
        }
        app = Celery("storyteller", set_as_current=False)
        app.conf.update(settings)
        app.finalize()
        return app

    def warm(self) -> None:
        """Load what the first ticket needs."""
        with self._making:
            _ = self._app.amqp

    def send_task(self, name: str, **options: Any) -> Any:
        """Put a message in a queue. Raises what the broker raises."""
        self.warm()
        return self._app.send_task(name, **options)


def publish(gateway: Gateway, job: Job) -> None:
    """Put out the ticket of an accepted job; only a log line where the broker refuses.

    The job is safe either way: the controller publishes again what has no ticket.
    """
    from kombu.exceptions import KombuError  # noqa: PLC0415 - as above

    try:
        dispatch.publish(gateway.publisher, gateway.redis, job, gateway.settings.dispatch)
    except (KombuError, RedisError, OSError) as error:
        log.warning(
            "ticket not published, the controller will do it: %s", error, extra={"job": job.id}
        )
