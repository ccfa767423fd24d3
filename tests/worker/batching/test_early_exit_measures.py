"""How two predictions are compared: closed forms, and a histogram worked out by hand."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from worker.batching.settled import cells, mutual_information, relative_change

Measure = Callable[[Tensor, Tensor], Tensor]
SHAPES = [(4, 8, 8), (4, 64, 64)]


def noise(count: int, shape: tuple[int, ...], seed: int) -> Tensor:
    return torch.randn((count, *shape), generator=torch.Generator().manual_seed(seed))


def test_the_change_is_the_distance_over_the_length() -> None:
    current = torch.zeros(3, 2, 1, 2)
    current[:, 0, 0, 0], current[:, 1, 0, 1] = 3, 4
    previous = current * torch.tensor([1.0, 0.5, -1.0])[:, None, None, None]
    assert relative_change(previous, current).tolist() == [0, 0.5, 2]


def test_a_latent_of_nothing_but_zeros_is_no_division_by_zero() -> None:
    zeros = torch.zeros(1, 4, 8, 8)
    assert relative_change(zeros, zeros).item() == 0
    assert relative_change(noise(1, (4, 8, 8), 0), zeros).item() == math.inf


@pytest.mark.parametrize("shape", SHAPES)
def test_equal_latents_share_all_information(shape: tuple[int, ...]) -> None:
    latent = noise(3, shape, 1)
    assert mutual_information(latent, latent).tolist() == pytest.approx([1] * 3)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_mirrored_latent_says_as_much_as_the_latent_itself(shape: tuple[int, ...]) -> None:
    latent = noise(2, shape, 1)
    assert mutual_information(-latent, latent).tolist() == pytest.approx([1] * 2, abs=0.01)


@pytest.mark.parametrize("shape", SHAPES)
def test_independent_latents_share_what_the_bias_says(shape: tuple[int, ...]) -> None:
    """Uniform values, for which every cell is alike: the bias is (bins - 1)² / 2N nats of log B."""
    generator = torch.Generator().manual_seed(1)
    one, other = (torch.rand((64, *shape), generator=generator) for _ in range(2))
    values, bins = math.prod(shape), cells(math.prod(shape))
    expected = (bins - 1) ** 2 / (2 * values) / math.log(bins)
    assert mutual_information(one, other).mean().item() == pytest.approx(expected, rel=0.25)
    assert expected < 0.1


def test_a_table_of_two_by_two_worked_out_by_hand() -> None:
    """Of ten places 4 are low in both, 4 high in both, 1 low then high, 1 high then low: both
    entropies are log 2, the joint one is -0.8 log 0.4 - 0.2 log 0.1."""
    previous = torch.tensor([0.0] * 5 + [1.0] * 5).reshape(1, 1, 2, 5)
    current = torch.tensor([0.0] * 4 + [1.0] * 5 + [0.0]).reshape(1, 1, 2, 5)
    shared = 2 * math.log(2) + 0.8 * math.log(0.4) + 0.2 * math.log(0.1)
    assert mutual_information(previous, current, bins=2).item() == pytest.approx(
        shared / math.log(2), rel=1e-5
    )


def test_correlated_gaussians_share_what_theory_says() -> None:
    """I = -log(1 - ρ²) / 2 nats (Cover & Thomas, ex. 8.5.1); cells lose a little of it."""
    one, fresh = noise(1, (4, 256, 256), 1), noise(1, (4, 256, 256), 2)
    rho = 0.9
    other = rho * one + (1 - rho**2) ** 0.5 * fresh
    low, high = min(one.min(), other.min()).item(), max(one.max(), other.max()).item()
    entropy = 0.5 * math.log(2 * math.pi * math.e) - math.log((high - low) / 40)
    expected = -math.log(1 - rho**2) / 2 / entropy
    assert mutual_information(one, other, bins=40).item() == pytest.approx(expected, rel=0.05)


def test_constant_latents_determine_each_other() -> None:
    assert mutual_information(torch.ones(1, 4, 8, 8), torch.ones(1, 4, 8, 8)).item() == 1


@pytest.mark.parametrize("measure", [relative_change, mutual_information])
def test_an_image_measures_the_same_in_any_company(measure: Measure) -> None:
    previous, current = noise(5, (4, 8, 8), 3), noise(5, (4, 8, 8), 4) + noise(5, (4, 8, 8), 3)
    together = measure(previous, current)
    alone = [measure(previous[i : i + 1], current[i : i + 1]).item() for i in range(5)]
    assert together.tolist() == pytest.approx(alone)
    assert len(set(alone)) == 5
