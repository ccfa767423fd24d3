"""Where latents become pictures, beside the steps of the next ones where a core is free.

On a GPU the engine's own thread decodes: a second one would only share the same device.
"""

import logging
import os
from concurrent.futures import Executor, Future, ThreadPoolExecutor

import torch
from PIL.Image import Image

from worker.batching.denoiser import Denoiser
from worker.batching.denoising import Denoising
from worker.batching.request import Drawing

logger = logging.getLogger(__name__)


class Darkroom:
    """Decodes finished images and resolves their futures."""

    def __init__(self, denoiser: Denoiser) -> None:
        self._denoiser = denoiser
        self._aside = _aside(denoiser.device)

    def develop(self, image: Denoising) -> None:
        """Decode the result of an image that the scheduler has let go."""
        if self._aside is None:
            self._decode(image)
        else:
            self._aside.submit(self._decode, image)

    def close(self) -> None:
        """Finish what is being decoded."""
        if self._aside is not None:
            self._aside.shutdown()

    def _decode(self, image: Denoising) -> None:
        future: Future[Drawing] = image.listener.future
        try:
            picture = self._denoiser.decode(image.result)
        except BaseException as error:
            logger.exception("A picture could not be decoded; its job gets the error")
            future.set_exception(error)
            return
        finally:
            self._denoiser.release(image)
        future.set_result(_drawing(image, picture))


def _drawing(image: Denoising, picture: Image) -> Drawing:
    return Drawing(picture, image.step, image.level, image.exit, tuple(image.retimings))


def _aside(device: torch.device) -> Executor | None:
    """A thread for decoding, where the steps leave a core to it."""
    if device.type != "cpu" or torch.get_num_threads() >= (os.cpu_count() or 1):
        return None
    return ThreadPoolExecutor(1, "image-darkroom")
