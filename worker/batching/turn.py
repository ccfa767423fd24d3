"""One turn of the engine: who leaves, who joins, one model call, one step, who is done."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch

from worker.batching.denoiser import Denoiser
from worker.batching.denoising import Denoising, update
from worker.batching.scheduler import Scheduler

logger = logging.getLogger(__name__)


class Diverged(RuntimeError):
    """A latent became infinite or not a number."""


class Turn:
    """Moves the images of one scheduler through one denoiser. Whatever goes wrong with an image
    resolves its future and takes it out; the others never notice."""

    def __init__(self, denoiser: Denoiser, scheduler: Scheduler[Denoising]) -> None:
        self._denoiser = denoiser
        self._scheduler = scheduler

    @torch.inference_mode()
    def take(self) -> None:
        """Drop the interrupted, admit, step one batch, and hand out what is finished."""
        for image in self._scheduler:
            self._drop_if_interrupted(image)
        for image in self._scheduler.admit():
            with self._failing_alone(image):
                self._denoiser.begin(image)
        batch = self._scheduler.choose()
        if not batch:
            return
        for image in self._step(batch):
            with self._failing_alone(image):
                image.listener.stepped(image.step, image.plan.steps)
                if image.finished:
                    self._finish(image)

    def _drop_if_interrupted(self, image: Denoising) -> None:
        with self._failing_alone(image):
            reason = image.listener.reason_to_stop()
            if reason is not None:
                self._drop(image, reason)

    def _step(self, batch: Sequence[Denoising]) -> list[Denoising]:
        """Those of `batch` that took a step. A batch that fails is tried again one by one, so
        that only the image at fault, or one too large for the memory by itself, is lost."""
        try:
            return self._advance(batch)
        except Exception:
            logger.exception("A batch of %d images failed; trying each of it alone", len(batch))
        _free_memory()
        return [image for lone in batch for image in self._step_alone(lone)]

    def _step_alone(self, image: Denoising) -> list[Denoising]:
        with self._failing_alone(image):
            return self._advance([image])
        return []

    def _advance(self, batch: Sequence[Denoising]) -> list[Denoising]:
        finite = update(batch, self._denoiser.predict(batch))
        for image, well in zip(batch, finite, strict=True):
            if not well:
                self._drop(image, _diverged(image))
        return [image for image, well in zip(batch, finite, strict=True) if well]

    def _finish(self, image: Denoising) -> None:
        picture = self._denoiser.decode(image.latent)
        self._scheduler.remove(image)
        image.listener.future.set_result(picture)

    def _drop(self, image: Denoising, reason: BaseException) -> None:
        self._scheduler.remove(image)
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


def _free_memory() -> None:
    """Give cached blocks back, in case memory was what ran out."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
