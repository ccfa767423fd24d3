"""What every resource of the gateway works with."""

from dataclasses import dataclass
from typing import Any

from flask import current_app
from redis import Redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from services.contract.connection import CLIENT_OPTIONS
from services.contract.policy import Policy, fallback
from services.contract.settings import Settings
from services.contract.tickets import Publisher
from services.gateway.fanout import Fanout
from services.gateway.paper import Paper
from services.gateway.places import Places
from services.gateway.traffic import Traffic

EXTENSION = "storyteller"
# A client waits for the answer: say soon that Redis is away, after one try on a fresh connection.
SOCKET_SECONDS = 2.0
RETRY_SECONDS = 0.05


@dataclass(frozen=True)
class Gateway:
    """The parts that live as long as the process."""

    settings: Settings
    policy: Policy
    redis: Any
    publisher: Publisher
    fanout: Fanout
    paper: Paper
    places: Places
    traffic: Traffic

    @property
    def fallback(self) -> str:
        """The level while no controller holds the lease."""
        return fallback(self.policy, self.settings)


def connect(settings: Settings) -> Redis:
    """A client of the job store; connects when first used."""
    options = CLIENT_OPTIONS | {
        "socket_timeout": SOCKET_SECONDS,
        "socket_connect_timeout": SOCKET_SECONDS,
        "retry": Retry(ConstantBackoff(RETRY_SECONDS), 1),
    }
    return Redis.from_url(settings.redis_address, **options)


def gateway() -> Gateway:
    """The gateway that answers this request."""
    return current_app.extensions[EXTENSION]
