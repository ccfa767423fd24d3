"""Sizes of the models and their batches, for two CPU cores and for one GPU."""

from dataclasses import dataclass

LATENT_CHANNELS = 4
TEXT_TOKENS = 40
TEXT_WIDTH = 128


@dataclass(frozen=True)
class Preset:
    """Everything that differs between a laptop and a GPU; the shares divide the time budget."""

    autoencoder_channels: tuple[int, ...]
    autoencoder_batch: int
    denoiser_channels: tuple[int, ...]
    denoiser_batch: int
    denoiser_rate: float
    clip_batch: int
    scenes: int
    shares: tuple[tuple[str, float], ...]


PRESETS = {
    "cpu": Preset(
        autoencoder_channels=(16, 32, 64, 128, 128),
        autoencoder_batch=16,
        denoiser_channels=(64, 128, 160),
        denoiser_batch=64,
        denoiser_rate=1.5e-3,
        clip_batch=128,
        scenes=60_000,
        shares=(("clip", 0.1), ("decoder", 0.25), ("denoiser", 0.6), ("encoder", 0.05)),
    ),
    "cuda": Preset(
        autoencoder_channels=(32, 64, 128, 128, 128),
        autoencoder_batch=128,
        denoiser_channels=(96, 160, 192),
        denoiser_batch=512,
        denoiser_rate=1e-3,
        clip_batch=512,
        scenes=200_000,
        shares=(("clip", 0.1), ("decoder", 0.3), ("denoiser", 0.55), ("encoder", 0.05)),
    ),
}
