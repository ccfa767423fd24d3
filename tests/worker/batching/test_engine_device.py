"""A device that is too small draws fewer at a time; one that is lost draws nothing more."""

import threading
from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from tests.waiting import wait_until
from tests.worker.batching.oracle import SAME, psnr
from tests.worker.batching.requests import image_request
from worker.batching.denoiser import Denoiser
from worker.batching.denoising import Denoising
from worker.batching.engine import IDLE_SECONDS, Engine
from worker.batching.reference import draw

pytestmark = pytest.mark.usefixtures("one_thread")

SECONDS = 60


class SmallMemory(Denoiser):
    """A device that has room for `room` images at a time, and never for a poisoned one."""

    room = 1

    def predict(self, batch: Sequence[Denoising]) -> Tensor:
        """As the denoiser, where there is room."""
        poisoned = any(image.request.prompt == "poison" for image in batch)
        if len(batch) > self.room or poisoned:
            raise torch.OutOfMemoryError(f"no room for {len(batch)} images")
        return super().predict(batch)


@pytest.fixture(scope="module")
def cramped(denoiser: Denoiser) -> SmallMemory:
    """The denoiser on a small device."""
    return SmallMemory(denoiser.checkpoint)


def test_a_batch_too_large_for_the_memory_is_drawn_one_by_one(cramped: SmallMemory) -> None:
    requests = [image_request(seed=seed, sampler="ddpm") for seed in range(3)]
    with Engine(cramped, cap=3) as engine:
        futures = [engine.submit(request) for request in requests]
        for request, future in zip(requests, futures, strict=True):
            assert psnr(future.result(SECONDS).picture, draw(cramped, request)) >= SAME


def test_an_image_too_large_for_the_memory_fails_alone(cramped: SmallMemory) -> None:
    with Engine(cramped, cap=2) as engine:
        doomed, well = engine.submit(image_request(prompt="poison")), engine.submit(image_request())
        with pytest.raises(torch.OutOfMemoryError, match="no room"):
            doomed.result(SECONDS)
        assert psnr(well.result(SECONDS).picture, draw(cramped, image_request())) >= SAME


def test_where_memory_runs_out_fewer_step_together_and_everybody_is_drawn(
    denoiser: Denoiser,
) -> None:
    batches: list[int] = []

    class Narrow(Denoiser):
        """A device with room for three images at a time."""

        def predict(self, batch: Sequence[Denoising]) -> Tensor:
            batches.append(len(batch))
            if len(batch) > 3:
                raise torch.OutOfMemoryError(f"no room for {len(batch)} images")
            return super().predict(batch)

    requests = [image_request(seed=seed, steps=6) for seed in range(8)]
    engine = Engine(Narrow(denoiser.checkpoint), cap=8)
    futures = [engine.submit(request) for request in requests]
    with engine:
        for request, future in zip(requests, futures, strict=True):
            assert psnr(future.result(SECONDS).picture, draw(denoiser, request)) >= SAME
    assert batches[:2] == [8, 4]
    assert set(batches[2:]) == {2}


def test_a_batch_that_broke_the_device_is_not_tried_again(denoiser: Denoiser) -> None:
    asked: list[int] = []

    class Broken(Denoiser):
        """A device that fails at its first call."""

        def predict(self, batch: Sequence[Denoising]) -> Tensor:
            asked.append(len(batch))
            raise torch.AcceleratorError("CUDA error: device-side assert triggered")

    engine = Engine(Broken(denoiser.checkpoint), cap=2)
    futures = [engine.submit(image_request(seed=seed)) for seed in range(2)]
    with engine:
        for future in futures:
            with pytest.raises(torch.AcceleratorError, match="device-side assert"):
                future.result(SECONDS)
    assert asked == [2]


def test_an_engine_is_silent_while_a_step_does_not_end(denoiser: Denoiser) -> None:
    go_on = threading.Event()

    class Hanging(Denoiser):
        """A device that does not answer until it may."""

        def predict(self, batch: Sequence[Denoising]) -> Tensor:
            assert go_on.wait(SECONDS)
            return super().predict(batch)

    with Engine(Hanging(denoiser.checkpoint)) as engine:
        future = engine.submit(image_request())
        longer = 2 * IDLE_SECONDS
        wait_until(lambda: engine.silent_seconds() > longer, "longer than an idle engine")
        go_on.set()
        future.result(SECONDS)
        assert engine.silent_seconds() < longer
