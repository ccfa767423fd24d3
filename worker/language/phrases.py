"""Which runs of tokens a book has used, so that it neither repeats itself nor its examples."""

from collections.abc import Iterable, Sequence

RUN = 5
RECENT = 60


class Phrases:
    """The runs of RUN tokens already written."""

    def __init__(self, lines: Iterable[Sequence[int]] = ()) -> None:
        self._next: dict[tuple[int, ...], set[int]] = {}
        self.recent: list[int] = []
        for line in lines:
            self.add(line)

    def add(self, line: Sequence[int]) -> None:
        """Remember the runs of a line, and its tokens as the most recent ones."""
        self.recent = [*self.recent, *line][-RECENT:]
        for at in range(len(line) - RUN + 1):
            self._next.setdefault(tuple(line[at : at + RUN - 1]), set()).add(line[at + RUN - 1])

    def completing(self, line: Sequence[int]) -> list[int]:
        """The tokens that would complete a known run, or one of the line's own, at its end."""
        start = tuple(line[1 - RUN :])
        own = (
            line[at + RUN - 1]
            for at in range(len(line) - RUN + 1)
            if tuple(line[at : at + RUN - 1]) == start
        )
        return sorted(self._next.get(start, set()).union(own))
