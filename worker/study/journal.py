"""The journal of a long measurement: what was measured stays measured for a later run."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from pydantic import ValidationError

from worker.study.terms import Unusable


class Kept(Protocol):
    """What a journal keeps: a model with a key of its own."""

    @property
    def key(self) -> str:
        """The same for the same measurement of another run."""

    def model_dump_json(self) -> str:
        """In one line."""


M = TypeVar("M", bound=Kept)


@dataclass(frozen=True)
class Journal(Generic[M]):
    """A file with a line for the conditions and one for each measurement.

    `conditions` must be those of the run that began it: measurements of two machines, or of other
    captions, do not belong together.
    """

    file: Path
    conditions: Mapping[str, Any]
    kind: type[M]
    """The model of a measurement"""

    def read(self) -> dict[str, M]:
        """What was measured before, by its key; a line that was cut off is not there.

        Raises Unusable for the journal of other conditions.
        """
        if not self.file.exists():
            return {}
        lines = self.file.read_text(encoding="utf-8").splitlines()
        if not lines or lines[0] != self._first:
            raise Unusable(
                f"{self.file} was measured under other conditions ({self._other(lines[:1])}): "
                "name another --out, or delete it to measure anew"
            )
        return {each.key: each for each in self._readable(lines[1:])}

    def add(self, measured: M) -> None:
        """Append one, so that it is there whatever happens next."""
        # The line break comes first, so that a line that was cut off spoils no other.
        new = not self.file.exists()
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a", encoding="utf-8") as file:
            file.write((self._first if new else "") + "\n" + measured.model_dump_json())

    @property
    def _first(self) -> str:
        return json.dumps(self.conditions, sort_keys=True)

    def _other(self, first: list[str]) -> str:
        """Which of the conditions differ."""
        try:
            before = json.loads(first[0])
            names = before.keys() | self.conditions.keys()
        except (IndexError, ValueError, AttributeError):
            return "it does not say which"
        now = json.loads(self._first)
        return ", ".join(sorted(name for name in names if before.get(name) != now.get(name)))

    def _readable(self, lines: list[str]) -> Iterator[M]:
        for line in lines:
            try:
                yield self.kind.model_validate_json(line)
            except ValidationError:
                continue
