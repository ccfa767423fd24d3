"""One image's denoising as a table: a row of coefficients for each step."""

from dataclasses import dataclass

__all__ = ["Plan", "Row"]


@dataclass(frozen=True, slots=True)
class Row:
    """One denoising step: what the model is told, and what to make of its answer.

        clean latent = latent · clean_latent + prediction · clean_prediction
        next latent = latent · row.latent + prediction · row.prediction
            + clean latent of the step before · row.previous + noise · row.noise

    where the prediction is what the model said after guidance, and the noise is standard normal.
    Latents are variance preserving, z = √ᾱ · clean + √(1-ᾱ) · noise: what the model is shown,
    whatever the sampler.
    """

    timestep: int | float
    """A training timestep; a fraction only where diffusers' Euler visits one."""
    latent: float
    prediction: float
    previous: float
    """0 in a plan's first row, which has no step before it."""
    noise: float
    """0 where nothing random is added; then no random number is drawn either."""
    clean_latent: float
    clean_prediction: float
    sigma: float
    """The noise level of the latent this row takes, √((1-ᾱ)/ᾱ); inf where ᾱ is 0."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All steps of one image, noisiest first."""

    sampler: str
    rows: tuple[Row, ...]
    entry: tuple[float, float] = (0.0, 1.0)
    """(signal, noise): the first row takes signal · clean latent + noise · standard normal. The
    signal is 0 where the plan begins from pure noise."""

    @property
    def steps(self) -> int:
        """How many times the model is asked."""
        return len(self.rows)

    @property
    def start(self) -> float:
        """The factor on the standard normal latent to begin with."""
        return self.entry[1]
