"""Settings drawn by turns: every picture is the one its caption, seed and level make."""

import pytest

from services.contract.ladder import EarlyExit, ImageLevel
from tests.worker.batching.oracle import SAME, psnr
from tests.worker.batching.requests import image_request
from worker.batching.denoiser import Denoiser
from worker.batching.engine import Engine
from worker.batching.reference import draw as draw_alone
from worker.study.judging.gallery import Sitting, as_many_steps, draw, plain, shared_out

pytestmark = pytest.mark.usefixtures("one_thread")

LEVEL = ImageLevel(sampler="ddim", steps=6, guidance_scale=3)
CAPTIONS = ("a fox", "a bear in the snow", "an owl", "a fox at night", "a red bear")


@pytest.mark.parametrize(("total", "count"), [(12, 2), (11, 4), (13, 3), (9, 1)])
def test_steps_are_shared_out_evenly(total: int, count: int) -> None:
    steps = [level.steps for level in shared_out(LEVEL, total, count)]
    assert sum(steps) == total
    assert len(steps) == count
    assert max(steps) - min(steps) <= 1


def test_every_arm_draws_every_caption_with_its_seed(denoiser: Denoiser) -> None:
    few = LEVEL.model_copy(update={"steps": 2})
    told: list[None] = []
    with Engine(denoiser, cap=2) as engine:
        sitting = Sitting(CAPTIONS, seed=7, group=2)
        arms = [plain("all", LEVEL), plain("few", few)]
        sheets = draw(engine, arms, sitting, lambda: told.append(None))
    assert len(told) == 6
    for name, level in (("all", LEVEL), ("few", few)):
        assert [len(each.drawings) for each in sheets[name].rounds] == [2, 2, 1]
        assert len(sheets[name].seconds) == 3
        for index, picture in enumerate(sheets[name].pictures):
            request = image_request(prompt=CAPTIONS[index], seed=7 + index, **dict(level))
            assert psnr(picture, draw_alone(denoiser, request)) >= SAME


def test_fewer_steps_are_as_many_as_the_rule_left_over(denoiser: Denoiser) -> None:
    rule = EarlyExit(by="relative-change", threshold=0.4, minimum_steps=2)
    leaving = LEVEL.model_copy(update={"early_exit": rule})
    with Engine(denoiser, cap=2) as engine:
        arms = [plain("rule", leaving), as_many_steps("fewer", LEVEL, "rule")]
        sheets = draw(engine, arms, Sitting(CAPTIONS, 7, 5), lambda: None)
    assert sum(sheets["rule"].steps) == sum(sheets["fewer"].steps) < 6 * len(CAPTIONS)
    assert all(drawing.exit is None for drawing in sheets["fewer"].drawings)
