"""The rest of a picture planned anew: less work, never again from the start, told once."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as any_

from services.contract.ladder import EarlyExit, ImageLevel
from tests.worker.batching.oracle import SAME, psnr
from tests.worker.batching.requests import image_request
from worker.batching.denoiser import Denoiser
from worker.batching.denoising import Denoising, guided
from worker.batching.engine import Engine
from worker.batching.plan import NoiseSchedule, plan, replan
from worker.batching.reference import draw
from worker.batching.request import Follow, Retiming
from worker.batching.retiming import retime

pytestmark = pytest.mark.usefixtures("one_thread")

SECONDS = 60
ILLUSTRATOR = Path(__file__).parents[3] / "models" / "illustrator"
FAST = ImageLevel(sampler="ddim", steps=8, guidance_scale=4.0)


def under_way(denoiser: Denoiser, step: int, **request: object) -> Denoising:
    """An image that has taken `step` steps."""
    image = denoiser.denoising(image_request(**request))
    denoiser.begin(image)
    for _ in range(step):
        image.advance(image.latent, image.latent)
    return image


def calls_left(image: Denoising) -> int:
    """Rows of the model's batch that the rest of the image costs."""
    return sum(2 if guided(image.level, row) else 1 for row in image.plan.rows[image.step :])


def test_the_rest_is_drawn_as_the_new_level_would_from_there(denoiser: Denoiser) -> None:
    image = under_way(denoiser, 50, sampler="ddpm", steps=100)
    reached = image.row.timestep
    assert retime(image, "fast", FAST, denoiser.schedule)
    assert image.row.timestep == reached
    assert image.plan.steps == 50 + 4
    assert image.plan.sampler == "ddim"
    assert image.retimings == [Retiming(50, "fast")]


levels = any_.builds(
    ImageLevel,
    sampler=any_.sampled_from(["ddpm", "ddim", "dpmpp-2m", "euler"]),
    steps=any_.integers(1, 120),
    guidance_scale=any_.sampled_from([0.0, 1.0, 4.0]),
    guidance_interval=any_.none() | any_.just((0.3, 5.0)),
)


@given(begun=levels, later=levels, share=any_.floats(0, 1, exclude_max=True))
def test_nobody_ever_gets_more_work_or_starts_again(
    denoiser: Denoiser, begun: ImageLevel, later: ImageLevel, share: float
) -> None:
    image = denoiser.denoising(image_request(**dict(begun)))
    image.latent, image.step = object(), int(share * begun.steps)
    before, done = calls_left(image), image.plan.rows[: image.step]
    happened = retime(image, "later", later, denoiser.schedule)
    assert calls_left(image) < before if happened else calls_left(image) == before
    assert image.plan.rows[: image.step] == done
    assert calls_left(image) >= 1
    assert [other.level for other in image.retimings] == ["later"] * happened


@pytest.mark.parametrize(
    ("begun", "later"),
    [
        ({"steps": 8}, FAST),
        ({"steps": 100, "retime": False}, FAST),
        ({"steps": 8}, FAST.model_copy(update={"steps": 100})),
    ],
    ids=["nothing to gain", "its level keeps it", "more steps"],
)
def test_an_image_goes_on_as_it_was(
    denoiser: Denoiser, begun: dict[str, object], later: ImageLevel
) -> None:
    image = under_way(denoiser, 2, **begun)
    planned = image.plan
    assert not retime(image, "later", later, denoiser.schedule)
    assert image.plan is planned
    assert image.retimings == []


def test_precision_stays_and_what_began_unguided_goes_on_so(denoiser: Denoiser) -> None:
    image = under_way(denoiser, 10, steps=100, guidance_scale=1.0, precision="bf16")
    group = image.group
    assert retime(image, "fast", FAST, denoiser.schedule)
    assert (image.level.guidance_scale, image.level.precision) == (1.0, "bf16")
    assert image.group == group


class Wish:
    """Somebody who wants another level from the picture's step `after` on."""

    def __init__(self, after: int, level: ImageLevel = FAST) -> None:
        self.steps: list[tuple[int, int]] = []
        self.told: list[Retiming] = []
        self._after = after
        self._wanted = ("fast", level)

    def on_step(self, step: int, steps: int) -> None:
        """Note the step."""
        self.steps.append((step, steps))

    @property
    def follow(self) -> Follow:
        """As the engine asks for it."""
        return Follow(
            lambda: self._wanted if len(self.steps) >= self._after else None, self.told.append
        )


def test_a_picture_under_way_is_drawn_in_fewer_steps_and_says_so(denoiser: Denoiser) -> None:
    wish = Wish(after=60)
    request = image_request(sampler="ddpm", steps=100)
    with Engine(denoiser, cap=2) as engine:
        future = engine.submit(request, on_step=wish.on_step, follow=wish.follow)
        other = engine.submit(image_request(seed=5))
        drawing = future.result(SECONDS)
        assert psnr(other.result(SECONDS).picture, draw(denoiser, image_request(seed=5))) >= SAME
    assert drawing.steps == 60 + 3
    assert drawing.retimings == (Retiming(60, "fast"),)
    assert wish.told == [Retiming(60, "fast")]
    assert wish.steps[59:61] == [(60, 100), (61, 63)]


def test_a_picture_that_has_not_begun_is_drawn_at_the_new_level_altogether(
    denoiser: Denoiser,
) -> None:
    wish = Wish(after=0)
    with Engine(denoiser) as engine:
        drawing = engine.submit(
            image_request(sampler="ddpm", steps=100), follow=wish.follow
        ).result(SECONDS)
    assert psnr(drawing.picture, draw(denoiser, image_request(steps=8))) >= SAME
    assert drawing.retimings == (Retiming(0, "fast"),)


@pytest.mark.parametrize("sampler", ["ddim", "dpmpp-2m", "euler"])
def test_a_re_timed_picture_is_the_picture_it_was_going_to_be(sampler: str) -> None:
    """These samplers solve one and the same equation, so only the accuracy of the rest changes."""
    denoiser = Denoiser.load(str(ILLUSTRATOR), device="cpu", precision="fp32")
    request = image_request(sampler=sampler, steps=40, prompt="a fox and a tree at night")
    level = ImageLevel(sampler="ddim", steps=20, guidance_scale=4.0)
    wish = Wish(after=20, level=level)
    with Engine(denoiser) as engine:
        drawing = engine.submit(request, on_step=wish.on_step, follow=wish.follow).result(SECONDS)
    full, stranger = draw(denoiser, request), draw(denoiser, image_request(seed=9, steps=20))
    assert drawing.steps == 30
    assert psnr(drawing.picture, full) >= 28
    assert psnr(stranger, full) < 20


def test_a_level_that_cannot_draw_it_leaves_the_picture_as_it_was(denoiser: Denoiser) -> None:
    image = under_way(denoiser, 3, steps=100)
    planned = image.plan
    beyond = FAST.model_copy(update={"steps": 5000})
    assert not retime(image, "beyond", beyond, denoiser.schedule)
    assert image.plan is planned


def test_early_exit_starts_over_with_the_new_steps(denoiser: Denoiser) -> None:
    rule = EarlyExit(by="relative-change", threshold=1e9, minimum_steps=5)
    level = ImageLevel(sampler="ddim", steps=40, guidance_scale=4.0, early_exit=rule)
    wish = Wish(after=20, level=level)
    with Engine(denoiser) as engine:
        future = engine.submit(image_request(steps=100), on_step=wish.on_step, follow=wish.follow)
        drawing = future.result(SECONDS)
    assert (drawing.exit.step, drawing.steps) == (25, 25)
    assert wish.steps[-1] == (25, 25)
    assert drawing.level.early_exit == rule


def test_nothing_random_is_left_on_a_re_timed_picture(denoiser: Denoiser) -> None:
    schedule = NoiseSchedule.from_config({"variance_type": "fixed_large"})
    row = plan("ddpm", 100, schedule).rows[20]
    assert replan(row, "ddpm", 25, schedule).rows[-1].noise == 0
