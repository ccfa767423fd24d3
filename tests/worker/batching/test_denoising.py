"""One image's own state, and the step a batch takes together."""

import pytest
import torch

from tests.worker.batching.requests import image_request
from worker.batching.denoising import Conditioning, Denoising, update
from worker.batching.plan import NoiseSchedule, plan

SHAPE = (4, 3, 5)


def denoising(seed: int, sampler: str = "ddpm", steps: int = 4) -> Denoising:
    request = image_request(seed=seed, sampler=sampler, steps=steps)
    table = plan(sampler, steps, NoiseSchedule.from_config({}))
    image = Denoising(request, table, SHAPE, "fp32")
    image.begin(Conditioning(torch.zeros(1, 2, 3), None), torch.device("cpu"))
    return image


def test_the_generator_gives_the_latent_and_then_each_steps_noise() -> None:
    generator = torch.Generator().manual_seed(21)
    image = denoising(21)
    assert torch.equal(image.latent, torch.randn((1, *SHAPE), generator=generator))
    for _ in range(3):
        assert torch.equal(image.noise(), torch.randn((1, *SHAPE), generator=generator))
        update([image], torch.zeros(1, *SHAPE))


def test_a_step_that_is_tried_again_meets_the_same_noise() -> None:
    image = denoising(21)
    assert torch.equal(image.noise(), image.noise())


def test_a_mixed_batch_moves_each_by_its_own_row() -> None:
    batch = [denoising(1), denoising(2, "ddim", 7), denoising(3, "ddpm", 1)]
    prediction = torch.randn((3, *SHAPE), generator=torch.Generator().manual_seed(8))
    expected = [
        image.row.latent * image.latent
        + image.row.prediction * prediction[index]
        + image.row.noise * image.noise()
        for index, image in enumerate(batch)
    ]
    assert update(batch, prediction) == [True] * 3
    torch.testing.assert_close(torch.cat([image.latent for image in batch]), torch.cat(expected))
    assert [image.finished for image in batch] == [False, False, True]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_only_the_latent_that_dissolves_is_called_so(value: float) -> None:
    prediction = torch.zeros(3, *SHAPE)
    prediction[1, 2, 0, 0] = value
    batch = [denoising(seed) for seed in range(3)]
    assert update(batch, prediction) == [True, False, True]


def test_a_step_that_fails_moves_nobody() -> None:
    batch = [denoising(1), denoising(2)]
    with pytest.raises(RuntimeError):
        update(batch, torch.zeros(2, 3, 3, 5))
    assert [image.step for image in batch] == [0, 0]
