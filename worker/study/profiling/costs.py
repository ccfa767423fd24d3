"""What every candidate level costs each queue, measured on the real engine and models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from services.contract.ladder import Level
from services.contract.settings import Settings
from worker.batching.clip_watch import ClipWatch, clip_for
from worker.batching.denoiser import Denoiser
from worker.batching.engine import Engine
from worker.batching.exits import clip_for_levels
from worker.image_worker import SHIPPED_ILLUSTRATOR
from worker.language.load import Source
from worker.language.scene import load_vocabulary
from worker.story_worker import VOCABULARY
from worker.study.journal import Journal
from worker.study.profiling.images import Easel, ImageGrid, precision_of
from worker.study.profiling.result import Findings, cost, law, marked, timings_of
from worker.study.profiling.stories import StoryGrid, WritingDesk
from worker.study.profiling.trial import Measured, Trial
from worker.study.progress import progress
from worker.study.terms import Unusable


@dataclass(frozen=True)
class Sitting:
    """What is the same for all trials, and where their journals are kept."""

    captions: tuple[str, ...]
    seed: int
    folder: Path
    conditions: Mapping[str, Any]
    """Without which measurements do not belong together: machine, captions, seed, …"""

    def journal(self, queue: str, model: str) -> Journal[Measured]:
        """The journal of a queue's trials with a model."""
        told = {**self.conditions, "model": model}
        return Journal(self.folder / f"profile-{queue}.jsonl", told, Measured)


class Bench(Protocol):
    """Where the trials of one queue are made."""

    def warm_up(self, trials: Sequence[Trial]) -> None:
        """Do in small, untimed, what the trials do."""

    def measure(self, trial: Trial) -> Measured:
        """Do it, and take the time."""


def images(
    settings: Settings, grid: ImageGrid, levels: Sequence[Level], sitting: Sitting
) -> Findings:
    """Costs and batch law of pictures; slow, with a bar on standard error.

    Without sizes in the grid, the model's native one. ModelError names what it cannot do.
    """
    cap = settings.batch_cap
    _check_cap(grid.batches, cap, "STORYTELLER_BATCH_CAP")
    denoiser = Denoiser.load(
        settings.image_model or str(SHIPPED_ILLUSTRATOR), device=settings.device
    )
    for level in (*grid.levels, *grid.combined):
        denoiser.check(level)
    grid = replace(grid, sizes=grid.sizes or (denoiser.native_size(),))
    usual = precision_of(denoiser)
    with Engine(denoiser, cap=cap, clip=_clip(settings, grid)) as engine:
        easel = Easel(engine, sitting.captions, sitting.seed)
        journal = sitting.journal("images", denoiser.name)
        made = timings_of(_made(grid.trials(usual), easel, journal, "pictures"))
    timings = marked(made, partial(grid.is_reference, precision=usual))
    own = {level.name: grid.of_level(timings, level.image, usual) for level in levels}
    costs = {name: cost(each, each) for name, each in own.items()}
    return Findings("images", denoiser.name, timings, costs, law(timings, cap))


def stories(
    settings: Settings, source: Source, grid: StoryGrid, levels: Sequence[Level], sitting: Sitting
) -> Findings:
    """Costs and batch law of stories; slow, with a bar on standard error.

    ModelMissing says what to do where the model cannot be loaded.
    """
    cap = settings.story_batch
    _check_cap(grid.batches, cap, "STORYTELLER_STORY_BATCH")
    _check_precisions(source, grid)
    usual = source.usual
    words = None if settings.image_model else load_vocabulary(VOCABULARY)
    desk = WritingDesk(source.variants(), words, sitting.captions, sitting.seed)
    journal = sitting.journal("stories", source.name)
    made = timings_of(_made(grid.trials(usual), desk, journal, "stories"))
    timings = marked(made, partial(grid.is_reference, usual=usual))
    costs = {
        level.name: cost(
            grid.of_level(timings, level.story, usual), grid.company(timings, level.story, usual)
        )
        for level in levels
    }
    return Findings("stories", source.name, timings, costs, law(timings, cap))


def _made(
    trials: Sequence[Trial], bench: Bench, journal: Journal[Measured], what: str
) -> tuple[Measured, ...]:
    """All of them, in their order; those that the journal has are not made again."""
    known = journal.read()
    missing = [trial for trial in trials if trial.key not in known]
    with progress(len(missing), what) as tell:
        bench.warm_up(missing)
        for trial in missing:
            known[trial.key] = bench.measure(trial)
            journal.add(known[trial.key])
            tell()
    return tuple(known[trial.key] for trial in trials)


def _clip(settings: Settings, grid: ImageGrid) -> ClipWatch | None:
    named = clip_for(settings.image_model, settings.clip_model)
    return clip_for_levels(grid.levels, named, device=settings.device)


def _check_cap(batches: Sequence[int], cap: int, setting: str) -> None:
    if max(batches) > cap:
        raise Unusable(f"{max(batches)} jobs cannot advance together: {setting} is {cap}")


def _check_precisions(source: Source, grid: StoryGrid) -> None:
    for precision in (*(level.precision for level in grid.levels), *grid.precisions):
        try:
            source.check(precision)
        except ValueError as error:
            raise Unusable(f"the story precision {error}") from error
