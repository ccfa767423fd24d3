"""`python -m worker stories` or `python -m worker images`: one worker process."""

import argparse
import logging
import os
import sys

from services.contract import logs, settings
from services.contract.policy import PolicyError
from services.contract.settings import Settings, SettingsError
from worker import chatter
from worker.presence import PROCESS

logger = logging.getLogger("worker")

EXIT_BAD_SETTING = 2


def _run(queue: str, loaded: Settings) -> int:
    # Imported here because each kind of worker loads libraries that the other does not need.
    if queue == "stories":
        from worker.story_worker import run  # noqa: PLC0415
    else:
        from worker.image_worker import run  # noqa: PLC0415
    return run(loaded)


def main() -> int:
    """The exit status: 0 stopped when told to, 2 a setting or the policy is wrong, 3 the device
    is lost."""
    # Read by OpenMP when torch is loaded: a thread that spins while it waits takes a core from the
    # other worker on a small machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    parser = argparse.ArgumentParser(prog="python -m worker", description=__doc__)
    parser.add_argument("queue", choices=["stories", "images"], help="the queue to serve")
    queue = parser.parse_args().queue
    try:
        loaded = settings.load(os.environ)
        logs.configure(PROCESS[queue], loaded)
        chatter.quiet()
        return _run(queue, loaded)
    except (SettingsError, PolicyError) as error:
        print(error, file=sys.stderr)
        return EXIT_BAD_SETTING


if __name__ == "__main__":
    sys.exit(main())
