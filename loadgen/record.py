"""One line a request: what was due, what was done, and what became of it."""

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import IO, Any

from pydantic import StrictBool, StrictFloat, StrictInt, TypeAdapter, ValidationError

from loadgen import parquet

FAILED_TO_SEND = "unsent"
REJECTED = "rejected"
TIMEOUT = "timeout"
SUCCEEDED = "succeeded"

ENDINGS = (".jsonl", ".jsonl.gz", ".parquet")
"""Of the files that `read` takes; the first is what a run writes."""


class BadRecord(ValueError):
    """A file of records cannot be read; says where."""


@dataclass(frozen=True)
class Record:
    """Times are seconds from the start of the run, by the generator's clock; None: it never was.

    `started` and `finished` are the server's times, carried over (loadgen/clock.py), so that the
    two clocks need not agree. `status` is the job's last one, or
    rejected (429, 503), unsent (no answer), timeout (not finished when the run ended). `worker` is
    the one of the latest attempt, None also where the target does not say.
    """

    number: StrictInt
    kind: str
    due: StrictFloat
    sent: StrictFloat | None = None
    accepted: StrictFloat | None = None
    started: StrictFloat | None = None
    finished: StrictFloat | None = None
    status: str = FAILED_TO_SEND
    http_status: StrictInt | None = None
    error: str | None = None
    job: str | None = None
    level: str | None = None
    levels: tuple[str, ...] = ()
    attempts: StrictInt = 0
    worker: str | None = None
    steps: StrictInt = 0
    bytes: StrictInt = 0
    eta: StrictFloat | None = None
    first_page: StrictFloat | None = None
    first_picture: StrictFloat | None = None
    warmup: StrictBool = False

    @property
    def response(self) -> float | None:
        """End to end, from the due time."""
        return self.finished - self.due if self.finished is not None else None

    @property
    def lag(self) -> float | None:
        """How much later than due the generator sent it."""
        return self.sent - self.due if self.sent is not None else None


_FIELDS = {each.name for each in fields(Record)}
_RECORD = TypeAdapter(Record)


def run_name(path: Path) -> str:
    """What the run of a file is called: the file's name without its endings."""
    name = path.name
    for ending in (".gz", ".jsonl", ".part", ".parquet"):
        name = name.removesuffix(ending)
    return name


def write(file: IO[str], record: Record) -> None:
    """Append one line."""
    file.write(json.dumps(asdict(record)) + "\n")


def read(path: Path) -> list[Record]:
    """All records of a file of JSON lines, plain or with gzip, or of Parquet. A last line cut
    short by a crash is left out.

    Raises BadRecord for anything else that is no record, and OSError.
    """
    if path.suffix == ".parquet":
        return _from_parquet(path)
    lines = _text(path).splitlines(keepends=True)
    return list(_records(path, lines))


def _text(path: Path) -> str:
    try:
        if path.suffix == ".gz":
            return gzip.decompress(path.read_bytes()).decode()
        return path.read_text()
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        told = f"{path} is not a whole gzip file ({error}); compress its records again"
        raise BadRecord(told) from error
    except UnicodeDecodeError as error:
        raise BadRecord(f"{path} holds no records: it is not text ({error})") from error


def _from_parquet(path: Path) -> list[Record]:
    try:
        return [from_json(row) for row in parquet.read(path)]
    except ValueError as error:
        raise BadRecord(f"{path}: {error}") from error


def _records(path: Path, lines: list[str]) -> Iterator[Record]:
    for number, line in enumerate(lines, start=1):
        try:
            yield from_json(json.loads(line))
        except ValueError as error:
            if number == len(lines) and not line.endswith("\n"):
                return
            raise BadRecord(f"{path}, line {number} is not a record: {error}") from error


def from_json(found: Any) -> Record:
    """A record from its JSON object. Raises ValueError for a field that is missing, unknown, or of
    another type: "3" and true are no numbers. A whole number will do for seconds."""
    if not isinstance(found, dict):
        raise ValueError("it is not a JSON object")
    unknown = set(found) - _FIELDS
    if unknown:
        raise ValueError(f"unknown fields {', '.join(sorted(unknown))}")
    try:
        return _RECORD.validate_python(found)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{first['loc'][0]}: {first['msg']}") from None
