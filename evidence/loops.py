"""Closed loops from records of `loadgen run --concurrency`: who was beside whom. Pure."""

from collections.abc import Sequence

import numpy as np

from controller.queueing.refusal import BadInput
from evidence.law import Floats
from evidence.served import ClosedLoop
from loadgen.metrics import measured
from loadgen.record import SUCCEEDED, Record


def closed_loop(records: Sequence[Record], began: float | None = None) -> ClosedLoop:
    """Of pictures that took equally many steps; those of the warm-up count as company, too. It
    `began` in unix seconds.

    The next request is sent a little after one ends, so fewer are outstanding than were allowed:
    how many is what the records show. Raises BadInput where nothing finished or steps differ, and
    where a start is not known.
    """
    done = [each for each in records if each.status == SUCCEEDED and each.kind == "image"]
    counted = measured(done)
    steps = {each.steps for each in counted}
    if len(steps) != 1:
        raise BadInput(f"a closed loop has pictures of one number of steps; these: {sorted(steps)}")
    if any(each.started is None for each in counted):
        raise BadInput("a closed loop has a finished picture that never started")
    sent, started, finished = (_times(counted, name) for name in ("sent", "started", "finished"))
    every = _times(done, "sent"), _times(done, "finished")
    middle = float(sent.min() + finished.max()) / 2
    levels = {each.level for each in counted}
    return ClosedLoop(
        steps=steps.pop(),
        beside=tuple(beside(sent, finished, *every).tolist()),
        before=tuple((started - sent).tolist()),
        seconds=tuple((finished - sent).tolist()),
        level=levels.pop() if len(levels) == 1 else None,
        at=None if began is None else began + middle,
    )


def beside(sent: Floats, finished: Floats, other_sent: Floats, other_finished: Floats) -> Floats:
    """The share of their time that pictures spent beside 0, 1, 2, … others outstanding, (numbers,).

    The others include each itself, once.
    """
    times = np.unique(np.concatenate([other_sent, other_finished]))
    inside = np.searchsorted(np.sort(other_sent), times, side="right")
    inside -= np.searchsorted(np.sort(other_finished), times, side="right")
    lengths = np.diff(times)[:, None] * (inside[:-1, None] == np.arange(1, inside.max() + 1))
    spent = np.concatenate([np.zeros((1, lengths.shape[1])), np.cumsum(lengths, axis=0)])
    own = spent[np.searchsorted(times, finished)] - spent[np.searchsorted(times, sent)]
    return own.sum(axis=0) / own.sum()


def _times(records: Sequence[Record], name: str) -> Floats:
    return np.array([getattr(each, name) for each in records], float)
