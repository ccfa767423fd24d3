"""Precisions of the denoiser and of the story model: seconds, memory, what is left of quality."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from worker.study.estimates import Estimate, middle
from worker.study.judging.gallery import plain
from worker.study.judging.perplexity import Rates, Reading
from worker.study.judging.studio import Judged, Studio
from worker.study.records import estimate
from worker.study.tables import Panel, Table
from worker.study.terms import Unusable

MB = 2**20

PICTURES = (
    "denoiser", "s a picture", "MB", "CLIPScore", "Fréchet", "CLIPScore − first", "Fréchet − first",
)  # fmt: skip
STORIES = ("story model", "tokens/s", "MB", "perplexity", "perplexity ÷ first")


@dataclass(frozen=True)
class Found:
    """Everything that was measured; the first of each is before."""

    level: str
    pictures: Mapping[str, Judged]
    memory: Mapping[str, int]
    """Bytes of the UNet at each precision"""
    obstacles: Mapping[str, str]
    """Why a precision is not among the pictures"""
    stories: Rates | None


def compare(studio: Studio, sampler: str, steps: int, precisions: Sequence[str]) -> Found:
    """Draw at every precision that the device can do; stories are measured apart."""
    arms = [
        plain(each, studio.terms.level(sampler=sampler, steps=steps, precision=each))
        for each in precisions
    ]
    obstacles = {arm.name: why for arm in arms if (why := studio.obstacle(arm)) is not None}
    if len(obstacles) == len(arms):
        raise Unusable(f"nothing can be drawn: {next(iter(obstacles.values()))}")
    pictures = studio.compare([arm for arm in arms if arm.name not in obstacles])
    level = f"{sampler.upper()} {steps}, guidance {studio.terms.guidance_scale:g}"
    return Found(level, pictures, studio.denoiser.memory, obstacles, None)


def table(found: Found, terms: str) -> Table:
    """The first row of each panel is before, the others after; `terms` is how it was measured."""
    rows = [_picture_row(each, judged, found) for each, judged in found.pictures.items()]
    rows += [(each, "does not run", "", "", "", "", "") for each in found.obstacles]
    panels = [Panel(PICTURES, tuple(rows))]
    if found.stories:
        stories = found.stories
        read = [_story_row(each, one, stories) for each, one in stories.readings.items()]
        panels.append(Panel(STORIES, tuple(read)))
    return Table("quantization", _caption(found, terms), tuple(panels))


def result(found: Found) -> dict[str, Any]:
    """The table's figures, for programs."""
    pictures = {name: _picture_figures(name, found) for name in found.pictures}
    return {"denoiser": pictures, "does_not_run": found.obstacles, **_stories(found.stories)}


def _picture_row(name: str, judged: Judged, found: Found) -> tuple[str, ...]:
    apart = _difference(name, found)
    return (
        name,
        middle(judged.sheet.seconds).ends(3),
        f"{found.memory[name] / MB:.1f}",
        judged.verdict.clip_score.spread(2),
        judged.verdict.frechet.spread(2),
        *(each.spread(2) for each in apart or ()),
        *[""] * (0 if apart else 2),
    )


def _picture_figures(name: str, found: Found) -> dict[str, Any]:
    judged, apart = found.pictures[name], _difference(name, found)
    figures = {
        "seconds_a_picture": estimate(middle(judged.sheet.seconds)),
        "unet_bytes": found.memory[name],
        "clip_score": estimate(judged.verdict.clip_score),
        "frechet": estimate(judged.verdict.frechet),
    }
    if apart is None:
        return figures
    score, distance = map(estimate, apart)
    return figures | {"clip_score_minus_first": score, "frechet_minus_first": distance}


def _difference(name: str, found: Found) -> tuple[Estimate, Estimate] | None:
    """CLIPScore and Fréchet distance less those of the first precision; None for itself."""
    first = next(iter(found.pictures))
    if name == first:
        return None
    return found.pictures[name].verdict.minus(found.pictures[first].verdict)


def _story_row(name: str, reading: Reading, stories: Rates) -> tuple[str, ...]:
    ratio = reading.over(stories.first)
    return (
        name,
        reading.speed.ends(1),
        f"{stories.memory[name] / MB:.0f}",
        f"{reading.perplexity:.1f}",
        "" if reading is stories.first else ratio.ends(2),
    )


def _stories(stories: Rates | None) -> dict[str, Any]:
    if stories is None:
        return {}
    rows = {
        name: {
            "tokens_a_second": estimate(reading.speed),
            "network_bytes": stories.memory[name],
            "perplexity": reading.perplexity,
            "perplexity_over_first": estimate(reading.over(stories.first)),
        }
        for name, reading in stories.readings.items()
    }
    return {"story_model": {"name": stories.name, "tokens": stories.tokens, "precisions": rows}}


def _caption(found: Found, terms: str) -> str:
    text = (
        f"Quantization, before (first row) and after. Pictures: {found.level}; {terms} MB are the "
        "denoiser's weights; text encoder and autoencoder keep their precision."
    )
    if found.stories is None:
        return text
    return (
        f"{text} Stories: {found.stories.name}, {found.stories.tokens} tokens of the example books "
        "read one at a time; perplexity down is better."
    )
