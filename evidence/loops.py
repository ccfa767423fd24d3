"""Closed loops from records of `loadgen run --concurrency`: who was beside whom. Pure."""

from collections.abc import Sequence

import numpy as np

from controller.queueing.refusal import BadInput
from evidence.law import Floats
from evidence.served import ClosedLoop
from loadgen.metrics import measured
from loadgen.record import SUCCEEDED, Record


def closed_loop(records: Sequence[Record]) -> ClosedLoop:
    """Of pictures that took equally many steps; company counts those of the warm-up, too.

    The next request is sent a little after one ends, so fewer are outstanding than were allowed:
    company is what the records show. Raises BadInput where nothing finished or steps differ.
    """
    done = [each for each in records if each.status == SUCCEEDED and each.kind == "image"]
    counted = measured(done)
    steps = {each.steps for each in counted}
    if len(steps) != 1:
        raise BadInput(f"a closed loop has pictures of one number of steps; these: {sorted(steps)}")
    sent, started, finished = (_times(counted, name) for name in ("sent", "started", "finished"))
    every = _times(done, "sent"), _times(done, "finished")
    return ClosedLoop(
        steps=steps.pop(),
        company=float(np.mean(company(sent, finished, *every))),
        before=tuple((started - sent).tolist()),
        seconds=tuple((finished - sent).tolist()),
    )


def company(sent: Floats, finished: Floats, other_sent: Floats, other_finished: Floats) -> Floats:
    """How many others were outstanding beside each, on average over its own time; (n,).

    The others include each itself, once.
    """
    begin = np.maximum(sent[:, None], other_sent[None, :])
    end = np.minimum(finished[:, None], other_finished[None, :])
    together = np.clip(end - begin, 0, None).sum(axis=1)
    return together / (finished - sent) - 1


def _times(records: Sequence[Record], name: str) -> Floats:
    return np.array([getattr(each, name) for each in records], float)
