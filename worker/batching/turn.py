"""One turn of the engine: who leaves, who joins, one model call, one step, who is done."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch

from worker import device
from worker.batching.denoiser import Denoiser
from worker.batching.denoising import Denoising, update
from worker.batching.exits import Exits
from worker.batching.retiming import follow
from worker.batching.scheduler import Scheduler

logger = logging.getLogger(__name__)


class Diverged(RuntimeError):
    """A latent became infinite or not a number."""


class Turn:
    """Moves the images of one scheduler through one denoiser. Whatever goes wrong with an image
    resolves its future and takes it out; the others never notice, unless the device is lost: then
    each image of the batch gets the error."""

    def __init__(
        self,
        denoiser: Denoiser,
        scheduler: Scheduler[Denoising],
        develop: Callable[[Denoising], None],
        exits: Exits,
    ) -> None:
        self._denoiser = denoiser
        self._scheduler = scheduler
        self._develop = develop
        self._exits = exits

    @torch.inference_mode()
    def take(self) -> None:
        """Drop the interrupted, admit, step one batch, and pass on what is finished."""
        for image in self._scheduler:
            self._heed(image)
        for image in self._scheduler.admit():
            with self._failing_alone(image):
                self._denoiser.begin(image)
        batch = self._scheduler.choose()
        if not batch:
            return
        stepped = self._step(batch)
        self._check_exits(stepped)
        for image in stepped:
            with self._failing_alone(image):
                image.listener.stepped(
                    image.step, image.step if image.finished else image.plan.steps
                )
                if image.finished:
                    self._scheduler.remove(image)
                    self._develop(image)

    def _heed(self, image: Denoising) -> None:
        """Stop an image that is to stop; re-time one whose level has changed."""
        with self._failing_alone(image):
            reason = image.listener.reason_to_stop()
            if reason is not None:
                self._drop(image, reason)
            else:
                follow(image, self._denoiser.schedule)

    def _step(self, batch: Sequence[Denoising]) -> list[Denoising]:
        """Those of `batch` that took a step, which may be none where memory ran out."""
        limit = self._scheduler.limit(batch[0].group)
        try:
            stepped = self._advance(batch)
        except Exception as error:
            logger.exception("A batch of %d images failed", len(batch))
            if device.lost(error):
                return self._drop_all(batch, error)
            fewer = device.memory_ran_out(error) and len(batch) > 1
        else:
            limit.went_well()
            return stepped
        device.free_memory()  # not before: an exception holds on to what it failed with
        if not fewer:
            return self._step_alone(batch)
        limit.too_many(len(batch))
        logger.warning(
            "%d images at a time for a while; a lower STORYTELLER_BATCH_CAP avoids this", limit.now
        )
        return []

    def _drop_all(self, batch: Sequence[Denoising], error: Exception) -> list[Denoising]:
        for image in batch:
            self._drop(image, error)
        return []

    def _step_alone(self, batch: Sequence[Denoising]) -> list[Denoising]:
        """A batch that failed is tried again one by one: only the image at fault is lost."""
        stepped = []
        for image in batch:
            with self._failing_alone(image):
                stepped += self._advance([image])
        return stepped

    def _advance(self, batch: Sequence[Denoising]) -> list[Denoising]:
        finite = update(batch, self._denoiser.predict(batch))
        for image, well in zip(batch, finite, strict=True):
            if not well:
                self._drop(image, _diverged(image))
        return [image for image, well in zip(batch, finite, strict=True) if well]

    def _check_exits(self, images: Sequence[Denoising]) -> None:
        try:
            leaving = self._exits.leaving(images)
        except Exception:
            # Leaving early saves time and decides nothing else: without it, a picture is finished.
            logger.exception("Early exit could not be judged; the pictures go on")
            return
        for image, where in zip(images, leaving, strict=True):
            image.exit = where

    def _drop(self, image: Denoising, reason: BaseException) -> None:
        self._scheduler.remove(image)
        self._denoiser.release(image)
        image.listener.future.set_exception(reason)

    @contextmanager
    def _failing_alone(self, image: Denoising) -> Iterator[None]:
        try:
            yield
        except BaseException as error:  # SystemExit too: callbacks are other people's code
            logger.exception(
                "An image failed at step %d of %d (%s, seed %d); its job gets the error",
                image.step, image.plan.steps, image.plan.sampler, image.request.seed,
            )  # fmt: skip
            self._drop(image, error)


def _diverged(image: Denoising) -> Diverged:
    return Diverged(
        f"The picture dissolved into NaN or infinite values at step {image.step} of "
        f"{image.plan.steps}; try another seed, a lower guidance_scale or a higher precision."
    )
