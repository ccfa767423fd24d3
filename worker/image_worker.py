"""The process that serves the queue `images`: one engine thread draws for all jobs."""

from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

from services.contract import policy
from services.contract.ladder import Level
from services.contract.policy import Policy
from services.contract.settings import Settings
from worker.batching.checkpoint import ModelError
from worker.batching.clip_watch import clip_for
from worker.batching.denoiser import Denoiser
from worker.batching.engine import Engine
from worker.batching.exits import clip_for_levels
from worker.picture import Studio, perform_image
from worker.process import Process

# Its layers are so small that handing them to a second thread costs more than computing them
# (docs/studies/2026-11-22-cpu-threads).
ILLUSTRATOR_THREADS = 1
SHIPPED_ILLUSTRATOR = Path(__file__).parent.parent / "models" / "illustrator"


def _denoiser(settings: Settings) -> Denoiser:
    return Denoiser.load(
        settings.image_model or str(SHIPPED_ILLUSTRATOR),
        device=settings.device,
        memory_budget=settings.model_memory_mb * 2**20,
        compile=settings.compile == "on",
    )


def _engine(settings: Settings, ladder: Policy, on_turn: Callable[[], None]) -> Engine:
    """Started, and ready for every level of the ladder. SystemExit says what cannot be drawn."""
    levels = [level.image for level in ladder.levels]
    try:
        denoiser = _denoiser(settings)
        for level in ladder.levels:
            _check(denoiser, level)
        named = clip_for(settings.image_model, settings.clip_model)
        clip = clip_for_levels(levels, named, device=settings.device)
        # In the engine's thread: CUDA graphs belong to the thread that captured them.
        warm = partial(denoiser.warm, settings.batch_cap, [level.precision for level in levels])
        return Engine(
            denoiser, cap=settings.batch_cap, prepare=warm, on_turn=on_turn, clip=clip
        ).start()
    except (ModelError, ValueError) as error:
        raise SystemExit(str(error)) from error


def _check(denoiser: Denoiser, level: Level) -> None:
    try:
        denoiser.check(level.image)
    except ModelError as error:
        raise SystemExit(
            f"The level {level.name} of the policy cannot be drawn: {error}"
        ) from error


def run(settings: Settings) -> int:
    """Load the image model and take jobs until told to stop; the exit status."""
    process = Process("images", settings)
    process.limit_threads(0 if settings.image_model else ILLUSTRATOR_THREADS)
    levels = process.levels
    with closing(_engine(settings, policy.chosen(settings), process.beat)) as engine:
        studio = Studio(engine, levels, process.shelf, retime=settings.retime == "on")
        perform = partial(perform_image, studio=studio)
        # As many jobs as step together: one claimed earlier would get the level of an earlier load.
        return process.serve(
            {"image": perform},
            settings.batch_cap,
            lambda: None,
            draws=engine.denoiser.sizes,
            silent_seconds=engine.silent_seconds,
        )
