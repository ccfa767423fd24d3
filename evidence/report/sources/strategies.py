"""Ways to make a storybook: how long until its first picture, and until it is whole."""

from dataclasses import dataclass
from pathlib import Path

from evidence.report.numbers import Estimate
from evidence.report.records import BadStudy
from evidence.report.sources import intervals
from evidence.report.study import Study
from loadgen import metrics
from loadgen.record import ENDINGS, SUCCEEDED, BadRecord, Record, read, run_name


@dataclass(frozen=True)
class Strategy:
    """Seconds from the request, over the books that were finished."""

    name: str
    books: int
    whole: Estimate
    first_page: Estimate | None
    first_picture: Estimate | None


@dataclass(frozen=True)
class Strategies:
    """The quickest whole book first."""

    each: tuple[Strategy, ...]

    @property
    def fastest(self) -> Strategy:
        """To a whole book."""
        return self.each[0]

    @property
    def slowest(self) -> Strategy:
        """To a whole book."""
        return self.each[-1]

    @property
    def soonest(self) -> Strategy | None:
        """To a first picture."""
        known = [one for one in self.each if one.first_picture]
        return min(known, key=lambda one: one.first_picture.value, default=None)

    @property
    def told_apart(self) -> bool:
        """Whether the intervals of the fastest and the slowest are apart."""
        return self.fastest.whole.high < self.slowest.whole.low


def load(study: Study) -> Strategies | None:
    """Of OUT/strategies; None where no book was finished. Raises BadStudy."""
    folder = study.folder / "strategies"
    paths = sorted(folder.iterdir()) if folder.is_dir() else []
    found = [_strategy(path) for path in paths if path.name.endswith(ENDINGS)]
    known = sorted((one for one in found if one), key=lambda one: one.whole.value)
    return Strategies(tuple(known)) if known else None


def _strategy(path: Path) -> Strategy | None:
    try:
        books = [each for each in metrics.measured(read(path)) if each.status == SUCCEEDED]
    except (BadRecord, OSError) as error:
        raise BadStudy(str(error)) from error
    whole = intervals.independent_mean(_moments(books, "finished"))
    if whole is None:
        return None
    firsts = (
        intervals.independent_mean(_moments(books, name))
        for name in ("first_page", "first_picture")
    )
    return Strategy(run_name(path), len(books), whole, *firsts)


def _moments(books: list[Record], name: str) -> list[float]:
    """Seconds from sending: in a closed loop every request is due at once."""
    found = ((getattr(book, name), book.sent) for book in books)
    return [moment - sent for moment, sent in found if moment is not None and sent is not None]
