"""How a book's pictures follow its text: which strategy applies, and which pictures are due.

| strategy | ordered | at a time | drawn from |
| --- | --- | --- | --- |
| sequential | after the text | one | noise |
| parallel | after the text | all | noise |
| pipelined | each with its page | all | noise |
| autoregressive | each with its page | one | the picture before, the first from noise |
"""

from dataclasses import dataclass

from services.contract.jobs import StorybookRequest
from services.contract.ladder import AppliedLevel, Strategy

AFTER_THE_TEXT = frozenset({"sequential", "parallel"})
ONE_AT_A_TIME = frozenset({"sequential", "autoregressive"})


@dataclass(frozen=True)
class Chosen:
    """The strategy that a book is made by, and why."""

    name: Strategy
    reason: str


@dataclass(frozen=True)
class Standing:
    """How far a book is, in pages: `written` and `complete` tell of the text, the rest of the
    pictures. Those drawn are counted from the first."""

    written: int
    complete: bool
    ordered: int
    drawn: int


def chosen(request: StorybookRequest, applied: AppliedLevel) -> Chosen:
    """The request's strategy, else that of the level that the book got."""
    if request.strategy is not None:
        return Chosen(request.strategy, "the request names it")
    return Chosen(applied.level.storybook.strategy, f"the level {applied.name} names it")


def due(strategy: Strategy, book: Standing) -> range:
    """Positions, from 0, of the pages whose pictures are to be ordered now."""
    if strategy in AFTER_THE_TEXT and not book.complete:
        return range(0)
    most = book.drawn + 1 if strategy in ONE_AT_A_TIME else book.written
    return range(book.ordered, min(book.written, most))
