"""Seconds of whole pictures: from their submission to an idle engine until the last is there."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from pydantic import ValidationError

from services.contract.ladder import ImageLevel
from services.contract.profile import Timing
from services.contract.timings import FEWEST
from worker.batching.denoiser import Denoiser
from worker.batching.engine import Engine
from worker.batching.request import ImageRequest
from worker.study.profiling.memory import peak_memory
from worker.study.profiling.trial import Measured, Trial
from worker.study.terms import Unusable

WARM_STEPS = 2
SIZE = ("width", "height")


@dataclass(frozen=True)
class ImageGrid:
    """What is drawn: every level alone and in the most company, and every combination of the rest.

    What is drawn together takes longer and strays less, so that it has fewer repeats: the fewest of
    which an outlier can be told.
    """

    levels: tuple[ImageLevel, ...]
    combined: tuple[ImageLevel, ...]
    """Sampler × steps × precision × guidance"""
    batches: tuple[int, ...]
    sizes: tuple[tuple[int, int], ...]
    """(width, height) in pixels of the combined ones; levels have the first"""
    repeats: int

    def trials(self, precision: str) -> list[Trial]:
        """In the order of their turns: each setting once, then each again.

        `precision` is what the model's `auto` stands for.
        """
        size = self.sizes[0]
        settings = list(product(self.levels, (size,), (1, max(self.batches))))
        settings += product(self.combined, self.sizes, self.batches)
        found = {
            each.key: each
            for repeat in range(self.repeats)
            for level, size, batch in settings
            if batch == 1 or repeat < FEWEST
            for each in [_trial(setting_of(level, size, precision), level.steps, batch, repeat)]
        }
        return list(found.values())

    def of_level(
        self, timings: Sequence[Timing], level: ImageLevel, precision: str
    ) -> list[Timing]:
        """Those of a level, alone and in company."""
        setting = setting_of(level, self.sizes[0], precision)
        return [each for each in timings if (each.setting, each.steps) == (setting, level.steps)]

    def is_reference(self, timing: Timing, precision: str) -> bool:
        """Whether the batch law is of this timing: of the first size, sampler, precision and
        guidance that are combined, at their steps."""
        setting = setting_of(self.combined[0], self.sizes[0], precision)
        return timing.setting == setting and timing.steps in {each.steps for each in self.combined}


def combinations(
    samplers: Sequence[str],
    steps: Sequence[int],
    precisions: Sequence[str],
    guidances: Sequence[float],
) -> tuple[ImageLevel, ...]:
    """A level for each combination; Unusable says what is no level."""
    names = ("sampler", "steps", "precision", "guidance_scale")
    given = product(samplers, steps, precisions, guidances)
    try:
        return tuple(
            ImageLevel.model_validate(dict(zip(names, each, strict=True))) for each in given
        )
    except ValidationError as error:
        raise Unusable(f"there is no such level: {error}") from error


def setting_of(level: ImageLevel, size: tuple[int, int], precision: str) -> dict[str, object]:
    """What a timing says of a level besides its steps; `precision` is what `auto` stands for."""
    said = level.model_dump(mode="json", exclude_defaults=True, exclude={"steps", "retime"})
    actual = precision if level.precision == "auto" else level.precision
    return {**said, "precision": actual, **dict(zip(SIZE, size, strict=True))}


def _trial(setting: dict[str, object], steps: int, batch: int, repeat: int) -> Trial:
    return Trial(queue="images", setting=setting, steps=steps, batch=batch, repeat=repeat)


@dataclass(frozen=True)
class Easel:
    """An engine with nothing else to do; repeat r of a setting draws the captions from r on."""

    engine: Engine
    captions: Sequence[str]
    seed: int

    def warm_up(self, trials: Sequence[Trial]) -> None:
        """Draw a few steps of everything, so that what is done the first time only is done."""
        kinds = {(str(trial.setting), trial.batch): trial for trial in trials}
        for trial in kinds.values():
            self._draw(trial, WARM_STEPS)

    def measure(self, trial: Trial) -> Measured:
        """Draw them and wait; what cannot be drawn is raised."""
        with peak_memory() as peak:
            began = time.perf_counter()
            self._draw(trial, trial.steps or 1)
            seconds = round(time.perf_counter() - began, 6)
        return Measured(trial=trial, steps=trial.steps or 1, seconds=seconds, memory_mb=peak.mb)

    def _draw(self, trial: Trial, steps: int) -> None:
        for future in [self.engine.submit(each) for each in self._requests(trial, steps)]:
            future.result()

    def _requests(self, trial: Trial, steps: int) -> list[ImageRequest]:
        drawn_as = {name: each for name, each in trial.setting.items() if name not in SIZE}
        level = ImageLevel.model_validate({**drawn_as, "steps": steps})
        return [
            ImageRequest(
                prompt=self.captions[(trial.repeat + index) % len(self.captions)],
                width=trial.setting["width"],
                height=trial.setting["height"],
                seed=self.seed + trial.repeat + index,
                level=level,
            )
            for index in range(trial.batch)
        ]


def precision_of(denoiser: Denoiser) -> str:
    """What its `auto` stands for."""
    return denoiser.checkpoint.precision
