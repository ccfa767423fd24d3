"""Writing a book line by line: each line after a fixed label, drafted until one will do."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

import torch

from worker.language.passage import Passage
from worker.language.phrases import Phrases
from worker.language.sampling import Sampling
from worker.language.wording import Unusable

TRIES = 6
WARMER = 0.08


class StoryError(RuntimeError):
    """The model could not write the story that was asked for."""


@dataclass(frozen=True)
class Line:
    """What a line is to be: the label before it, its first words, and how it is judged.

    `repair` turns a draft into the text to print or raises Unusable; it is told which try it is.
    `enough` says of a draft whether it may stop there.
    """

    label: str
    repair: Callable[[str, int], str]
    opening: str = ""
    enough: Callable[[str], bool] = lambda _: False
    prose: bool = False


class Pen:
    """Writes lines under a passage; prose lines never repeat one another's phrases."""

    def __init__(self, passage: Passage, generator: torch.Generator, used: Phrases) -> None:
        self._passage = passage
        self._generator = generator
        self._used = used

    def write(
        self, line: Line, sampling: Sampling, limit: Callable[[], int], spend: Callable[[], None]
    ) -> str:
        """The line's text, read into the passage; raises StoryError when every draft fails.

        `limit` gives each draft its most tokens, `spend` is called for every token.
        """
        self._passage.append(line.label)
        failures = []
        for attempt in range(TRIES):
            raw = self._draft(line, sampling.warmer(attempt * WARMER), limit(), spend)
            try:
                text = line.repair(raw, attempt)
            except Unusable as reason:
                failures.append(str(reason))
                continue
            self._keep(text, line.prose)
            return text
        raise StoryError(
            f"the model wrote nothing usable after {line.label!r} in {TRIES} tries "
            f"({'; '.join(failures)}): try another seed or prompt, or a larger model"
        )

    def _keep(self, text: str, prose: bool) -> None:
        ids = self._passage.append(f" {text}\n")
        if prose:
            self._used.add(ids)

    def _draft(self, line: Line, sampling: Sampling, limit: int, spend: Callable[[], None]) -> str:
        passage = self._passage.fork()
        ids = passage.append(f" {line.opening}") if line.opening else []
        used = self._used if line.prose else Phrases()
        text = line.opening
        for _ in islice(passage.write(sampling, self._generator, used, ids), limit):
            spend()
            text = passage.decode(ids).lstrip()
            if "\n" in text or line.enough(text):
                break
        return text.split("\n", 1)[0]
