"""What torchmetrics says, against CLIP itself and the Fréchet distance in NumPy."""

import numpy as np
import pytest
import torch
from PIL import Image

from models.training.judge import frechet
from worker.batching.clip_watch import SHIPPED_CLIP, ClipWatch
from worker.study.judging.judge import RESAMPLES, Judge, Verdict, distance

pytestmark = pytest.mark.usefixtures("one_thread")

CAPTIONS = (SHIPPED_CLIP.parent / "captions-held-out.txt").read_text().splitlines()[:6]


@pytest.fixture(scope="module")
def watch() -> ClipWatch:
    return ClipWatch.load(str(SHIPPED_CLIP), device="cpu")


def pictures(seed: int, count: int = 6) -> list[Image.Image]:
    values = np.random.default_rng(seed).integers(0, 256, (count, 8, 8, 3), np.uint8)
    return [Image.fromarray(each).resize((128, 128)) for each in values]


def vectors(seed: int, shift: float = 0.0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(200, 16, dtype=torch.float64, generator=generator) + shift


def test_the_distance_is_that_of_two_gaussians() -> None:
    one, other = vectors(1), 2 * vectors(2, shift=0.5)
    assert distance(one, other) == pytest.approx(frechet(one, other), rel=1e-6)


def test_a_shift_alone_costs_its_square() -> None:
    """A hundredfold: 16 dimensions, each moved by 0.3."""
    assert distance(vectors(1, shift=0.3), vectors(1)) == pytest.approx(100 * 16 * 0.09, rel=1e-6)
    assert distance(vectors(1), vectors(1)) == pytest.approx(0, abs=1e-6)


def test_each_picture_has_its_clip_score(watch: ClipWatch) -> None:
    drawn = pictures(1)
    judge = Judge(watch)
    verdict = judge.judge(drawn, CAPTIONS, judge.vectors(pictures(2)))
    assert verdict.scores == pytest.approx(watch.score(drawn, CAPTIONS), abs=1e-3)
    assert max(verdict.scores) > 0
    assert verdict.clip_score.value == pytest.approx(np.mean(verdict.scores))
    assert len(verdict.resampled) == RESAMPLES


def test_sets_are_compared_caption_by_caption() -> None:
    """A constant lead has no spread, however much the captions differ."""
    one = Verdict((70.0, 80.0, 90.0), 5.0, (4.0, 6.0, 5.0))
    other = Verdict((69.0, 79.0, 89.0), 3.0, (2.0, 4.0, 3.0))
    score, apart = one.minus(other)
    assert (score.value, score.low, score.high) == (1, 1, 1)
    assert (apart.value, apart.low, apart.high) == (2, 2, 2)
    assert one.clip_score.high - one.clip_score.low > 20
