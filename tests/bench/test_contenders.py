"""All contenders draw the same pictures: what differs between them is only time."""

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from PIL import Image

from bench.conditions import Conditions
from bench.contenders.engine import EngineContender
from bench.contenders.litserve import LitServeContender
from bench.contenders.pipeline import PipelineContender
from bench.contenders.unet import UNetContender, pictures_a_second
from bench.orders import Order, level, mixed
from tests.conftest import missing
from tests.waiting import wait_until
from tests.worker.batching.oracle import SAME, psnr

LEVELS = (level("ddpm", 6), level("ddim", 4), level("ddim", 2))
ORDERS = mixed(6, seed=1, levels=LEVELS)


@pytest.fixture(scope="module")
def conditions(tiny15: Path) -> Iterator[Conditions]:
    """The tiny checkpoint in float32, where a batch changes nothing but rounding."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield Conditions(model=str(tiny15), precision="fp32")
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def pipeline(conditions: Conditions) -> PipelineContender:
    """diffusers' pipeline."""
    return PipelineContender(conditions)


@pytest.fixture(scope="module")
def alone(pipeline: PipelineContender) -> list[Image.Image]:
    """Each order drawn by the pipeline, one at a time: what everybody must draw."""
    pictures = [_picture(pipeline.draw(order)) for order in ORDERS]
    assert all(np.asarray(picture).std() > 5 for picture in pictures)
    assert psnr(pictures[0], pictures[1]) < 40
    return pictures


def _picture(file: bytes) -> Image.Image:
    return Image.open(io.BytesIO(file)).convert("RGB")


def _still(process: psutil.Process) -> bool:
    return process.status() in {psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE}


def _alive(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _assert_same(pictures: list[Image.Image], expected: list[Image.Image]) -> None:
    assert [psnr(*pair) >= SAME for pair in zip(pictures, expected, strict=True)] == [True] * 6


def test_a_call_for_each_level_draws_what_a_call_for_each_picture_draws(
    pipeline: PipelineContender, alone: list[Image.Image]
) -> None:
    _assert_same(pipeline.draw_grouped(ORDERS), alone)


def test_the_engine_draws_what_the_pipeline_draws(
    conditions: Conditions, alone: list[Image.Image]
) -> None:
    with EngineContender(conditions) as engine, ThreadPoolExecutor(6) as clients:
        _assert_same([_picture(file) for file in clients.map(engine.draw, ORDERS)], alone)


def test_litserve_draws_what_the_pipeline_draws_and_leaves_nothing_behind(
    conditions: Conditions, alone: list[Image.Image], tmp_path: Path
) -> None:
    if find_spec("litserve") is None:
        missing("litserve", "`pip install .[bench]`")

    def draw(order: Order) -> Image.Image:
        return _picture(server.draw(order))

    with LitServeContender(conditions, tmp_path / "log") as server, ThreadPoolExecutor(6) as pool:
        process = psutil.Process(server.pid)
        family = [process, *process.children(recursive=True)]
        before = server.processor_seconds()
        with server.working():
            _assert_same(list(pool.map(draw, ORDERS)), alone)
        assert server.processor_seconds() > before
        wait_until(lambda: all(map(_still, family)), "the server holds still")
    wait_until(lambda: not any(map(_alive, family)), "every process of the server has ended")


def test_the_floor_asks_for_as_many_rows_and_never_less_than_the_network_takes(
    pipeline: PipelineContender, conditions: Conditions
) -> None:
    asked: list[tuple[int, ...]] = []
    network = pipeline.network
    hook = network.register_forward_pre_hook(lambda _, given: asked.append(tuple(given[0].shape)))
    times = UNetContender(network, conditions, tokens=77).steps(3)
    hook.remove()
    assert set(asked) == {(3, 4, 8, 8)}
    assert len(asked) > len(times) > 0  # some of them only warm up
    assert min(times) > 0


def test_a_picture_with_guidance_is_two_rows_a_step() -> None:
    assert pictures_a_second(rows=32, step=0.04, steps=25) == pytest.approx(16 / (25 * 0.04))
