"""A question, and its answer chosen by the numbers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from evidence.report.numbers import judged


@dataclass(frozen=True)
class Verdict:
    """`held` is None for a question that asks for an answer and sets no goal."""

    name: str
    asked: str
    found: str
    held: bool | None
    judged: bool = True
    """Whether the records suffice for it."""

    @property
    def graded(self) -> bool:
        """Whether a goal was set."""
        return self.held is not None

    @property
    def verdict(self) -> str:
        """In two words at most."""
        return judged(self.held) if self.graded or not self.judged else "answered"


Asking = Callable[[Any], Iterator[Verdict]]
