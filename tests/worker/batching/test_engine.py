"""The engine draws what diffusers draws, whatever company an image keeps."""

from pathlib import Path

import numpy as np
import pytest

from tests.worker.batching.oracle import SAME, Draw, diffusers_artist, psnr
from tests.worker.batching.requests import MIXED, image_request
from tests.worker.batching.tiny import SCHEDULERS
from worker.batching.denoiser import Denoiser
from worker.batching.engine import Engine
from worker.batching.reference import draw
from worker.batching.request import ImageRequest

pytestmark = pytest.mark.usefixtures("one_thread")

SECONDS = 60
ILLUSTRATOR = Path(__file__).parents[3] / "models" / "illustrator"

REQUESTS = {
    "ddim": image_request(steps=8),
    "ddpm": image_request(sampler="ddpm", steps=8),
    "ddim-alone": image_request(steps=8, guidance_scale=1.0),
    "ddpm-alone": image_request(sampler="ddpm", steps=8, guidance_scale=0.0),
    "ddim-negative": image_request(steps=8, negative_prompt="blurry red owl"),
    "ddpm-negative": image_request(sampler="ddpm", steps=8, negative_prompt="blurry red owl"),
    "ddim-stirred": image_request(steps=8, eta=0.6),
    "dpmpp-2m": image_request(sampler="dpmpp-2m", steps=8),
    "euler": image_request(sampler="euler", steps=8),
    "one-step": image_request(steps=1, sampler="ddpm"),
    "many-steps": image_request(steps=40, sampler="ddpm", guidance_scale=7.5),
    "wide": image_request(width=64, height=40),
    "long-prompt": image_request(prompt="a fox and a bear in the snow at night " * 5),
    "unknown-words": image_request(prompt="Zwölf Füchse, émigré 🦊"),
}


@pytest.fixture(scope="module", params=list(SCHEDULERS))
def artists(request: pytest.FixtureRequest, checkpoints: dict[str, Path]) -> tuple[Denoiser, Draw]:
    """The same checkpoint loaded by us and by diffusers, for ε and for v prediction."""
    folder = checkpoints[request.param]
    return Denoiser.load(str(folder), device="cpu"), diffusers_artist(folder)


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS.keys())
def test_a_seed_means_what_it_means_to_diffusers(
    artists: tuple[Denoiser, Draw], request_: ImageRequest
) -> None:
    denoiser, draw_with_diffusers = artists
    expected = draw_with_diffusers(request_)
    assert np.asarray(expected).std() > 10  # a flat picture would match anything
    with Engine(denoiser) as engine:
        picture = engine.submit(request_).result(SECONDS).picture
    assert psnr(picture, expected) >= SAME
    assert psnr(draw(denoiser, request_), expected) >= SAME


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 4},
        {"prompt": "a bear"},
        {"negative_prompt": "blurry"},
        {"guidance_scale": 1.0},
        {"sampler": "ddpm"},
    ],
)
def test_what_a_request_asks_for_is_seen_in_the_picture(
    denoiser: Denoiser, change: dict[str, object]
) -> None:
    one, other = (draw(denoiser, image_request(steps=8, **given)) for given in ({}, change))
    assert psnr(one, other) < 35


@pytest.mark.parametrize("cap", [1, 2, len(MIXED)])
def test_nobody_notices_the_company_they_keep(denoiser: Denoiser, cap: int) -> None:
    with Engine(denoiser, cap=cap) as engine:
        futures = [engine.submit(request) for request in MIXED]
        pictures = [future.result(SECONDS).picture for future in futures]
    for request, picture in zip(MIXED, pictures, strict=True):
        assert psnr(picture, draw(denoiser, request)) >= SAME


def test_an_image_joins_others_under_way_and_leaves_before_them(denoiser: Denoiser) -> None:
    finished, joined = [], []

    def on_step(step: int, steps: int) -> None:
        if step == 5:
            joined.append(engine.submit(short))
            joined[0].add_done_callback(lambda _: finished.append("short"))

    long, short = image_request(steps=30, sampler="ddpm"), image_request(steps=2, seed=8)
    with Engine(denoiser, cap=2) as engine:
        under_way = engine.submit(long, on_step=on_step)
        under_way.add_done_callback(lambda _: finished.append("long"))
        pictures = under_way.result(SECONDS).picture, joined[0].result(SECONDS).picture
    assert finished == ["short", "long"]
    assert psnr(pictures[0], draw(denoiser, long)) >= SAME
    assert psnr(pictures[1], draw(denoiser, short)) >= SAME


def test_a_higher_priority_is_drawn_first(denoiser: Denoiser) -> None:
    engine, order = Engine(denoiser), []
    for priority in ("low", "normal", "high"):
        future = engine.submit(image_request(steps=1), priority=priority)
        future.add_done_callback(lambda _, priority=priority: order.append(priority))
    with engine:
        future.result(SECONDS)
        engine.submit(image_request(steps=1), priority="low").result(SECONDS)
    assert order == ["high", "normal", "low"]


def test_each_step_is_reported(denoiser: Denoiser) -> None:
    steps: list[tuple[int, int]] = []
    with Engine(denoiser) as engine:
        engine.submit(image_request(), on_step=lambda *step: steps.append(step)).result(SECONDS)
    assert steps == [(1, 4), (2, 4), (3, 4), (4, 4)]


@pytest.mark.skipif(
    not (ILLUSTRATOR / "model_index.json").is_file(),
    reason="models/illustrator is not there yet: `make illustrator` builds it",
)
@pytest.mark.parametrize("sampler", ["ddim", "ddpm", "dpmpp-2m", "euler"])
@pytest.mark.parametrize("guidance_scale", [1.0, 3.0])
def test_the_shipped_illustrator_draws_what_diffusers_draws(
    sampler: str, guidance_scale: float
) -> None:
    denoiser = Denoiser.load(str(ILLUSTRATOR), device="cpu", precision="fp32")
    request = image_request(
        sampler=sampler, guidance_scale=guidance_scale, prompt="a fox and a tree at night"
    )
    with Engine(denoiser) as engine:
        picture = engine.submit(request).result(SECONDS).picture
    assert picture.size == denoiser.native_size()
    assert psnr(picture, diffusers_artist(ILLUSTRATOR)(request)) >= SAME
