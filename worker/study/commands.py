"""The studies, from options to tables."""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch

from services.contract.settings import Settings
from worker.batching.checkpoint import ModelError
from worker.language.load import Source
from worker.language.prepare import ModelMissing
from worker.study.judging import early_exit, quality, quantization
from worker.study.judging.perplexity import read_aloud
from worker.study.judging.pictures import per_picture
from worker.study.judging.studio import Studio
from worker.study.options import RULES
from worker.study.profiling import result as profile_result
from worker.study.profiling.run import measure
from worker.study.records import Record
from worker.study.tables import Table
from worker.study.terms import Terms, Unusable, read_captions

PROFILE = "profile.json"
SHEET = "contact-sheet.png"


@dataclass(frozen=True)
class Finding:
    """A study's table, its figures for programs, and the records behind them."""

    table: Table
    figures: Mapping[str, Any]
    rows: Sequence[Record]


def study_quantization(options: argparse.Namespace, settings: Settings) -> Finding:
    """Every precision of the denoiser, then of the story model."""
    source = _story_source(options, settings)
    studio = _studio(options, settings)
    with _told_what_to_do():
        found = quantization.compare(studio, options.sampler, options.steps, options.precisions)
        if source:
            stories = read_aloud(source, options.story_precisions, options.story_tokens)
            found = replace(found, stories=stories)
    rows = per_picture(found.pictures)
    return Finding(quantization.table(found, _told(studio)), quantization.result(found), rows)


def study_early_exit(options: argparse.Namespace, settings: Settings) -> Finding:
    """Every rule, beside as many steps without it."""
    rules = early_exit.rules(options.rule or RULES, options.minimum_steps)
    studio = _studio(options, settings)
    level = studio.terms.level(sampler=options.sampler, steps=options.steps)
    with _told_what_to_do():
        studio.denoiser.check(level)
        found = early_exit.compare(studio, level, rules)
    rows = per_picture(found.pictures)
    return Finding(early_exit.table(found, _told(studio)), early_exit.result(found), rows)


def study_profile(options: argparse.Namespace, settings: Settings) -> Finding:
    """Every candidate level alone, and jobs together, into profile.json."""
    file = options.out / PROFILE
    with _told_what_to_do():
        found = measure(options, settings)
    if before := profile_result.read(file):
        found = profile_result.with_qualities_of(before, found)
    profile_result.write(file, found)
    rows = profile_result.rows(found)
    return Finding(profile_result.table(found), profile_result.figures(found), rows)


def study_quality(options: argparse.Namespace, settings: Settings) -> Finding:
    """Every level of profile.json, judged; the scores go into it."""
    file = options.out / PROFILE
    found = profile_result.read(file)
    if found is None:
        raise Unusable(f"{file} is no profile: `profile --out {options.out}` writes one")
    studio = _studio(options, settings)
    with _told_what_to_do():
        judged = quality.judge(studio, [rung.level for rung in found.rungs])
    profile_result.write(file, profile_result.with_qualities(found, quality.scores(judged)))
    quality.sheet(judged, studio.terms.captions[: options.columns]).save(options.out / SHEET)
    table = quality.table(found, judged, f"{_drawn(studio)} {_judged(studio)}")
    return Finding(table, quality.result(judged), per_picture(quality.distinct(judged)))


def study_anova(options: argparse.Namespace, settings: Settings) -> Finding:
    """A designed experiment on books, or the analysis of runs that a file has."""
    # Imported here because no other study needs statsmodels, which takes seconds to load.
    from worker.study.anova import result, run  # noqa: PLC0415

    with _told_what_to_do():
        found, rows = run.found(options, settings)
    return Finding(result.table(found), result.figures(found), rows)


STUDIES: Mapping[str, Callable[[argparse.Namespace, Settings], Finding]] = {
    "profile": study_profile,
    "quality": study_quality,
    "quantization": study_quantization,
    "early-exit": study_early_exit,
    "anova": study_anova,
}


def _studio(options: argparse.Namespace, settings: Settings) -> Studio:
    terms = Terms(
        captions=read_captions(options.captions, options.count),
        seed=options.seed,
        group=options.group,
        in_flight=options.in_flight,
        guidance_scale=options.guidance_scale,
        inception=options.inception,
    )
    with _told_what_to_do():
        return Studio.open(settings, terms)


def _story_source(options: argparse.Namespace, settings: Settings) -> Source | None:
    """Named before pictures are drawn for minutes, so that what is wrong shows at once."""
    if not options.story_tokens:
        return None
    with _told_what_to_do():
        source = Source.named(
            settings.story_model or None, home=settings.home, device=settings.device
        )
    for precision in options.story_precisions:
        try:
            source.check(precision)
        except ValueError as error:
            raise Unusable(f"--story-precisions: {error}") from error
    return source


@contextmanager
def _told_what_to_do() -> Iterator[None]:
    """A model that cannot be used is no fault of the program."""
    try:
        yield
    except (ModelError, ModelMissing) as error:
        raise Unusable(str(error)) from error


def _told(studio: Studio) -> str:
    """How the figures were taken, for a caption."""
    terms = studio.terms
    groups = -(-len(terms.captions) // terms.group)
    return (
        f"{_drawn(studio)} Seconds: wall-clock time over pictures, "
        f"median of {groups} groups by turns, with its 95 % interval. {_judged(studio)}"
    )


def _drawn(studio: Studio) -> str:
    terms = studio.terms
    return (
        f"{studio.denoiser.name}, {len(terms.captions)} captions, {terms.in_flight} pictures in "
        f"flight, {torch.get_num_threads()} thread(s)."
    )


def _judged(studio: Studio) -> str:
    seen = "Inception's vectors" if studio.eyes else "× 100, vectors of the same CLIP"
    return (
        f"CLIPScore up is better; Fréchet distance ({seen}) down is better: to fp32, DDIM 100 "
        "pictures of the same captions with other seeds. ± is half of a 95 % interval."
    )
