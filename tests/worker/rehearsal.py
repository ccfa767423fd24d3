"""`python -m tests.worker.rehearsal`: a real worker whose jobs wait for a cue instead of drawing.

The prompt says how a job ends: "exit" and "memory" raise what would leak a Celery slot, "assert"
what a GPU answers once a kernel has failed on it, any other waits until the Redis key `cue` exists.
While STORYTELLER_HOME holds a file named `hangs`, it says that nothing moves.
"""

import os
import sys

import torch

from services.contract import logs, settings
from services.contract.jobs import Status
from services.contract.transitions import Outcome, Service
from worker.claims import Claim
from worker.presence import HANGING_SECONDS
from worker.process import Process

CUE = "cue"
HANGS = "hangs"
CONCURRENCY = 2


def perform(claim: Claim) -> Outcome:
    """Do what the prompt says."""
    match claim.job.request.prompt:
        case "exit":
            raise SystemExit("asked to exit")
        case "memory":
            raise MemoryError("asked for too much")
        case "assert":
            raise torch.AcceleratorError("CUDA error: device-side assert triggered")
    while not claim.redis.exists(CUE):
        if (reason := claim.interrupted()) is not None:
            raise reason
    return Outcome(Status.SUCCEEDED, result={"worker": claim.job.worker}, service=Service(0.1, 0.1))


def main() -> int:
    """Serve the queue `images` until told to stop."""
    loaded = settings.load(os.environ)
    logs.configure("rehearsal", loaded)
    process = Process("images", loaded)
    hangs = loaded.home / HANGS
    return process.serve(
        {"image": perform},
        CONCURRENCY,
        process.beat,
        silent_seconds=lambda: 2 * HANGING_SECONDS if hangs.exists() else 0.0,
    )


if __name__ == "__main__":
    sys.exit(main())
