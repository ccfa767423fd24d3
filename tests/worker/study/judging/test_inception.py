"""A TorchScript network in place of Inception: the interface, and what is refused."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from worker.batching.clip_watch import SHIPPED_CLIP, ClipWatch
from worker.study.judging.inception import Inception
from worker.study.judging.judge import Judge
from worker.study.terms import Unusable

pytestmark = pytest.mark.usefixtures("one_thread")


class Colours(torch.nn.Module):
    """Its vectors are the mean of each channel, 0 to 255."""

    def forward(self, pixels: torch.Tensor, return_features: bool = False) -> torch.Tensor:
        means = pixels.float().mean((2, 3))
        return means if return_features else means.sum(1)


def saved(network: torch.nn.Module, folder: Path) -> Path:
    """As TorchScript, which torch keeps reading and no longer recommends writing."""
    file = folder / "network.pt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.script(network).save(str(file))
    return file


def plain(colour: tuple[int, int, int]) -> Image.Image:
    return Image.new("RGB", (8, 8), colour)


def test_its_vectors_are_the_networks(tmp_path: Path) -> None:
    eyes = Inception.load(saved(Colours(), tmp_path), device="cpu")

    assert eyes.look([plain((255, 0, 10)), plain((1, 2, 3))]).tolist() == [[255, 0, 10], [1, 2, 3]]


def test_a_judge_with_it_measures_distances_by_it(tmp_path: Path) -> None:
    """A set moved by 5 in one channel is 25 away (Dowson and Landau 1982)."""
    eyes = Inception.load(saved(Colours(), tmp_path), device="cpu")
    judge = Judge(ClipWatch.load(str(SHIPPED_CLIP), device="cpu"), eyes)
    chance = np.random.default_rng(1)
    colours = [tuple(map(int, each)) for each in chance.integers(10, 200, (6, 3))]
    drawn = [plain((red + 5, green, blue)) for red, green, blue in colours]

    reference = judge.vectors([plain(each) for each in colours])
    verdict = judge.judge(drawn, ["a fox"] * 6, reference)

    assert verdict.distance == pytest.approx(25, rel=1e-3)


def test_a_file_that_is_no_network_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "weights.pt"
    file.write_bytes(b"not a network")

    with pytest.raises(Unusable, match=r"--inception .*weights\.pt"):
        Inception.load(file, device="cpu")


class Scores(torch.nn.Module):
    """A network that returns a number a picture, whatever it is asked for."""

    def forward(self, pixels: torch.Tensor, return_features: bool = False) -> torch.Tensor:
        return pixels.float().mean((1, 2, 3)) * (1.0 if return_features else 0.0)


def test_a_network_without_vectors_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="returns no vectors"):
        Inception.load(saved(Scores(), tmp_path), device="cpu")
