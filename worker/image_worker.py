"""The process that serves the queue `images`: one engine thread draws for all jobs."""

from functools import partial
from pathlib import Path

from services.contract.settings import Settings
from worker.batching.checkpoint import ModelError
from worker.batching.denoiser import Denoiser
from worker.batching.engine import Engine
from worker.picture import perform_image
from worker.process import Process

# Its layers are so small that handing them to a second thread costs more than computing them
# (docs/studies/2026-11-22-cpu-threads).
ILLUSTRATOR_THREADS = 1
SHIPPED_ILLUSTRATOR = Path(__file__).parent.parent / "models" / "illustrator"


def _denoiser(settings: Settings) -> Denoiser:
    model = settings.image_model or str(SHIPPED_ILLUSTRATOR)
    try:
        return Denoiser.load(model, device=settings.device)
    except ModelError as error:
        raise SystemExit(str(error)) from error


def run(settings: Settings) -> int:
    """Load the image model and take jobs until told to stop; the exit status."""
    process = Process("images", settings)
    process.limit_threads(0 if settings.image_model else ILLUSTRATOR_THREADS)
    levels = process.levels
    with Engine(_denoiser(settings), cap=settings.batch_cap, on_turn=process.beat) as engine:
        perform = partial(perform_image, engine=engine, levels=levels, shelf=process.shelf)
        # As many jobs as step together: one claimed earlier would get the level of an earlier load.
        return process.serve({"image": perform}, settings.batch_cap, lambda: None)
