"""The Flask application."""

import os

from flask import Flask

from services.contract import policy as policies
from services.contract.settings import Settings, load
from services.contract.tickets import Publisher
from services.gateway import failures, peers, traffic
from services.gateway.context import EXTENSION, Gateway, connect
from services.gateway.fanout import Fanout
from services.gateway.paper import Paper
from services.gateway.places import Places
from services.gateway.publishing import TicketOffice
from services.gateway.resources import (
    artifacts,
    documentation,
    events,
    health,
    jobs,
    metrics,
    policy,
    queue,
)
from services.gateway.scrape import QueueCollector
from services.gateway.traffic import Traffic

RESOURCES = (jobs, events, artifacts, queue, policy, health, metrics, documentation)


def create_app(settings: Settings | None = None, publisher: Publisher | None = None) -> Flask:
    """The gateway; settings come from the environment where none are given.

    Raises SettingsError or PolicyError. Connects to nothing before the first request.
    """
    settings = settings or load(os.environ)
    app = Flask(__name__)
    app.json.sort_keys = False
    here = _gateway(settings, publisher)
    app.extensions[EXTENSION] = here
    traffic.register(app, here.traffic)
    peers.register(app)
    failures.register(app)
    for resource in RESOURCES:
        app.register_blueprint(resource.blueprint)
    return app


def _gateway(settings: Settings, publisher: Publisher | None) -> Gateway:
    policy = policies.chosen(settings)
    redis = connect(settings)
    counts = Traffic()
    counts.registry.register(QueueCollector(redis, policy, policies.fallback(policy, settings)))
    return Gateway(
        settings=settings,
        policy=policy,
        redis=redis,
        publisher=publisher or TicketOffice(settings.redis_address),
        fanout=Fanout(redis),
        paper=Paper(redis),
        places=Places(settings.gateway_streams),
        traffic=counts,
    )
