"""Records survive being written, and a file that was cut short loses its last line alone."""

import io
from pathlib import Path

import pytest

from loadgen.record import BadRecord, Record, read, write

FULL = Record(3, "image", 1.5, sent=1.6, levels=("quality", "fast"), status="succeeded")


def _file(path: Path, *records: Record, tail: str = "") -> Path:
    text = io.StringIO()
    for record in records:
        write(text, record)
    path.write_text(text.getvalue() + tail)
    return path


def test_what_was_written_is_read(tmp_path: Path) -> None:
    records = [FULL, Record(4, "story", 2.0)]
    assert read(_file(tmp_path / "run.jsonl", *records)) == records


def test_a_last_line_cut_short_is_left_out(tmp_path: Path) -> None:
    assert read(_file(tmp_path / "run.jsonl", FULL, tail='{"number": 9, "ki')) == [FULL]


@pytest.mark.parametrize("line", ['{"number": 9', '{"number": 1, "colour": 2}', "[]", '{"due": 1}'])
def test_any_other_line_that_is_no_record_is_refused(tmp_path: Path, line: str) -> None:
    path = _file(tmp_path / "run.jsonl", FULL, tail=f"{line}\n")
    with pytest.raises(BadRecord, match="line 2 is not a record"):
        read(path)
