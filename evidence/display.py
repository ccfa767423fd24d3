"""What goes on in a study, on standard error: what each stage is expected to take, and took."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from evidence.journal import Entry, Journal
from evidence.stages import Stage


def clock(seconds: float) -> str:
    """`3:07`."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


class Display:
    """Tells a person; a terminal gets a line that moves."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)

    def plan(self, stages: Sequence[Stage], journal: Journal) -> None:
        """What is to be done, and what is done already."""
        left = [stage for stage in stages if not journal.done(stage)]
        total = sum(stage.minutes for stage in left)
        names = ", ".join(f"{stage.name} {stage.minutes:.1f}" for stage in left) or "nothing"
        skipped = ", ".join(stage.name for stage in stages if stage not in left)
        self._console.print(f"{journal.folder}: about {total:.0f} minutes. To do: {names}")
        if skipped:
            self._console.print(f"Done before: {skipped}. A stage without its folder is done anew.")

    @contextmanager
    def stage(self, stage: Stage) -> Iterator["Line"]:
        """A line for the stage, while it runs."""
        if not self._console.is_terminal:
            self._console.print(f"{stage.name}: about {stage.minutes:.1f} minutes")
        with self._console.status(stage.name) as status:
            yield Line(stage, status.update)

    def ended(self, entry: Entry) -> None:
        """What became of a stage."""
        expected = clock(60 * entry.minutes_expected)
        self._console.print(
            f"{entry.name}: {entry.status} after {clock(entry.seconds)} (expected {expected})"
        )
        if entry.error:
            self._console.print(escape(entry.error))

    def left_out(self, stage: Stage, failed: Sequence[str]) -> None:
        """A stage that could not begin."""
        self._console.print(f"{stage.name}: left out, it needs {', '.join(failed)}")

    def summary(self, journal: Journal) -> None:
        """Every stage with what it was expected to take and took."""
        table = Table("stage", "status", "expected", "took")
        for entry in journal.entries.values():
            expected, took = clock(60 * entry.minutes_expected), clock(entry.seconds)
            table.add_row(entry.name, entry.status, expected, took)
        expected = 60 * sum(entry.minutes_expected for entry in journal.entries.values())
        took = sum(entry.seconds for entry in journal.entries.values())
        table.add_row("all", "", clock(expected), clock(took))
        self._console.print(table)


class Line:
    """Hears what a stage's command wrote last, and shows it with the time."""

    def __init__(self, stage: Stage, update: Callable[[str], None]) -> None:
        self._stage, self._update, self._since = stage, update, time.monotonic()

    def __call__(self, text: str) -> None:
        """Show it."""
        spent = clock(time.monotonic() - self._since)
        expected = clock(60 * self._stage.minutes)
        self._update(escape(f"{self._stage.name} {spent} of about {expected} · {text[:100]}"))
