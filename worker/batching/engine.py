"""The one thread that owns the device. Anybody may submit; only this thread calls the model."""

import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Self

from worker.batching.clip_watch import ClipWatch
from worker.batching.darkroom import Darkroom
from worker.batching.denoiser import Denoiser
from worker.batching.denoising import Denoising
from worker.batching.exits import Exits
from worker.batching.request import Drawing, Follow, ImageRequest, Interrupted, Listener, OnStep
from worker.batching.scheduler import Scheduler
from worker.batching.turn import Turn

logger = logging.getLogger(__name__)

IDLE_SECONDS = 1.0
"""How long an idle engine waits before it shows that it is alive."""


class EngineClosed(RuntimeError):
    """The engine stopped before the picture was done."""


class Engine:
    """Draws submitted images, up to `cap` of them advancing together.

    `prepare` is called in the engine's thread before anything else. `on_turn` is called in it
    every turn, and every second when idle. `clip` judges pictures whose level leaves early by
    clip-score.
    """

    def __init__(
        self,
        denoiser: Denoiser,
        *,
        cap: int = 1,
        prepare: Callable[[], None] | None = None,
        on_turn: Callable[[], None] | None = None,
        clip: ClipWatch | None = None,
    ) -> None:
        self.denoiser = denoiser
        self._scheduler: Scheduler[Denoising] = Scheduler(cap)
        self._darkroom = Darkroom(denoiser)
        exits = Exits(denoiser.decode, clip)
        self._turn = Turn(denoiser, self._scheduler, self._darkroom.develop, exits)
        self._prepare = prepare or (lambda: None)
        self._prepared: Future[None] = Future()
        self._on_turn = on_turn or (lambda: None)
        self._inbox: queue.SimpleQueue[Denoising | None] = queue.SimpleQueue()
        self._closing = False
        self._turned_at = time.monotonic()
        self._gate = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="image-engine", daemon=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def start(self) -> Self:
        """Start the thread and wait until it is prepared; an engine starts once.

        Raises what `prepare` raises.
        """
        self._thread.start()
        self._prepared.result()
        return self

    def close(self) -> None:
        """Stop after the step under way, failing what is left with EngineClosed, and wait for the
        pictures that only have to be decoded."""
        with self._gate:
            self._closing = True
            self._inbox.put(None)
        if self._thread.ident is not None:
            self._thread.join()
        else:
            self._abandon_all()
        self._darkroom.close()

    def silent_seconds(self) -> float:
        """Since the last turn began; an idle engine takes one a second."""
        return time.monotonic() - self._turned_at

    def submit(
        self,
        request: ImageRequest,
        *,
        priority: str = "normal",
        on_step: OnStep | None = None,
        interrupted: Interrupted | None = None,
        follow: Follow | None = None,
    ) -> Future[Drawing]:
        """A future of the picture; a request that cannot be drawn resolves it with the error.

        `on_step(step, steps)` follows each step. `interrupted()` is asked before each step,
        waiting or running: an exception it returns takes the image out and resolves the future.
        `follow` is asked then too, and re-times the picture. All of them run in the engine's
        thread and must be quick; if they raise, this image alone fails.
        The future's own `cancel` does nothing: interrupt instead.
        """
        listener = Listener(on_step, interrupted, follow)
        listener.future.set_running_or_notify_cancel()
        try:
            self._enter(self.denoiser.denoising(request, priority, listener))
        except (ValueError, EngineClosed) as error:
            listener.future.set_exception(error)
        return listener.future

    def _enter(self, image: Denoising) -> None:
        with self._gate:  # so that nothing enters after close has emptied the inbox
            if self._closing:
                raise _closed()
            self._inbox.put(image)

    def _run(self) -> None:
        try:
            self._prepared.set_result(self._prepare())
        except BaseException as error:  # noqa: BLE001 - whoever starts the engine gets it
            with self._gate:
                self._closing = True
            self._prepared.set_exception(error)
        while not self._closing:
            self._receive()
            self._show_alive()
            if not self._closing:
                self._take_turn()
        self._abandon_all()

    def _show_alive(self) -> None:
        self._turned_at = time.monotonic()
        try:
            self._on_turn()
        except Exception:
            logger.exception("The engine's heartbeat failed; health checks may restart it")

    def _take_turn(self) -> None:
        try:
            self._turn.take()
        except Exception as error:
            logger.exception("The engine's turn failed; every image in it is given up")
            self._abandon(error)

    def _receive(self) -> None:
        """Take in what was submitted; with nothing to do, wait a little for something."""
        idle = not len(self._scheduler) and not self._closing
        try:
            image = self._inbox.get(idle, IDLE_SECONDS)
            while True:
                if image is not None:
                    self._scheduler.add(image)
                image = self._inbox.get_nowait()
        except queue.Empty:
            return

    def _abandon_all(self) -> None:
        self._receive()
        self._abandon(_closed())

    def _abandon(self, reason: BaseException) -> None:
        for image in self._scheduler:
            self._scheduler.remove(image)
            self.denoiser.release(image)
            image.listener.future.set_exception(reason)


def _closed() -> EngineClosed:
    return EngineClosed(
        "The image engine is stopping; hand the job back so that another worker draws it."
    )
