"""Seconds of whole stories: from the order to the last word, alone and beside others."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import product

from services.contract.ladder import StoryLevel
from services.contract.profile import Timing
from worker.language.model import LanguageModel
from worker.language.scene import Vocabulary
from worker.narrate import StoryError, StoryOrder, narrate
from worker.study.profiling.memory import peak_memory
from worker.study.profiling.trial import Measured, Trial
from worker.variants import Variants


@dataclass(frozen=True)
class StoryGrid:
    """What is written: so many stories alone at every level, and together at the first.

    A token's batch law is the model's own: levels differ in how many tokens there are.
    """

    levels: tuple[StoryLevel, ...]
    precisions: tuple[str, ...]
    """At which the first level's stories are written too"""
    batches: tuple[int, ...]
    stories: int

    def trials(self, usual: str) -> list[Trial]:
        """In the order of their turns: each setting's first story, then each one's second.

        `usual` is the precision that `auto` stands for.
        """
        settings = [(setting_of(level, usual), 1) for level in self.levels]
        first = [
            setting_of(self.levels[0].model_copy(update={"precision": each}), usual)
            for each in self.precisions
        ]
        settings += product(first, self.batches)
        found = {
            each.key: each
            for story in range(self.stories)
            for setting, batch in settings
            for each in [_trial({**setting, "story": story}, batch)]
        }
        return list(found.values())

    def of_level(self, timings: Sequence[Timing], level: StoryLevel, usual: str) -> list[Timing]:
        """Those of a level: one a story and number of jobs together."""
        setting = setting_of(level, usual)
        return [each for each in timings if level_of(each.setting) == setting]

    def company(self, timings: Sequence[Timing], level: StoryLevel, usual: str) -> list[Timing]:
        """Those that tell what company adds at a level: the first level's at the precision of this
        one."""
        first = self.levels[0].model_copy(update={"precision": level.precision})
        return self.of_level(timings, first, usual)

    def is_reference(self, timing: Timing, usual: str) -> bool:
        """Whether the batch law is of this timing: of the first level and precision."""
        level = self.levels[0].model_copy(update={"precision": self.precisions[0]})
        return level_of(timing.setting) == setting_of(level, usual)


def setting_of(level: StoryLevel, usual: str) -> dict[str, object]:
    """What a timing says of a level; `usual` is what `auto` stands for."""
    precision = usual if level.precision == "auto" else level.precision
    return level.model_dump() | {"precision": precision}


def level_of(setting: dict[str, object]) -> dict[str, object]:
    """A timing's setting without which story it is."""
    return {name: value for name, value in setting.items() if name != "story"}


def _trial(setting: dict[str, object], batch: int) -> Trial:
    return Trial(queue="stories", setting=setting, steps=None, batch=batch, repeat=0)


@dataclass(frozen=True)
class WritingDesk:
    """A story model with nothing else to do; story i is of caption i with a seed of its own."""

    models: Variants[LanguageModel]
    vocabulary: Vocabulary | None
    captions: Sequence[str]
    seed: int

    def warm_up(self, trials: Sequence[Trial]) -> None:
        """Read the examples and write a page at each precision."""
        for precision in dict.fromkeys(trial.setting["precision"] for trial in trials):
            with self.models.lease(precision) as model:
                self._write(model, StoryOrder(prompt=self.captions[0], pages=1, max_tokens=16))

    def measure(self, trial: Trial) -> Measured:
        """Write the story so many times together.

        It is the same story, so that all advance together to the end: that is the company of which
        a batch law speaks. `steps` are the tokens of one, with those of drafts that were discarded.
        A story that the model gives up took its time all the same.
        """
        order = self._order(trial)
        with self.models.lease(trial.setting["precision"]) as model, peak_memory() as peak:
            began = time.perf_counter()
            with ThreadPoolExecutor(trial.batch) as pool:
                told = [pool.submit(self._write, model, order) for _ in range(trial.batch)]
                tokens = max(each.result() for each in told)
            seconds = round(time.perf_counter() - began, 6)
        return Measured(trial=trial, steps=tokens, seconds=seconds, memory_mb=peak.mb)

    def _order(self, trial: Trial) -> StoryOrder:
        story = trial.setting["story"]
        return StoryOrder(
            prompt=self.captions[story % len(self.captions)],
            max_tokens=trial.setting["max_tokens"],
            page_sentences=trial.setting["page_sentences"],
            seed=self.seed + story,
        )

    def _write(self, model: LanguageModel, order: StoryOrder) -> int:
        """Tokens written."""
        written: list[int] = []
        with suppress(StoryError):
            narrate(
                model,
                order,
                on_page=lambda *_: None,
                interrupted=lambda: None,
                on_token=lambda done, _: written.append(done),
                vocabulary=self.vocabulary,
            )
        return len(written)
