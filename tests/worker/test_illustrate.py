"""A job's pictures: their seeds, their metadata, their progress, and their common end."""

import io
from collections.abc import Sequence
from typing import Any

import pytest
from PIL import Image
from torch import Tensor

from services.contract.ladder import ImageLevel, Level, StoryLevel
from tests.worker.batching.oracle import SAME, psnr
from worker.batching.denoiser import Denoiser
from worker.batching.denoising import Denoising
from worker.batching.engine import Engine
from worker.batching.reference import draw
from worker.illustrate import Hearing, Illustration, illustrate

pytestmark = pytest.mark.usefixtures("one_thread")


class Cancelled(Exception):
    """What a client's DELETE stops a job with."""


LEVEL = Level(
    name="balanced",
    image=ImageLevel(sampler="ddpm", steps=4, guidance_scale=4.0),
    story=StoryLevel(max_tokens=99),
)


def illustration(steps: int = 4, **changes: Any) -> Illustration:
    image = LEVEL.image.model_copy(update={"steps": steps})
    level = LEVEL.model_copy(update={"image": image})
    default: dict[str, Any] = {"prompt": "a fox in the snow", "seed": 3, "level": level}
    return Illustration(**{**default, **changes})


@pytest.mark.parametrize("cap", [1, 3])
def test_picture_i_is_drawn_with_seed_plus_i(denoiser: Denoiser, cap: int) -> None:
    job = illustration(count=3, width=48, negative_prompt="blurry")
    with Engine(denoiser, cap=cap) as engine:
        files = illustrate(engine, job)
    pictures = [Image.open(io.BytesIO(file)) for file, _ in files]
    assert [picture.text["seed"] for picture in pictures] == ["3", "4", "5"]
    for picture, request in zip(pictures, job.requests(), strict=True):
        assert picture.size == (48, 32)
        assert psnr(picture, draw(denoiser, request)) >= SAME


def test_a_picture_says_what_made_it(denoiser: Denoiser) -> None:
    job = illustration(prompt="ein Fuchs im Schnee, 雪の中の狐", negative_prompt="größer")
    with Engine(denoiser) as engine:
        ((file, _),) = illustrate(engine, job)
    assert Image.open(io.BytesIO(file)).text == {
        "prompt": "ein Fuchs im Schnee, 雪の中の狐",
        "negative_prompt": "größer",
        "seed": "3",
        "guidance_scale": "4.0",
        "sampler": "ddpm",
        "steps": "4",
        "level": "balanced",
        "model": denoiser.name,
        "software": "storyteller",
    }


def test_progress_counts_the_steps_of_all_pictures(denoiser: Denoiser) -> None:
    progress: list[tuple[int, int]] = []
    with Engine(denoiser, cap=2) as engine:
        illustrate(
            engine,
            illustration(count=3),
            Hearing(on_step=lambda *step: progress.append(step)),
        )
    assert progress == [(done, 12) for done in range(1, 13)]


def test_an_interruption_ends_all_pictures(denoiser: Denoiser) -> None:
    progress: list[int] = []
    with Engine(denoiser, cap=2) as engine:
        with pytest.raises(Cancelled):
            illustrate(
                engine,
                illustration(count=4, steps=100),
                Hearing(
                    on_step=lambda done, _total: progress.append(done),
                    interrupted=lambda: Cancelled() if len(progress) >= 6 else None,
                ),
            )
        illustrate(engine, illustration(steps=1))
    # Two step together, unless the first was under way before the second came in.
    assert progress in ([1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6, 7])


class Unlucky(Denoiser):
    """A denoiser that cannot draw seed 13."""

    def predict(self, batch: Sequence[Denoising]) -> Tensor:
        """As the denoiser, but for seed 13."""
        if any(image.request.seed == 13 for image in batch):
            raise RuntimeError("seed 13 is unlucky")
        return super().predict(batch)


def test_a_picture_that_fails_ends_its_sisters(denoiser: Denoiser) -> None:
    progress: list[int] = []
    with Engine(Unlucky(denoiser.checkpoint)) as engine:
        with pytest.raises(RuntimeError, match="unlucky"):
            illustrate(
                engine,
                illustration(seed=13, count=2, steps=200),
                Hearing(on_step=lambda done, _total: progress.append(done)),
            )
        illustrate(engine, illustration(steps=1))
    assert len(progress) < 200


def test_a_request_that_cannot_be_drawn_is_refused(denoiser: Denoiser) -> None:
    with Engine(denoiser) as engine, pytest.raises(ValueError, match="height must be a multiple"):
        illustrate(engine, illustration(height=31, count=2))


def test_no_pictures_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match="count must be at least 1"):
        illustration(count=0)
