"""From options to a profile."""

import argparse
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from services.contract.ladder import Level
from services.contract.profile import Profile
from services.contract.settings import Settings
from services.contract.timings import OUTLIER_RULE
from worker.language.load import Source
from worker.study.options import understood
from worker.study.profiling import costs
from worker.study.profiling.candidates import candidates
from worker.study.profiling.costs import Sitting
from worker.study.profiling.images import ImageGrid, combinations
from worker.study.profiling.result import Findings, assembled
from worker.study.profiling.stories import StoryGrid
from worker.study.records import conditions
from worker.study.terms import Unusable, read_captions


def measure(options: argparse.Namespace, settings: Settings) -> Profile:
    """Every candidate level alone, and jobs together; slow, with bars on standard error.

    Raises Unusable, ModelError or ModelMissing, which say what to do.
    """
    _require_alone(options)
    levels = candidates(options.levels, settings.policy)
    captions = read_captions(options.captions, options.count)
    told = {**conditions(), "captions": options.captions.name, "seed": options.seed}
    sitting = Sitting(captions, options.seed, options.out, told)
    findings = list(_measured(options, settings, levels, sitting))
    return assembled(levels, findings, {**_made_with(options, findings), **told})


def _require_alone(options: argparse.Namespace) -> None:
    """Before pictures are drawn for minutes, so that what is wrong with stories shows at once."""
    asked = {
        "images": ("--batches", options.batches),
        "stories": ("--story-batches", options.story_batches),
    }
    for option, batches in (asked[queue] for queue in options.queues):
        if 1 not in batches:
            given = " ".join(map(str, batches))
            raise Unusable(
                f"{option} {given} has no job alone, by which is told what company adds: say "
                f"{option} 1 {given}"
            )


def _measured(
    options: argparse.Namespace, settings: Settings, levels: Sequence[Level], sitting: Sitting
) -> Iterator[Findings]:
    if "images" in options.queues:
        yield costs.images(settings, _image_grid(options, levels), levels, sitting)
    if "stories" in options.queues:
        source = Source.named(
            settings.story_model or None, home=settings.home, device=settings.device
        )
        yield costs.stories(settings, source, _story_grid(options, levels), levels, sitting)


def _image_grid(options: argparse.Namespace, levels: Sequence[Level]) -> ImageGrid:
    return ImageGrid(
        levels=tuple(level.image for level in levels),
        combined=combinations(
            options.samplers, options.steps, options.precisions, options.guidance
        ),
        batches=tuple(options.batches),
        sizes=tuple(options.sizes),
        repeats=options.repeats,
    )


def _story_grid(options: argparse.Namespace, levels: Sequence[Level]) -> StoryGrid:
    return StoryGrid(
        levels=tuple(level.story for level in levels),
        precisions=tuple(options.story_precisions),
        batches=tuple(options.story_batches),
        stories=options.stories,
    )


def _made_with(options: argparse.Namespace, findings: Sequence[Findings]) -> dict[str, Any]:
    return {
        "command": "python -m worker.study profile",
        "options": understood(options),
        "date": datetime.now(UTC).date().isoformat(),
        "models": {found.queue: found.model for found in findings},
        "outliers": OUTLIER_RULE,
        "load_average": [round(each, 2) for each in os.getloadavg()],
    }
