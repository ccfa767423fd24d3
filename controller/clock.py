"""Runs each chore at its own pace, through outages and failures, until told to stop."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kombu.exceptions import OperationalError
from redis import RedisError

logger = logging.getLogger(__name__)

OUTAGE = (RedisError, OperationalError)
BEAT_SECONDS = 5.0


@dataclass
class Chore:
    """Something to do every so many seconds; `due` is by the monotonic clock."""

    name: str
    seconds: float
    action: Callable[[], None]
    due: float = 0.0

    def put_off(self, now: float) -> None:
        """Due at the next multiple of its pace, so that one wake-up serves several chores; what was
        missed is not made up for."""
        self.due = (now // self.seconds + 1) * self.seconds


class Clock:
    """One thread's chores. An outage of Redis is told once, and once more when it has ended."""

    def __init__(
        self, chores: Sequence[Chore], *, beat: Callable[[], None], recovered: Callable[[], None]
    ) -> None:
        self._chores = chores
        self._beat = Chore("beat", BEAT_SECONDS, beat)
        self._recovered = recovered
        self._outage = False
        self._failures: dict[str, str] = {}

    def run(self, told_to_stop: Callable[[float], bool]) -> None:
        """Turn after turn; `told_to_stop` waits so many seconds, or less to answer True."""
        while True:
            rest = self.turn(time.monotonic())
            if told_to_stop(max(rest, 0.0)):
                return

    def turn(self, now: float) -> float:
        """Do what is due: the seconds until something else is."""
        for chore in self._chores:
            # Before each: in an outage all of them together last as long as a stale heartbeat.
            self._tell_that_it_lives(time.monotonic())
            if chore.due <= now:
                chore.put_off(now)
                self._attempt(chore)
        return min(1.0, min(chore.due for chore in self._chores) - time.monotonic())

    def _tell_that_it_lives(self, now: float) -> None:
        """No chore like the others: it succeeds without Redis, too."""
        if self._beat.due <= now:
            self._beat.put_off(now)
            self._beat.action()

    def _attempt(self, chore: Chore) -> None:
        try:
            chore.action()
            self._end_outage()
            self._failures.pop(chore.name, None)
        except OUTAGE as error:
            self._begin_outage(error)
        except Exception as error:  # noqa: BLE001 - told below; a chore that fails once may succeed the next time
            self._tell_failure(chore.name, error)

    def _begin_outage(self, error: Exception) -> None:
        if not self._outage:
            logger.error("Redis does not answer, trying again and again: %s", error)
        self._outage = True

    def _end_outage(self) -> None:
        if self._outage:
            self._recovered()
            logger.info("Redis answers again")
        self._outage = False

    def _tell_failure(self, name: str, error: Exception) -> None:
        if self._failures.get(name) != repr(error):
            logger.exception("cannot %s, trying again and again", name)
        self._failures[name] = repr(error)
