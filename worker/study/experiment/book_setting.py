"""What a book is made with: the factors of a designed experiment on the workers."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

from pydantic import Field, ValidationError, model_validator

from services.contract.jobs import LARGEST_SIDE
from services.contract.ladder import ImageLevel, Precision, Sampler, Strategy, Strict
from worker.study.experiment.design import Design, Run, complaints
from worker.study.terms import Unusable

GUIDANCE = 3.0


class BookSetting(Strict):
    """One combination of levels; the defaults stand where a design says nothing."""

    tokens: int = Field(96, ge=1, le=4096, description="Of the whole story, shared by its pages.")
    size: int | None = Field(
        None, ge=8, le=LARGEST_SIDE, description="Pixels of a side; the model's own by default."
    )
    steps: int = Field(25, ge=1, le=1000)
    sampler: Sampler = "ddim"
    batch: int = Field(4, ge=1, le=12, description="Pages, and so pictures.")
    precision: Precision = Field("auto", description="Numbers that the denoiser computes with.")
    strategy: Strategy = "pipelined"

    @model_validator(mode="after")
    def _a_token_a_page(self) -> Self:
        if self.tokens < self.batch:
            raise ValueError(f"{self.tokens} tokens are too few for {self.batch} pages")
        return self

    @property
    def level(self) -> ImageLevel:
        """How its pictures are drawn."""
        return ImageLevel(
            sampler=self.sampler,
            steps=self.steps,
            guidance_scale=GUIDANCE,
            precision=self.precision,
        )


def defaults() -> dict[str, Any]:
    """What the factors are where a design does not name them."""
    return BookSetting().model_dump(mode="json")


def settings_of(design: Design) -> list[tuple[Run, BookSetting]]:
    """The runs in their order with their settings; Unusable says what is no factor or level."""
    _check_names([*design.factors, *design.fixed])
    return [(run, _setting(design.fixed | run.point)) for run in design.runs()]


def _check_names(names: Sequence[str]) -> None:
    known = list(BookSetting.model_fields)
    if unknown := [name for name in names if name not in known]:
        raise Unusable(f"there is no factor {', '.join(unknown)}; there are {', '.join(known)}")


def _setting(levels: Mapping[str, Any]) -> BookSetting:
    try:
        return BookSetting.model_validate(levels)
    except ValidationError as error:
        raise Unusable(f"no book can be made like that: {complaints(error)}") from error
