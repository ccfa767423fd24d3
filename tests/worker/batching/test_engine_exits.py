"""A picture that has settled leaves early, is decoded from its predicted clean latent, and says
by what measure; others go on."""

from collections.abc import Iterator

import pytest

from services.contract.ladder import EarlyExit
from tests.worker.batching.oracle import SAME, psnr
from tests.worker.batching.requests import image_request
from worker.batching.clip_watch import SHIPPED_CLIP, ClipWatch
from worker.batching.denoiser import Denoiser
from worker.batching.denoising import Denoising
from worker.batching.engine import Engine
from worker.batching.reference import draw
from worker.batching.request import ImageRequest

pytestmark = pytest.mark.usefixtures("one_thread")

SECONDS = 60
ALWAYS = EarlyExit(by="relative-change", threshold=1e9, minimum_steps=5)
NEVER = EarlyExit(by="relative-change", threshold=1e-30, minimum_steps=2)


def clean_after(denoiser: Denoiser, request: ImageRequest, steps: int) -> Denoising:
    """The plain loop, broken off after `steps` steps."""
    image = denoiser.denoising(request)
    denoiser.begin(image)
    for _ in range(steps):
        row, latent, prediction = image.row, image.latent, denoiser.predict([image])
        image.advance(
            row.latent * latent + row.prediction * prediction + row.noise * image.noise(),
            row.clean_latent * latent + row.clean_prediction * prediction,
        )
    return image


def test_a_settled_picture_leaves_with_its_clean_latent_and_the_others_go_on(
    denoiser: Denoiser,
) -> None:
    request = image_request(sampler="ddpm", steps=20, early_exit=ALWAYS)
    patient = image_request(seed=4, steps=20, early_exit=NEVER)
    with Engine(denoiser, cap=3) as engine:
        futures = [engine.submit(each) for each in (request, patient, image_request(seed=5))]
        settled, full, other = (future.result(SECONDS) for future in futures)
    expected = clean_after(denoiser, request, 5)
    assert (settled.steps, settled.exit.by, settled.exit.step) == (5, "relative-change", 5)
    assert psnr(settled.picture, denoiser.decode(expected.clean)[0]) >= SAME
    assert (full.steps, full.exit) == (20, None)
    assert psnr(full.picture, draw(denoiser, patient)) >= SAME
    assert (other.steps, other.exit) == (4, None)


@pytest.fixture(scope="module")
def clip() -> Iterator[ClipWatch]:
    """The CLIP that ships with the illustrator."""
    return ClipWatch.load(str(SHIPPED_CLIP), device="cpu")


def test_a_plateau_of_the_clip_score_ends_a_picture_too(
    denoiser: Denoiser, clip: ClipWatch
) -> None:
    rule = EarlyExit(by="clip-score", threshold=100, minimum_steps=2)
    with Engine(denoiser, clip=clip) as engine:
        drawing = engine.submit(image_request(steps=30, early_exit=rule)).result(SECONDS)
    assert drawing.exit.by == "clip-score"
    assert drawing.exit.step == drawing.steps < 30
