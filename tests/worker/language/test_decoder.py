"""Who is read with whom, and that nobody's trouble is anybody else's."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest
import torch
from transformers import PreTrainedModel

from tests.waiting import wait_until
from tests.worker.language.tiny import tiny_network
from worker.language import packing
from worker.language.context import Context
from worker.language.decoder import LONG_TOKENS, Decoder, NotANumber, Reading, choose
from worker.language.packing import Piece
from worker.language.prove import prepared

DEADLINE = 30
pytestmark = pytest.mark.usefixtures("one_thread")
Lengths = list[int]


class Stop(Exception):
    """What interrupts a story in these tests."""


class Story:
    """Asks a decoder to read, in a thread of its own."""

    def __init__(self, room: "Room") -> None:
        self._room = room
        self.stopped = False

    def read(self, ids: tuple[int, ...]) -> Future[Reading]:
        """A future of the reading; returns once the decoder knows of it."""
        decoder, before = self._room.decoder, len(self._room.decoder._waiting)
        future = self._room.pool.submit(
            decoder.read,
            self._room.network,
            Context(),
            ids,
            lambda: Stop() if self.stopped else None,
        )
        wait_until(lambda: len(decoder._waiting) > before, "the decoder knows of the read")
        return future


class Room:
    """A network whose passes can be held up, and what every pass read."""

    def __init__(self, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pool = pool
        self.network, self.other = (prepared(tiny_network(size)) for size in (200, 300))
        self.decoder = Decoder()
        self.passes: list[Lengths] = []
        self._go_on = threading.Semaphore(0)
        self._free = threading.Event()
        self._read = packing.read
        self.before_pass: Callable[[list[Piece]], None] = lambda _: None
        monkeypatch.setattr(packing, "read", self._held)

    def _held(self, network: PreTrainedModel, pieces: list[Piece]) -> list[Reading]:
        self.passes.append([len(piece.ids) for piece in pieces])
        self._free.is_set() or self._go_on.acquire(timeout=DEADLINE)
        self.before_pass(pieces)
        return self._read(network, pieces)

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Within the block a pass is under way; whatever is asked for meanwhile comes together."""
        first = Story(self).read((7,))
        wait_until(lambda: self.passes == [[1]], "the pass is under way")
        yield
        self._free.set()
        self._go_on.release()
        first.result(DEADLINE)

    def alone(self, ids: tuple[int, ...]) -> torch.Tensor:
        """The scores after a text that is read with no other."""
        return self._read(self.network, [Piece(Context(), ids)])[0][1]


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    with ThreadPoolExecutor(8) as pool:
        yield Room(pool, monkeypatch)


def _agrees(reading: Future[Reading], expected: torch.Tensor) -> None:
    torch.testing.assert_close(reading.result(DEADLINE)[1], expected, rtol=0, atol=1e-4)


def test_what_waits_is_read_in_one_pass(room: Room) -> None:
    with room.busy():
        readings = [Story(room).read((i, i + 1)) for i in range(3, 7)]
    for i, reading in enumerate(readings, start=3):
        _agrees(reading, room.alone((i, i + 1)))
    assert room.passes == [[1], [2, 2, 2, 2]]


def test_a_turn_waits_for_those_who_are_seated_but_not_for_ever(room: Room) -> None:
    with room.decoder.seat(), room.decoder.seat():
        room.decoder._last_seconds = 2 * DEADLINE
        room._free.set()
        first, second = (room.pool.submit(_read, room, (i,)) for i in (3, 4))
        first.result(DEADLINE), second.result(DEADLINE)
        assert room.passes == [[1, 1]]
        room.decoder._last_seconds = 0.001
        room.pool.submit(_read, room, (5,)).result(DEADLINE)


def _read(room: Room, ids: tuple[int, ...]) -> Reading:
    return room.decoder.read(room.network, Context(), ids, lambda: None)


def test_a_long_prompt_is_read_in_pieces_beside_which_others_go_on(room: Room) -> None:
    prompt = tuple(3 + i % 50 for i in range(2 * LONG_TOKENS + 5))
    with room.busy():
        long = Story(room).read(prompt)
        short = [Story(room).read((i,)) for i in (3, 4)]
    _agrees(long, room.alone(prompt))
    for i, reading in zip((3, 4), short, strict=True):
        _agrees(reading, room.alone((i,)))
    assert room.passes == [[1], [LONG_TOKENS, 1, 1], [LONG_TOKENS], [5]]


@pytest.mark.parametrize(
    ("lengths", "chosen"),
    [
        ([1, 1, 1], [0, 1, 2]),
        ([64, 1, 64, 1], [0, 1, 3]),
        ([200, 2, 1], [0, 2]),
        ([30, 40, 30, 5, 1], [0, 2, 4]),
        ([], []),
    ],
)
def test_a_turn_takes_every_single_token_and_of_longer_texts_what_has_room(
    lengths: Lengths, chosen: Lengths
) -> None:
    assert choose(lengths, 64) == chosen


def test_an_interrupted_read_ends_between_its_pieces_and_alone(room: Room) -> None:
    story = Story(room)

    def stop(pieces: list[Piece]) -> None:
        story.stopped = len(room.passes) == 2

    room.before_pass = stop
    with room.busy():
        stopped = story.read((3,) * (3 * LONG_TOKENS))
        other = Story(room).read((4,))
    with pytest.raises(Stop):
        stopped.result(DEADLINE)
    _agrees(other, room.alone((4,)))
    assert room.passes == [[1], [LONG_TOKENS, 1]]


def test_a_pass_that_fails_is_repeated_for_each_alone_and_one_fails(room: Room) -> None:
    def too_large(pieces: list[Piece]) -> None:
        if any(piece.ids == (5, 5) for piece in pieces):
            raise MemoryError("no room for the twos")

    room.before_pass = too_large
    with room.busy():
        good, bad, too = (Story(room).read(ids) for ids in ((4,), (5, 5), (6,)))
    with pytest.raises(MemoryError, match="no room for the twos"):
        bad.result(DEADLINE)
    _agrees(good, room.alone((4,)))
    _agrees(too, room.alone((6,)))
    assert room.passes == [[1], [1, 2, 1], [1], [2], [1]]


def _narrow(room: Room, places: int) -> Callable[[list[Piece]], None]:
    """A device with memory for so many stories at a time, and none for a 5."""

    def check(pieces: list[Piece]) -> None:
        if len(pieces) > places or any(5 in piece.ids for piece in pieces):
            raise torch.OutOfMemoryError(f"no room for {len(pieces)} stories")

    return check


def test_where_memory_runs_out_fewer_are_read_together_and_everybody_is_read(room: Room) -> None:
    room.before_pass = _narrow(room, 3)
    with room.busy():
        readings = [Story(room).read((i, i + 1)) for i in range(10, 17)]
    for i, reading in enumerate(readings, start=10):
        _agrees(reading, room.alone((i, i + 1)))
    assert [len(lengths) for lengths in room.passes] == [1, 7, 3, 3, 1]


def test_a_story_too_large_for_the_memory_fails_alone(room: Room) -> None:
    room.before_pass = _narrow(room, 8)
    with room.busy():
        good, bad, too = (Story(room).read(ids) for ids in ((4,), (5, 6), (7,)))
    with pytest.raises(torch.OutOfMemoryError, match="no room for 1"):
        bad.result(DEADLINE)
    _agrees(good, room.alone((4,)))
    _agrees(too, room.alone((7,)))


def test_after_turns_without_trouble_more_are_read_together_again(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.batching.limit.RECOVERY_TURNS", 2)
    room.before_pass = _narrow(room, 2)
    with room.busy():
        narrow = [Story(room).read((i,)) for i in (10, 11, 12, 13)]
    for reading in narrow:
        reading.result(DEADLINE)
    assert [len(lengths) for lengths in room.passes] == [1, 4, 2, 2]

    room.before_pass = lambda _: None
    with ExitStack() as seats:
        for _ in range(4):
            seats.enter_context(room.decoder.seat())
        room.decoder._last_seconds = 2 * DEADLINE
        wide = [room.pool.submit(_read, room, (i,)) for i in (10, 11, 12, 13)]
        for reading in wide:
            reading.result(DEADLINE)
    assert [len(lengths) for lengths in room.passes[4:]] == [4]


def test_a_pass_that_broke_the_device_is_not_repeated(room: Room) -> None:
    def broken(_pieces: list[Piece]) -> None:
        raise torch.AcceleratorError("CUDA error: an illegal memory access was encountered")

    with room.busy():
        readings = [Story(room).read((i,)) for i in (3, 4)]
        wait_until(lambda: len(room.decoder._waiting) == 3, "all wait")
        room.before_pass = lambda pieces: broken(pieces) if len(pieces) > 1 else None
    for reading in readings:
        with pytest.raises(torch.AcceleratorError):
            reading.result(DEADLINE)
    assert room.passes == [[1], [1, 1]]


def test_a_story_whose_scores_are_no_numbers_fails_alone(room: Room) -> None:
    with torch.no_grad():
        room.network.get_input_embeddings().weight[9] = float("nan")
    with room.busy():
        good, bad = Story(room).read((4,)), Story(room).read((9,))
    with pytest.raises(NotANumber, match="choose another precision"):
        bad.result(DEADLINE)
    _agrees(good, room.alone((4,)))


def test_whoever_cannot_say_whether_to_go_on_fails_alone(room: Room) -> None:
    def broken() -> None:
        raise KeyError("no such job")

    with room.busy():
        other = Story(room).read((4,))
        bad = room.pool.submit(room.decoder.read, room.network, Context(), (5,), broken)
        wait_until(lambda: len(room.decoder._waiting) == 3, "both wait")
    with pytest.raises(KeyError, match="no such job"):
        bad.result(DEADLINE)
    _agrees(other, room.alone((4,)))


def test_what_nobody_expects_fails_the_turn_and_the_next_is_taken(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    def ends_the_thread() -> None:
        raise SystemExit("no way on")

    with room.busy():
        other = Story(room).read((4,))
        bad = room.pool.submit(room.decoder.read, room.network, Context(), (5,), ends_the_thread)
        wait_until(lambda: len(room.decoder._waiting) == 3, "both wait")
    for reading in (other, bad):
        assert isinstance(reading.exception(DEADLINE), SystemExit)
    assert "a turn failed, and with it what 2 stories asked for" in caplog.text
    _agrees(room.pool.submit(_read, room, (6,)), room.alone((6,)))


def test_a_decoder_is_silent_while_a_pass_does_not_end(room: Room) -> None:
    assert room.decoder.silent_seconds() == 0.0
    with room.busy():
        wait_until(lambda: room.decoder.silent_seconds() > 0.05, "the pass lasts")
    wait_until(lambda: room.decoder.silent_seconds() == 0.0, "nobody waits")


def test_every_network_has_a_pass_of_its_own(room: Room) -> None:
    with room.busy():
        first = Story(room).read((4,))
        second = room.pool.submit(room.decoder.read, room.other, Context(), (5,), lambda: None)
        wait_until(lambda: len(room.decoder._waiting) == 3, "both wait")
    assert first.result(DEADLINE)[1].shape == (200,)
    assert second.result(DEADLINE)[1].shape == (300,)
