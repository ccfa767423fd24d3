"""Watches the queues, sets the level, and brings lost jobs back.

python -m controller                   until it is told to stop; any number may run, one leads
python -m controller --once            one decision and one reconciliation
python -m controller --dry-run         says what it would do, and does nothing
"""

import argparse
import json
import logging
import os
import signal
import sys
from secrets import token_hex
from socket import gethostname

from celery import Celery
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from controller.clock import OUTAGE, Clock
from controller.control import Controller
from controller.preview import preview, sentence
from controller.reconcile import Reconciler
from controller.terms import Terms
from services.contract import heartbeat, logs, policy, profile, settings, tickets
from services.contract.connection import CLIENT_OPTIONS
from services.contract.policy import PolicyError
from services.contract.profile import ProfileError
from services.contract.settings import Settings, SettingsError

logger = logging.getLogger("controller")

STOP_SIGNALS = {signal.SIGTERM, signal.SIGINT}
# The loop tries again by itself; a client that tries for a minute would delay a stop as long.
IMPATIENT = {"socket_timeout": 2.0, "retry": Retry(NoBackoff(), 1)}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m controller",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--once", action="store_true", help="do everything one time, then exit")
    parser.add_argument("--dry-run", action="store_true", help="say what it would do, do nothing")
    parser.add_argument("--json", action="store_true", help="the last line is one JSON object")
    return parser.parse_args()


def _terms() -> Terms:
    """Raises SettingsError, PolicyError or ProfileError for what a controller cannot go by."""
    chosen = settings.load(os.environ)
    ladder = policy.chosen(chosen)
    if chosen.policy_lease_seconds <= 2 * chosen.controller_seconds:
        raise SettingsError(
            f"STORYTELLER_POLICY_LEASE_SECONDS={chosen.policy_lease_seconds:g} must be more than "
            f"twice STORYTELLER_CONTROLLER_SECONDS={chosen.controller_seconds:g}, or workers "
            "would fall back between two decisions."
        )
    measured = profile.load(ladder.profile) if ladder.profile else None
    return Terms(f"controller-{token_hex(4)}@{gethostname()}", ladder, chosen, measured)


def _publisher(redis_address: str) -> Celery:
    app = Celery("storyteller", set_as_current=False)
    app.conf.update(tickets.celery_settings(redis_address))
    return app


def _told_to_stop(seconds: float) -> bool:
    """Wait for a signal; they are blocked, so that one in between two waits is not missed."""
    return signal.sigtimedwait(STOP_SIGNALS, seconds) is not None


def _serve(controller: Controller, reconciler: Reconciler, chosen: Settings) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    alive = chosen.heartbeat("controller")
    clock = Clock(
        controller.chores(), beat=lambda: heartbeat.beat(alive), recovered=reconciler.spare
    )
    try:
        clock.run(_told_to_stop)
    finally:
        controller.step_down()
    logger.info("stopped")


def _once(controller: Controller) -> None:
    controller.stand()
    try:
        controller.learn()
        controller.plan_once()
        controller.decide()
        controller.reconcile()
    finally:
        controller.step_down()


def _show(redis: Redis, terms: Terms, *, as_json: bool) -> None:
    found = preview(redis, terms)
    print(json.dumps(found) if as_json else sentence(found))


def _run(terms: Terms, arguments: argparse.Namespace) -> None:
    address = terms.settings.redis_address
    redis = Redis.from_url(address, **CLIENT_OPTIONS | IMPATIENT)
    reconciler = Reconciler(redis, _publisher(address), terms.settings)
    controller = Controller(redis, reconciler, terms)
    if not (arguments.once or arguments.dry_run):
        return _serve(controller, reconciler, terms.settings)
    _show(redis, terms, as_json=arguments.json)
    return None if arguments.dry_run else _once(controller)


def main() -> int:
    """Exit status: 0 stopped or done, 1 no Redis answers, 2 a bad setting, policy or profile."""
    arguments = _arguments()
    try:
        terms = _terms()
        logs.configure("controller", terms.settings)
        _run(terms, arguments)
    except (SettingsError, PolicyError, ProfileError) as error:
        print(error, file=sys.stderr)
        return 2
    except OUTAGE as error:
        print(f"Redis does not answer (STORYTELLER_REDIS_URL): {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
