"""What goes wrong with one image is that image's alone, and the engine goes on."""

import threading
from dataclasses import replace

import pytest
from PIL.Image import Image
from torch import Tensor

from tests.waiting import wait_until
from tests.worker.batching.oracle import SAME, psnr
from tests.worker.batching.requests import LEVEL, REQUEST, image_request
from worker.batching.checkpoint import ModelError
from worker.batching.denoiser import Denoiser
from worker.batching.engine import Engine, EngineClosed
from worker.batching.reference import draw
from worker.batching.turn import Diverged

pytestmark = pytest.mark.usefixtures("one_thread")

SECONDS = 60
BEYOND = LEVEL.model_copy(update={"guidance_scale": 1e4})


class Cancelled(Exception):
    """What the outside stops an image with."""


def stop_at(step: int) -> tuple[list[int], dict[str, object]]:
    """The steps reported, and callbacks that interrupt after `step` of them."""
    seen: list[int] = []
    callbacks = {
        "on_step": lambda step, _steps: seen.append(step),
        "interrupted": lambda: Cancelled("by the client") if len(seen) >= step else None,
    }
    return seen, callbacks


def test_an_interrupted_image_stops_at_its_next_step(denoiser: Denoiser) -> None:
    seen, callbacks = stop_at(3)
    with Engine(denoiser, cap=2) as engine:
        stopped = engine.submit(image_request(steps=50), **callbacks)
        other = engine.submit(image_request(seed=5, sampler="ddpm"))
        with pytest.raises(Cancelled, match="by the client"):
            stopped.result(SECONDS)
        assert (
            psnr(
                other.result(SECONDS).picture, draw(denoiser, image_request(seed=5, sampler="ddpm"))
            )
            >= SAME
        )
    assert seen == [1, 2, 3]


def test_an_image_is_interrupted_while_it_waits(denoiser: Denoiser) -> None:
    stop = threading.Event()
    with Engine(denoiser, cap=1) as engine:
        running = engine.submit(
            image_request(steps=200), interrupted=lambda: Cancelled() if stop.is_set() else None
        )
        waiting = engine.submit(image_request(), interrupted=lambda: Cancelled("waiting"))
        with pytest.raises(Cancelled, match="waiting"):
            waiting.result(SECONDS)
        assert not running.done()
        stop.set()
        with pytest.raises(Cancelled):
            running.result(SECONDS)


def test_a_latent_that_dissolves_fails_alone(denoiser: Denoiser) -> None:
    beyond = LEVEL.model_copy(update={"guidance_scale": 1e38})
    with Engine(denoiser, cap=2) as engine:
        doomed = engine.submit(replace(REQUEST, level=beyond))
        well = engine.submit(image_request())
        with pytest.raises(Diverged, match="lower guidance_scale"):
            doomed.result(SECONDS)
        assert psnr(well.result(SECONDS).picture, draw(denoiser, image_request())) >= SAME


@pytest.mark.parametrize("callback", ["on_step", "interrupted"])
def test_a_callback_that_raises_fails_its_own_image(denoiser: Denoiser, callback: str) -> None:
    def broken(*_: int) -> None:
        raise SystemExit("broken callback")

    with Engine(denoiser, cap=2) as engine:
        doomed = engine.submit(image_request(), **{callback: broken})
        well = engine.submit(image_request())
        with pytest.raises(SystemExit, match="broken callback"):
            doomed.result(SECONDS)
        well.result(SECONDS)


@pytest.mark.parametrize(
    ("change", "named"),
    [({"width": 31}, "width"), ({"steps": 0}, "steps"), ({"sampler": "heun"}, "sampler")],
)
def test_a_bad_request_fails_with_the_reason(
    denoiser: Denoiser, change: dict[str, object], named: str
) -> None:
    with Engine(denoiser) as engine, pytest.raises(ValueError, match=named):
        engine.submit(image_request(**change)).result(SECONDS)


def test_a_bad_priority_fails_with_the_reason(denoiser: Denoiser) -> None:
    with Engine(denoiser) as engine, pytest.raises(ValueError, match="high, normal, low"):
        engine.submit(image_request(), priority="urgent").result(SECONDS)


@pytest.mark.parametrize(
    "change", [{"seed": -1}, {"seed": 2**64}, {"guidance_scale": float("nan")}]
)
def test_a_request_that_makes_no_sense_cannot_be_made(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(change))):
        image_request(**change)


def test_the_engine_outlives_a_turn_that_fails(
    denoiser: Denoiser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_scheduler: object) -> None:
        raise ZeroDivisionError("a defect of the engine's own")

    with Engine(denoiser) as engine:
        with monkeypatch.context() as patch:
            patch.setattr("worker.batching.scheduler.Scheduler.choose", broken)
            doomed = engine.submit(image_request())
            with pytest.raises(ZeroDivisionError):
                doomed.result(SECONDS)
        engine.submit(image_request()).result(SECONDS)


def test_closing_fails_what_is_left_running_or_waiting(denoiser: Denoiser) -> None:
    under_way = threading.Event()
    engine = Engine(denoiser).start()
    futures = [
        engine.submit(image_request(steps=500), on_step=lambda *_: under_way.set()),
        engine.submit(image_request()),
    ]
    assert under_way.wait(SECONDS)
    engine.close()
    for future in [*futures, engine.submit(image_request())]:
        with pytest.raises(EngineClosed, match="hand the job back"):
            future.result(0)


def test_an_engine_that_never_started_closes_too(denoiser: Denoiser) -> None:
    engine = Engine(denoiser)
    future = engine.submit(image_request())
    engine.close()
    with pytest.raises(EngineClosed):
        future.result(0)


def test_an_engine_that_cannot_be_prepared_does_not_start(denoiser: Denoiser) -> None:
    def prepare() -> None:
        raise ModelError(f"no compiler in {threading.current_thread().name}")

    engine = Engine(denoiser, prepare=prepare)
    with pytest.raises(ModelError, match="no compiler in image-engine"):
        engine.start()
    with pytest.raises(EngineClosed):
        engine.submit(image_request()).result(0)


def test_the_heart_beats_each_turn_and_when_idle(denoiser: Denoiser) -> None:
    beats: list[None] = []
    with Engine(denoiser, on_turn=lambda: beats.append(None)) as engine:
        engine.submit(image_request(steps=20)).result(SECONDS)
        busy = len(beats)
        wait_until(lambda: len(beats) >= busy + 2, "an idle engine beats")
    assert busy >= 20


def test_a_broken_heartbeat_does_not_stop_the_drawing(denoiser: Denoiser) -> None:
    def broken() -> None:
        raise OSError("disk full")

    with Engine(denoiser, on_turn=broken) as engine:
        engine.submit(image_request()).result(SECONDS)


def test_a_picture_that_cannot_be_decoded_fails_alone(denoiser: Denoiser) -> None:
    class Blind(Denoiser):
        """Cannot decode what has not been drawn in 4 steps."""

        def decode(self, latents: Tensor) -> list[Image]:
            if latents.abs().max() > 50:
                raise RuntimeError("too bright to look at")
            return super().decode(latents)

    with Engine(Blind(denoiser.checkpoint), cap=2) as engine:
        doomed = engine.submit(replace(REQUEST, level=BEYOND))
        well = engine.submit(image_request())
        with pytest.raises(RuntimeError, match="too bright"):
            doomed.result(SECONDS)
        assert psnr(well.result(SECONDS).picture, draw(denoiser, image_request())) >= SAME


def test_an_early_exit_that_cannot_be_judged_costs_no_picture(
    denoiser: Denoiser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a measure that does not work")

    monkeypatch.setattr("worker.batching.exits.Exits.leaving", broken)
    with Engine(denoiser) as engine:
        assert engine.submit(image_request()).result(SECONDS).steps == 4


def test_closing_finishes_what_only_has_to_be_decoded(denoiser: Denoiser) -> None:
    started, go_on = threading.Event(), threading.Event()

    class Slow(Denoiser):
        """Decodes when told to."""

        def decode(self, latents: Tensor) -> list[Image]:
            started.set()
            assert go_on.wait(SECONDS)
            return super().decode(latents)

    engine = Engine(Slow(denoiser.checkpoint)).start()
    future = engine.submit(image_request())
    assert started.wait(SECONDS)
    closing = threading.Thread(target=engine.close)
    closing.start()
    go_on.set()
    closing.join(SECONDS)
    assert future.result(0).steps == 4
