"""What a worker does for an image job: from the claim to the outcome."""

from dataclasses import asdict, dataclass, field
from typing import Any

from PIL.Image import Image

from services.contract.jobs import ImageRequest, Job, Status
from services.contract.ladder import AppliedLevel
from services.contract.transitions import Outcome
from worker.artifacts import Shelf
from worker.batching.engine import Engine, EngineClosed
from worker.batching.request import Drawing
from worker.beginning import starting_picture
from worker.claims import Claim
from worker.following import as_wished, follow
from worker.illustrate import Hearing, Illustration, illustrate
from worker.interruptions import Stopping
from worker.levels import Levels
from worker.sharing import Sharing


@dataclass(frozen=True)
class Studio:
    """Where pictures are drawn: the engine, and what a job needs beside it."""

    engine: Engine
    levels: Levels
    shelf: Shelf
    retime: bool = True
    """Whether pictures under way follow the policy further down."""
    sharing: Sharing = field(default_factory=Sharing)


def perform_image(claim: Claim, studio: Studio) -> Outcome:
    """Draw the pictures of one job and put them out as image-0.png, image-1.png, …"""
    with studio.sharing.part(claim.job.request.count) as seconds:
        start = starting_picture(claim.redis, studio.shelf, claim.job.request)
        level = studio.levels.resolve(claim.job)
        claim.start(level)
        illustration = _illustration(claim.job, level, start)
        drawn = _drawn(claim, studio, illustration)
        service = seconds()
    claim.tell_level()
    put, drawings = studio.shelf.put, [drawing for _, drawing in drawn]
    return Outcome(
        Status.SUCCEEDED,
        result=_result(illustration, drawings, studio.engine),
        artifacts=tuple(
            put(claim.job, f"image-{index}.png", png) for index, (png, _) in enumerate(drawn)
        ),
        service=service._replace(
            settings=level.level.image.digest,
            retimed=any(drawing.retimings for drawing in drawings),
        ),
    )


def _drawn(claim: Claim, studio: Studio, illustration: Illustration) -> list[tuple[bytes, Drawing]]:
    hearing = Hearing(
        on_step=lambda done, total: claim.progress("drawing", done, total),
        interrupted=claim.interrupted,
        follow=follow(claim, studio.levels) if studio.retime else None,
    )
    try:
        return illustrate(studio.engine, illustration, hearing, priority=claim.job.priority)
    except EngineClosed as error:
        raise Stopping(str(error)) from error


def _illustration(job: Job, applied: AppliedLevel, start: Image | None) -> Illustration:
    request: ImageRequest = job.request
    return Illustration(
        prompt=request.prompt,
        negative_prompt=request.negative_prompt,
        width=request.width,
        height=request.height,
        seed=job.seed,
        count=request.count,
        level=as_wished(applied.level, request.guidance_scale),
        start=start,
        strength=request.strength,
    )


def _result(illustration: Illustration, drawings: list[Drawing], engine: Engine) -> dict[str, Any]:
    """What the record keeps: the seeds, and for each picture the steps and levels it took."""
    return {
        "seeds": [illustration.seed + index for index in range(illustration.count)],
        "model": engine.denoiser.name,
        "drawings": [_drawing(illustration.level.name, drawing) for drawing in drawings],
    }


def _drawing(level: str, drawing: Drawing) -> dict[str, Any]:
    return {
        "steps": drawing.steps,
        "levels": [
            {"level": level, "step": 0},
            *({"level": later.level, "step": later.step} for later in drawing.retimings),
        ],
        "early_exit": asdict(drawing.exit) if drawing.exit else None,
    }
