"""Quantization and early exit: the same work before and after."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evidence.report import records
from evidence.report.numbers import Estimate, estimate, known
from evidence.report.records import BadStudy
from evidence.report.study import Study

MEGABYTE = 2**20
FEWER = "fewer steps, as "
BEFORE = "all steps"


@dataclass(frozen=True)
class Precision:
    """Pictures by a denoiser of one precision; differences are to the first of the table."""

    name: str
    seconds: Estimate
    megabytes: float
    quality: Estimate | None
    difference: Estimate | None
    ratio: float
    """Of seconds to the first's."""


@dataclass(frozen=True)
class Reading:
    """Stories by a language model of one precision."""

    name: str
    tokens_a_second: Estimate
    megabytes: float
    perplexity: float
    over_first: Estimate | None


@dataclass(frozen=True)
class Quantized:
    """Denoiser and language model, the first row of each before quantization."""

    pictures: tuple[Precision, ...]
    stories: tuple[Reading, ...]
    model: str

    @property
    def gains(self) -> tuple[Precision, ...]:
        """Precisions that take less time than the first, intervals apart."""
        first, *after = self.pictures
        return tuple(each for each in after if each.seconds.below(first.seconds))

    @property
    def smallest(self) -> Precision:
        """The one with the least weights."""
        return min(self.pictures, key=lambda each: each.megabytes)


@dataclass(frozen=True)
class Exit:
    """A rule of early exit beside the same number of steps without it."""

    rule: str
    steps: float
    seconds: Estimate
    quality: Estimate
    fewer_seconds: Estimate | None
    fewer_quality: Estimate | None
    difference: Estimate | None
    """Of quality to fewer steps, picture by picture."""


@dataclass(frozen=True)
class Exits:
    """All rules, and what they are measured against."""

    before: Exit
    rules: tuple[Exit, ...]

    @property
    def faster(self) -> tuple[Exit, ...]:
        """Rules that take less time than all steps, intervals apart."""
        return tuple(each for each in self.rules if each.seconds.below(self.before.seconds))

    @property
    def worthwhile(self) -> tuple[Exit, ...]:
        """Rules that draw better than as many plain steps do."""
        return tuple(each for each in self.rules if each.difference and each.difference.low > 0)

    @property
    def harmful(self) -> tuple[Exit, ...]:
        """Rules that draw worse than as many plain steps do."""
        return tuple(each for each in self.rules if each.difference and each.difference.high < 0)


def quantization(study: Study) -> Quantized | None:
    """Of OUT/quantization; None where it was not measured. Raises BadStudy."""
    path = study.folder / "quantization" / "quantization.json"
    found = records.load(path)
    if found is None:
        return None
    try:
        figures = found["figures"]
        first = next(iter(figures["denoiser"].values()))["seconds_a_picture"]["value"]
        pictures = tuple(_precision(*each, first) for each in figures["denoiser"].items())
        model = figures.get("story_model") or {}
        stories = tuple(_reading(*each) for each in model.get("precisions", {}).items())
    except (KeyError, StopIteration, TypeError) as error:
        raise BadStudy(f"{path} is no record of quantization: {error!r}") from error
    return Quantized(pictures, stories, model.get("name", ""))


def _precision(name: str, told: Mapping[str, Any], first: float) -> Precision:
    seconds = known(told["seconds_a_picture"])
    return Precision(
        name=name,
        seconds=seconds,
        megabytes=told["unet_bytes"] / MEGABYTE,
        quality=estimate(told.get("clip_score")),
        difference=estimate(told.get("clip_score_minus_first")),
        ratio=seconds.value / first,
    )


def _reading(name: str, told: Mapping[str, Any]) -> Reading:
    over = estimate(told.get("perplexity_over_first"))
    speed = known(told["tokens_a_second"])
    return Reading(name, speed, told["network_bytes"] / MEGABYTE, told["perplexity"], over)


def early_exit(study: Study) -> Exits | None:
    """Of OUT/early-exit; None where it was not measured. Raises BadStudy."""
    path = study.folder / "early-exit" / "early_exit.json"
    found = records.load(path)
    if found is None:
        return None
    try:
        figures = found["figures"]
        return Exits(_exit(BEFORE, figures), tuple(_rules(figures)))
    except (KeyError, TypeError) as error:
        raise BadStudy(f"{path} is no record of early exit: {error!r}") from error


def _rules(figures: Mapping[str, Any]) -> Iterator[Exit]:
    for name in figures:
        if name != BEFORE and not name.startswith(FEWER):
            yield _exit(name, figures)


def _exit(name: str, figures: Mapping[str, Any]) -> Exit:
    told, fewer = figures[name], figures.get(FEWER + name, {})
    return Exit(
        rule=name,
        steps=told["steps"],
        seconds=known(told["seconds_a_picture"]),
        quality=known(told["clip_score"]),
        fewer_seconds=estimate(fewer.get("seconds_a_picture")),
        fewer_quality=estimate(fewer.get("clip_score")),
        difference=estimate(told.get("clip_score_minus_fewer_steps")),
    )
