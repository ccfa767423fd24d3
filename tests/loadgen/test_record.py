"""Records survive being written, and a file that was cut short loses its last line alone."""

import gzip
import io
import json
from pathlib import Path

import pytest

from loadgen.record import ENDINGS, BadRecord, Record, read, run_name, write

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


LINE = '{"number": 1, "kind": "image", "due": 0.5'


@pytest.mark.parametrize(
    "line",
    [
        '{"number": 9',
        '{"number": 1, "colour": 2}',
        "[]",
        '{"due": 1}',
        LINE.replace("0.5", '"soon"') + "}",
        LINE + ', "levels": null}',
        LINE + ', "levels": [3]}',
        LINE + ', "finished": "late"}',
        LINE + ', "finished": "3"}',
        LINE + ', "finished": true}',
        LINE + ', "attempts": true}',
        LINE + ', "attempts": "1"}',
        LINE + ', "warmup": 1}',
    ],
)
def test_any_other_line_that_is_no_record_is_refused(tmp_path: Path, line: str) -> None:
    path = _file(tmp_path / "run.jsonl", FULL, tail=f"{line}\n")
    with pytest.raises(BadRecord, match="line 2 is not a record"):
        read(path)


def test_a_file_from_before_records_named_the_worker_is_read(tmp_path: Path) -> None:
    old = json.loads(_file(tmp_path / "run.jsonl", FULL).read_text())
    del old["worker"]
    (record,) = read(_file(tmp_path / "old.jsonl", tail=json.dumps(old) + "\n"))
    assert record == FULL
    assert record.worker is None


def test_a_whole_number_of_seconds_needs_no_point(tmp_path: Path) -> None:
    path = _file(tmp_path / "run.jsonl", tail=LINE.replace("0.5", "2") + ', "sent": 3}\n')
    (record,) = read(path)
    assert (record.due, record.sent) == (2.0, 3.0)
    assert isinstance(record.due, float)


def test_a_compressed_file_is_read_as_it_was(tmp_path: Path) -> None:
    plain = _file(tmp_path / "run.jsonl", FULL, tail='{"number": 9, "ki')
    packed = tmp_path / "run.jsonl.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert read(packed) == read(plain) == [FULL]


def test_a_compressed_file_that_is_cut_short_or_none_is_named(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl.gz"
    whole = gzip.compress(_file(tmp_path / "run.jsonl", *[FULL] * 50).read_bytes())
    corrupt = whole[:20] + bytes(byte ^ 0xFF for byte in whole[20:40]) + whole[40:]
    for content in (whole[:-9], whole[: len(whole) // 2], b"text", corrupt):
        path.write_bytes(content)
        with pytest.raises(BadRecord, match=r"run\.jsonl\.gz is not a whole gzip file"):
            read(path)


@pytest.mark.parametrize("packed", [False, True])
def test_what_is_no_text_is_named(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / ("run.jsonl.gz" if packed else "run.jsonl")
    path.write_bytes(gzip.compress(b"\xff\xfe") if packed else b"PAR1\xff\xfe")
    with pytest.raises(BadRecord, match="holds no records: it is not text"):
        read(path)


@pytest.mark.parametrize(
    "name", ["file-0.5-1" + ending for ending in (*ENDINGS, ".part", ".parquet.jsonl")]
)
def test_a_run_is_called_after_its_file(name: str) -> None:
    assert run_name(Path("/tmp") / name) == "file-0.5-1"
