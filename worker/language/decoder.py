"""One thread reads for all stories: each turn, everything that waits goes through the network once.

A network's weights are read from memory for every pass, whether it is for one story or for eight;
so stories that advance together cost little more than one of them.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from transformers import PreTrainedModel

from worker.batching.limit import Limit
from worker.language.context import Context
from worker.language.packing import Piece
from worker.language.passes import Reading, results

logger = logging.getLogger(__name__)

Interrupted = Callable[[], BaseException | None]

LONG_TOKENS = 64  # of prompts and lines in one turn, for which every other story has to wait
MOST_TOGETHER = 256  # STORYTELLER_STORY_BATCH allows no more
LINGER = 0.5  # of the last turn's time, given to stories that are about to ask for their next token


class NotANumber(RuntimeError):
    """The network computed NaN for a story."""


@dataclass(eq=False)
class _Read:
    """What a story asked for: as much of it as was read, and what is left."""

    network: PreTrainedModel
    context: Context
    left: Sequence[int]
    interrupted: Interrupted
    future: Future[Reading] = field(default_factory=Future)

    @property
    def piece(self) -> Piece:
        """What is to be read next. Where a text is cut never depends on other stories: attention
        over another number of tokens rounds otherwise."""
        return Piece(self.context, tuple(self.left[:LONG_TOKENS]))

    def take(self, result: Reading | Exception) -> None:
        """Note what became of the next piece."""
        if isinstance(result, Exception):
            self.future.set_exception(result)
            return
        self.left = self.left[result[0].length - self.context.length :]
        self.context = result[0]
        if result[1].isnan().any():
            self.future.set_exception(_not_a_number(self.context))
        elif not self.left:
            self.future.set_result(result)


class Decoder:
    """Reads tokens for any number of stories, each in a thread of its own.

    What waits is read together: single tokens at once; longer texts in pieces, first come first,
    LONG_TOKENS a turn, so that nobody's next token waits long for somebody's prompt. Where memory
    runs out, fewer are read together for a while, and the others wait for the next turn.

    A story depends on its company only as far as a row of a matrix product does on the number of
    rows. In bf16 on a CPU it does not where docs/studies/2026-11-22-story-batching measured it; in
    fp32 the last bits may differ, and int8 treats the outliers of all rows alike.
    """

    def __init__(self) -> None:
        self._gate = threading.Condition()
        self._waiting: list[_Read] = []
        self._seats = 0
        self._turning = False
        self._turned_at = 0.0
        self._last_seconds = 0.0
        self._limit = Limit(MOST_TOGETHER)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="story-decoder")

    @contextmanager
    def seat(self) -> Iterator[None]:
        """Hold this while a text is read or written, not while waiting for something else: a turn
        waits a moment for all who are seated."""
        with self._gate:
            self._seats += 1
        try:
            yield
        finally:
            with self._gate:
                self._seats -= 1
                self._gate.notify()

    def silent_seconds(self) -> float:
        """Since the turn under way began; 0 where nobody waits."""
        return time.monotonic() - self._turned_at if self._turning else 0.0

    def read(
        self,
        network: PreTrainedModel,
        before: Context,
        ids: Sequence[int],
        interrupted: Interrupted,
    ) -> Reading:
        """The text `before` with `ids` read, and the scores (vocabulary,) of what comes next, fp32
        on the CPU. `network` must be prepared for packing.

        Raises what `interrupted` returns, asked before every turn; NotANumber; or what the network
        raised for these tokens alone. None of these touches another story.
        """
        read = _Read(network, before, ids, interrupted)
        with self._gate:
            self._waiting.append(read)
            self._gate.notify()
            if not self._turning:
                self._turned_at = time.monotonic()
                self._turning = True
                self._thread.submit(self._take_turns)
        return read.future.result()

    def _take_turns(self) -> None:
        while reads := self._gathered():
            self._turned_at = started = time.monotonic()
            _settle(reads, self._limit)
            self._last_seconds = time.monotonic() - started
            with self._gate:
                self._waiting = [read for read in self._waiting if not read.future.done()]

    def _gathered(self) -> list[_Read]:
        """What waits, once all who are seated have asked or there was time enough to."""
        with self._gate:
            self._gate.wait_for(
                lambda: len(self._waiting) >= self._seats, LINGER * self._last_seconds
            )
            self._turning = bool(self._waiting)
            return list(self._waiting)


def _settle(reads: list[_Read], limit: Limit) -> None:
    """Take a turn. Whatever escapes it goes to its stories: without this thread all would hang."""
    try:
        _take_turn(reads, limit)
    except BaseException as error:
        undone = [read for read in reads if not read.future.done()]
        logger.exception("a turn failed, and with it what %d stories asked for", len(undone))
        for read in undone:
            read.future.set_exception(error)


def _take_turn(reads: list[_Read], limit: Limit) -> None:
    """Read on for everybody who may go on, in one pass for each network."""
    going = [read for read in reads if not _stopped(read)]
    for network in dict.fromkeys(read.network for read in going):
        group = [read for read in going if read.network is network]
        fitting = choose([len(read.piece.ids) for read in group], LONG_TOKENS)
        chosen = [group[i] for i in fitting[: limit.now]]
        found = results(network, [read.piece for read in chosen], limit)
        for read, result in zip(chosen, found, strict=True):
            if result is not None:
                read.take(result)


def choose(lengths: Sequence[int], room: int) -> list[int]:
    """Which pieces go into a turn, by their lengths in order of arrival: all single tokens, the
    first of the longer ones, and of the others what has room beside it."""
    chosen, taken = [], 0
    for index, length in enumerate(lengths):
        if length == 1 or not taken or taken + length <= room:
            chosen.append(index)
            taken += length if length > 1 else 0
    return chosen


def _stopped(read: _Read) -> bool:
    """Whether the read was interrupted; its story is told why."""
    try:
        reason = read.interrupted()
    except Exception as error:  # noqa: BLE001 - the others' turn goes on
        reason = error
    if reason is not None:
        read.future.set_exception(reason)
    return reason is not None


def _not_a_number(context: Context) -> NotANumber:
    return NotANumber(
        f"the story model computed NaN after {context.length} tokens: choose another precision "
        "for the level in policy.toml (bf16 and fp32 have the widest range), or another model"
    )
