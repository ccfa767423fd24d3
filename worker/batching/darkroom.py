"""Where latents become pictures, beside the steps of the next ones where a core is free.

On a GPU the engine's own thread decodes: a second one would only share the same device.
"""

import logging
import os
import threading
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor

import torch
from PIL.Image import Image

from worker.batching.denoiser import Denoiser
from worker.batching.denoising import Denoising
from worker.batching.request import Drawing

logger = logging.getLogger(__name__)


TOGETHER = 8
"""Pictures decoded in one call where so many wait; more would gain nothing and delay the first."""


class Darkroom:
    """Decodes finished images and resolves their futures."""

    def __init__(self, denoiser: Denoiser) -> None:
        self._denoiser = denoiser
        self._waiting: list[Denoising] = []
        self._gate = threading.Lock()
        self._aside = _aside(denoiser.device)

    def develop(self, image: Denoising) -> None:
        """Decode the result of an image that the scheduler has let go."""
        if self._aside is None:
            self._decode([image])
            return
        with self._gate:
            self._waiting.append(image)
        self._aside.submit(self._decode_waiting)

    def close(self) -> None:
        """Finish what is being decoded."""
        if self._aside is not None:
            self._aside.shutdown()

    def _decode_waiting(self) -> None:
        """Whatever waits and has the first one's size; nothing, if others were quicker."""
        with self._gate:
            alike = [image for image in self._waiting if image.shape == self._waiting[0].shape]
            taken = alike[:TOGETHER]
            self._waiting = [image for image in self._waiting if image not in taken]
        if taken:
            self._decode(taken)

    def _decode(self, images: Sequence[Denoising]) -> None:
        try:
            pictures = self._denoiser.decode(torch.cat([image.result for image in images]))
        except BaseException as error:
            logger.exception("%d pictures could not be decoded", len(images))
            self._decode_alone(images, error)
            return
        for image, picture in zip(images, pictures, strict=True):
            self._denoiser.release(image)
            image.listener.future.set_result(_drawing(image, picture))

    def _decode_alone(self, images: Sequence[Denoising], error: BaseException) -> None:
        """Each by itself, so that only the one at fault gets the error."""
        if len(images) > 1:
            for image in images:
                self._decode([image])
            return
        self._denoiser.release(images[0])
        images[0].listener.future.set_exception(error)


def _drawing(image: Denoising, picture: Image) -> Drawing:
    return Drawing(picture, image.step, image.level, image.exit, tuple(image.retimings))


def _aside(device: torch.device) -> Executor | None:
    """A thread for decoding, where the steps leave a core to it."""
    if device.type != "cpu" or torch.get_num_threads() >= (os.cpu_count() or 1):
        return None
    return ThreadPoolExecutor(1, "image-darkroom")
