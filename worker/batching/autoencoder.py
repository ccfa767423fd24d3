"""Between pictures and latents."""

import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline
from PIL.Image import Image
from torch import Tensor


class Autoencoder:
    """The autoencoder of one pipeline; any thread may call."""

    def __init__(self, pipeline: StableDiffusionPipeline | StableDiffusionXLPipeline) -> None:
        self._vae = pipeline.vae
        # Asked of diffusers, each costs a walk over all layers.
        self._device, self._dtype = pipeline.vae.device, pipeline.vae.dtype
        if self._device.type == "cpu":  # where its convolutions are faster on this layout
            self._vae.to(memory_format=torch.channels_last)
        self._processor = pipeline.image_processor

    @torch.inference_mode()
    def encode(self, picture: Image, width: int, height: int) -> Tensor:
        """The (1, channels, height, width) float32 latent most likely for `picture`, resized to
        `width` × `height` pixels."""
        pixels = self._processor.preprocess(picture.convert("RGB"), height, width)
        hidden = self._vae.encode(pixels.to(self._device, self._dtype)).latent_dist.mode()
        return hidden.float() * self._vae.config.scaling_factor

    @torch.inference_mode()
    def decode(self, latents: Tensor) -> list[Image]:
        """The pictures of (n, channels, height, width) latents, as diffusers would make them."""
        scaled = latents.to(self._dtype) / self._vae.config.scaling_factor
        pixels = self._vae.decode(scaled, return_dict=False)[0]
        return self._processor.postprocess(pixels, output_type="pil")
