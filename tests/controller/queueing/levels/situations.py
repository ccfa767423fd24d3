"""Queues and tables for tests of models with levels."""

import numpy as np

from controller.queueing.levels.queue import LevelledQueue
from services.contract.forecast import Pace
from services.contract.profile import BatchLaw

SECONDS = (1.0, 0.6, 0.3)
QUALITIES = (1.0, 0.7, 0.5)
ENGINE = BatchLaw(tau0=0.5, tau1=0.5, cap=4)

HYSTERESIS = np.array(
    [
        [0, 0, 0, 1, 1, 1, 2, 2],
        [0, 0, 1, 1, 1, 1, 2, 2],
        [1, 1, 1, 1, 2, 2, 2, 2],
    ]
)
"""Down at 3 and 6 jobs, up at 1 and 3."""
ONE_LEVEL = np.zeros((1, 1), dtype=np.int64)


def queue(rate, *, scv=0.0, levels=3, **changed):
    """Jobs of 1, 0.6 and 0.3 s at three levels, or fewer of them."""
    paces = tuple(Pace(seconds=seconds, scv=scv) for seconds in SECONDS[:levels])
    return LevelledQueue(rate, paces, QUALITIES[:levels], **changed)
