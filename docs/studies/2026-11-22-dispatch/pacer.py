"""An image worker that sleeps instead of computing: b pictures step in τ0 + τ1·b seconds.

How many steps a picture takes is drawn from its seed.
"""

import os
import random
import sys
import threading
import time

from services.contract import logs, settings
from services.contract.jobs import Status
from services.contract.transitions import Outcome
from worker.claims import Claim
from worker.process import Process

# The image model's law on two cores, docs/studies/2026-11-22-profile (rungs.md).
FIXED_SECONDS, SECONDS_EACH = 0.01709, 0.00732
STEPS, SHARES = (5, 25, 50, 100), (0.5, 0.3, 0.1, 0.1)  # mean 25, scv 1.32


class Pacer:
    """All jobs in flight advance by one step together, as in the batching engine."""

    def __init__(self) -> None:
        self._left: dict[str, int] = {}
        self._turn = threading.Condition()
        threading.Thread(target=self._run, daemon=True).start()

    def perform(self, claim: Claim) -> Outcome:
        """Wait until the job has had its steps."""
        with self._turn:
            (self._left[claim.job.id],) = random.Random(claim.job.seed).choices(STEPS, SHARES)
            self._turn.notify_all()
            self._turn.wait_for(lambda: self._left[claim.job.id] <= 0)
            del self._left[claim.job.id]
        return Outcome(Status.SUCCEEDED)

    def _run(self) -> None:
        due = time.monotonic()
        while True:
            with self._turn:
                self._turn.wait_for(self._batch)
                batch = self._batch()
            due = max(due, time.monotonic() - 0.02) + FIXED_SECONDS + SECONDS_EACH * len(batch)
            time.sleep(max(0.0, due - time.monotonic()))
            with self._turn:
                for job_id in batch:
                    self._left[job_id] -= 1
                self._turn.notify_all()

    def _batch(self) -> list[str]:
        return [job_id for job_id, left in self._left.items() if left > 0]


def main() -> int:
    """Serve the queue `images` until told to stop."""
    loaded = settings.load(os.environ)
    logs.configure("pacer", loaded)
    process = Process("images", loaded)
    return process.serve({"image": Pacer().perform}, loaded.batch_cap, process.beat)


if __name__ == "__main__":
    sys.exit(main())
