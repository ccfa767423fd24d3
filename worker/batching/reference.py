"""The plain loop, one image and one step at a time: slow, obvious, what the engine must match."""

import torch
from PIL.Image import Image

from worker.batching.denoiser import Denoiser
from worker.batching.denoising import ImageRequest


@torch.inference_mode()
def draw(denoiser: Denoiser, request: ImageRequest) -> Image:
    """Draw one picture in the calling thread, which must own the device."""
    image = denoiser.denoising(request)
    denoiser.begin(image)
    while not image.finished:
        row, prediction = image.row, denoiser.predict([image])
        noise = image.noise().to(prediction.device)
        image.advance(row.latent * image.latent + row.prediction * prediction + row.noise * noise)
    return denoiser.decode(image.latent)
