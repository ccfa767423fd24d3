"""A level changes under way: the rest of a picture is planned anew, over fewer steps.

All samplers here share the noise levels that a latent goes through, so the rest may be drawn by
another sampler than the beginning was. Nothing is started again, and nobody gets more work.
"""

import logging
from collections.abc import Iterable
from dataclasses import replace

from services.contract.ladder import ImageLevel
from worker.batching.denoising import Denoising, guided
from worker.batching.plan import NoiseSchedule, Plan, Row, plan, replan
from worker.batching.request import Retiming

logger = logging.getLogger(__name__)


def follow(image: Denoising, schedule: NoiseSchedule) -> None:
    """Re-time `image` if whoever asked for it wants it at another level by now."""
    wish = image.listener.follow
    wanted = wish.wanted() if wish else None
    if wanted is None or wanted is image.considered:
        return
    image.considered = wanted
    if retime(image, *wanted, schedule):
        wish.followed(image.retimings[-1])


def retime(image: Denoising, name: str, level: ImageLevel, schedule: NoiseSchedule) -> bool:
    """Draw the rest of `image` at `level`, called `name`, if that is less work; whether it was.

    The picture keeps its precision, and goes on without guidance if it began without.
    """
    if image.finished or not image.level.retime:
        return False
    level = _kept(image, level)
    try:
        planned = _planned(image, level, schedule)
    except ValueError as error:
        logger.warning("a picture goes on as it was: the level %s cannot draw it: %s", name, error)
        return False
    if _calls(level, planned.rows[image.step :]) >= _calls(
        image.level, image.plan.rows[image.step :]
    ):
        return False
    image.plan, image.level = planned, level
    image.clean = image.exit_state = None  # what was seen between shorter steps says nothing now
    image.retimings.append(Retiming(image.step, name))
    return True


def _kept(image: Denoising, level: ImageLevel) -> ImageLevel:
    begun = image.request
    scale = level.guidance_scale if begun.guided else begun.level.guidance_scale
    return level.model_copy(update={"precision": begun.level.precision, "guidance_scale": scale})


def _planned(image: Denoising, level: ImageLevel, schedule: NoiseSchedule) -> Plan:
    """The steps that `image` took, and those it would take from here."""
    if image.latent is None:
        share = image.request.share
        return plan(level.sampler, level.steps, schedule, eta=level.eta, strength=share)
    rest = replan(image.row, level.sampler, level.steps, schedule, eta=level.eta)
    done = image.plan.rows[: image.step]
    return replace(rest, rows=(*done, *rest.rows), entry=image.plan.entry)


def _calls(level: ImageLevel, rows: Iterable[Row]) -> int:
    """Rows of the model's batch that these steps cost."""
    return sum(2 if guided(level, row) else 1 for row in rows)
