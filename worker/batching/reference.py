"""The plain loop, one image and one step at a time: slow, obvious, what the engine must match."""

import torch
from PIL.Image import Image

from worker.batching.denoiser import Denoiser
from worker.batching.request import ImageRequest


@torch.inference_mode()
def draw(denoiser: Denoiser, request: ImageRequest) -> Image:
    """Draw one picture, to its last step, in the calling thread, which must own the device."""
    image = denoiser.denoising(request)
    denoiser.begin(image)
    while not image.finished:
        row, latent, prediction = image.row, image.latent, denoiser.predict([image])
        clean = row.clean_latent * latent + row.clean_prediction * prediction
        moved = row.latent * latent + row.prediction * prediction
        if image.clean is not None:
            moved += row.previous * image.clean
        moved += row.noise * image.noise().to(moved.device)
        image.advance(moved, clean)
    denoiser.release(image)
    return denoiser.decode(image.latent)[0]
