"""The runs of a design, made in their random order; those that the journal has stay made."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import Field

from services.contract.ladder import Strict
from services.contract.settings import Settings
from worker.batching.denoiser import Denoiser
from worker.batching.engine import Engine
from worker.batching.request import ImageRequest
from worker.image_worker import SHIPPED_ILLUSTRATOR
from worker.language.load import Source
from worker.language.scene import load_vocabulary
from worker.story_worker import VOCABULARY
from worker.study.experiment.book import Workshop
from worker.study.experiment.book_setting import BookSetting, settings_of
from worker.study.experiment.design import Design, Run
from worker.study.journal import Journal
from worker.study.progress import progress
from worker.study.terms import Unusable

JOURNAL = "anova.jsonl"
WARM_STEPS = 2


class RunMade(Strict):
    """A run and what it took, in seconds."""

    run: Run
    seconds: float = Field(gt=0)
    text_seconds: float = Field(gt=0)
    first_picture_seconds: float = Field(gt=0)

    @property
    def key(self) -> str:
        """Which run of its design it is."""
        return str(self.run.order)

    def record(self) -> dict[str, Any]:
        """A line of the records."""
        times = self.model_dump(exclude={"run"})
        return {"order": self.run.order, "replicate": self.run.replicate, **self.run.point, **times}


def make(
    design: Design,
    settings: Settings,
    captions: Sequence[str],
    folder: Path,
    conditions: Mapping[str, Any],
) -> list[RunMade]:
    """Every run of the design, in order; slow, with a bar on standard error.

    Raises Unusable, ModelError or ModelMissing, which say what to do, before the first run is
    made. `conditions` are those without which runs do not belong together.
    """
    wanted = settings_of(design)
    source = Source.named(settings.story_model or None, home=settings.home, device=settings.device)
    denoiser = Denoiser.load(
        settings.image_model or str(SHIPPED_ILLUSTRATOR), device=settings.device
    )
    _check(denoiser, [setting for _, setting in wanted])
    told = {
        **conditions,
        "device": str(denoiser.device),
        "batch_cap": settings.batch_cap,
        "models": {"images": denoiser.name, "stories": source.name},
        "design": design.model_dump(mode="json"),
    }
    journal = Journal(folder / JOURNAL, told, RunMade)
    known = journal.read()
    missing = [(run, setting) for run, setting in wanted if str(run.order) not in known]
    if missing:
        with _open(settings, denoiser, source, captions, design.seed) as workshop:
            for made in _made(workshop, missing):
                journal.add(made)
                known[made.key] = made
    return [known[str(run.order)] for run, _ in wanted]


@contextmanager
def _open(
    settings: Settings, denoiser: Denoiser, source: Source, captions: Sequence[str], seed: int
) -> Iterator[Workshop]:
    words = None if settings.image_model else load_vocabulary(VOCABULARY)
    with Engine(denoiser, cap=settings.batch_cap) as engine:
        yield Workshop(engine, source.load(), words, captions, seed)


def _made(workshop: Workshop, missing: Sequence[tuple[Run, BookSetting]]) -> Iterator[RunMade]:
    kinds = _kinds([setting for _, setting in missing])
    with progress(len(kinds), "warmed up") as tell:
        for setting in kinds:
            _warm_up(workshop, setting)
            tell()
    with progress(len(missing), "books") as tell:
        for run, setting in missing:
            made = workshop.make(setting, run.replicate - 1)
            yield RunMade(run=run, **asdict(made))
            tell()


def _kinds(settings: Sequence[BookSetting]) -> list[BookSetting]:
    """Short books that do, once each, what is slower the first time."""
    small = {"steps": WARM_STEPS, "sampler": "ddim"}
    together = [
        each.model_copy(update={**small, "tokens": each.batch, "strategy": "parallel"})
        for each in settings
    ]
    going_on = [
        each.model_copy(update={**small, "tokens": 2, "batch": 2})
        for each in settings
        if each.strategy == "autoregressive"
    ]
    return list(dict.fromkeys([*together, *going_on]))


def _warm_up(workshop: Workshop, setting: BookSetting) -> None:
    try:
        workshop.make(setting, 0)
    except Exception as error:
        told = setting.model_dump(exclude={"tokens", "steps", "strategy"}, exclude_none=True)
        raise Unusable(f"no book can be made with {told}: {error}") from error


def _check(denoiser: Denoiser, wanted: Sequence[BookSetting]) -> None:
    """ModelError or Unusable names what the model or the device cannot do."""
    for setting in dict.fromkeys(wanted):
        denoiser.check(setting.level)
        asked = ImageRequest(
            prompt="", seed=0, level=setting.level, width=setting.size, height=setting.size
        )
        try:
            denoiser.denoising(asked)
        except ValueError as error:
            raise Unusable(f"size: {error}") from error
