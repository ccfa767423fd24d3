"""A worker's ear alone: `python -m bench.contenders.listener URL QUEUE NAME POLICY`."""

import signal
import sys
from pathlib import Path

from redis import Redis

from services.contract import policy, queues
from services.contract.connection import CLIENT_OPTIONS
from services.contract.jobs import Queue
from worker.levels import Levels


def listen(url: str, queue: Queue, name: str, ladder: Path) -> None:
    """Follow a queue's level as a worker of this name does, until a signal comes."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    redis = Redis.from_url(url, **CLIENT_OPTIONS)
    levels = Levels(redis, queue, policy.load(ladder), fallback="fast", worker=name)
    queues.check_in(redis, queue, name)
    levels.open()
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    levels.close()


if __name__ == "__main__":
    url, queue, name, ladder = sys.argv[1:]
    listen(url, queue, name, Path(ladder))
