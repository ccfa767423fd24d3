"""What a level is: how a picture is drawn, a story written and a book put together at it."""

import hashlib
import math
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Sampler = Literal["ddpm", "ddim", "dpmpp-2m", "euler"]
Precision = Literal["auto", "fp32", "bf16", "fp16", "int8", "nf4"]
Measure = Literal["relative-change", "mutual-information", "clip-score"]
Strategy = Literal["sequential", "parallel", "pipelined", "autoregressive"]


class Strict(BaseModel):
    """A model that cannot be changed, and takes no field that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class ModelSettings(Strict):
    """What a level asks of one model."""

    @property
    def digest(self) -> str:
        """Equal for equal settings, whatever the level is called."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]


class EarlyExit(Strict):
    """When a picture leaves before its last step: its predicted clean latent has settled."""

    by: Measure = Field(description="What is measured between successive predictions.")
    threshold: float = Field(
        gt=0,
        description="relative-change: leave below it. mutual-information (of the two predictions, "
        "as a share of their entropy): leave above it. clip-score (points of 100): leave when the "
        "score has risen by less.",
    )
    minimum_steps: int = Field(4, ge=2, le=1000, description="Steps taken in any case.")


class ImageLevel(ModelSettings):
    """How a picture is drawn at a level."""

    sampler: Sampler
    steps: int = Field(ge=1, le=1000)
    guidance_scale: float = Field(ge=0, le=30)
    eta: float = Field(0.0, ge=0, le=1, description="DDIM's share of fresh noise in each step.")
    guidance_interval: tuple[float, float] | None = Field(
        None,
        description="Guide only at noise levels σ = √((1-ᾱ)/ᾱ) within these two; null: at all. "
        "Pure noise, whose σ is infinite, counts as 1e6.",
    )
    precision: Precision = Field("auto", description="Numbers that the denoiser computes with.")
    early_exit: EarlyExit | None = None
    retime: bool = Field(
        True, description="Whether a picture begun at this level follows the policy further down."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.eta and self.sampler != "ddim":
            raise ValueError(f"eta belongs to the sampler ddim; {self.sampler} has none")
        low, high = self.guidance_interval or (0.0, math.inf)
        if not 0 <= low < high:
            raise ValueError("guidance_interval must be two noise levels, the lower one first")
        return self


class StoryLevel(ModelSettings):
    """How a story is written at a level."""

    max_tokens: int = Field(ge=16, le=4096)
    precision: Precision = Field("auto", description="Numbers that the model computes with.")
    page_sentences: int = Field(
        2, ge=1, le=8, description="A page ends with its sentence of this number."
    )


class StorybookLevel(Strict):
    """How a book is put together at a level."""

    strategy: Strategy = Field("pipelined", description="How the pictures follow the text.")


class Level(Strict):
    """One rung of the ladder."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")
    image: ImageLevel
    story: StoryLevel
    storybook: StorybookLevel = StorybookLevel()


class AppliedLevel(BaseModel):
    """The level a job got, from which version of the policy, and why."""

    model_config = ConfigDict(frozen=True)

    index: int
    level: Level
    version: int | None
    reason: str

    @property
    def name(self) -> str:
        """The level's name."""
        return self.level.name
