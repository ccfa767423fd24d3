"""What a worker does for an image job: from the claim to the outcome."""

import time

from services.contract.jobs import ImageRequest, Job, Status
from services.contract.ladder import AppliedLevel, Level
from services.contract.transitions import Outcome
from worker.artifacts import Shelf
from worker.batching.engine import Engine, EngineClosed
from worker.claims import Claim
from worker.illustrate import Illustration, illustrate
from worker.interruptions import Stopping
from worker.levels import Levels


def perform_image(claim: Claim, engine: Engine, levels: Levels, shelf: Shelf) -> Outcome:
    """Draw the pictures of one job and put them out as image-0.png, image-1.png, …"""
    started = time.monotonic()
    level = levels.resolve(claim.job)
    claim.start(level)
    illustration = _illustration(claim.job, level)
    pictures = _drawn(claim, engine, illustration)
    seconds = time.monotonic() - started
    return Outcome(
        Status.SUCCEEDED,
        result={
            "seeds": [illustration.seed + index for index in range(illustration.count)],
            "model": engine.denoiser.name,
        },
        artifacts=tuple(
            shelf.put(claim.job, f"image-{index}.png", png) for index, png in enumerate(pictures)
        ),
        service_seconds=seconds,
    )


def _drawn(claim: Claim, engine: Engine, illustration: Illustration) -> list[bytes]:
    try:
        return illustrate(
            engine,
            illustration,
            priority=claim.job.priority,
            on_step=lambda done, total: claim.progress("drawing", done, total),
            interrupted=claim.interrupted,
        )
    except EngineClosed as error:
        raise Stopping(str(error)) from error


def _illustration(job: Job, applied: AppliedLevel) -> Illustration:
    request: ImageRequest = job.request
    return Illustration(
        prompt=request.prompt,
        negative_prompt=request.negative_prompt,
        width=request.width,
        height=request.height,
        seed=job.seed,
        count=request.count,
        level=_as_wished(applied.level, request.guidance_scale),
    )


def _as_wished(level: Level, guidance_scale: float | None) -> Level:
    if guidance_scale is None:
        return level
    image = level.image.model_copy(update={"guidance_scale": guidance_scale})
    return level.model_copy(update={"image": image})
