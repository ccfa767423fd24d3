"""Records as Parquet: typed columns, nulls kept, and the same records again."""

import sys
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet as arrow

from loadgen import parquet
from loadgen.record import BadRecord, Record, read

RECORDS = [
    Record(3, "image", 1.5, sent=1.6, levels=("quality", "fast"), status="succeeded", warmup=True),
    Record(4, "story", 2.0, http_status=429, error="the queue is full — später", bytes=2**40),
]


def saved(path: Path, records: list[Record] = RECORDS) -> Path:
    parquet.write(path, Record, records)
    return path


def test_records_come_back_as_they_were(tmp_path: Path) -> None:
    assert read(saved(tmp_path / "run.parquet")) == RECORDS
    assert read(saved(tmp_path / "none.parquet", [])) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["none.parquet", "run.parquet"]


def test_another_reader_finds_typed_columns_with_their_nulls(tmp_path: Path) -> None:
    table = arrow.read_table(saved(tmp_path / "run.parquet"))
    types = {field.name: field.type for field in table.schema}
    assert types["levels"].equals(pa.list_(pa.string()))
    assert (types["number"], types["due"], types["warmup"]) == (
        pa.int64(),
        pa.float64(),
        pa.bool_(),
    )
    assert table["sent"].to_pylist() == [1.6, None]
    assert table["levels"].to_pylist() == [["quality", "fast"], []]
    nullable = {field.name for field in table.schema if field.nullable}
    assert {"sent", "error", "level", "eta"} <= nullable
    assert nullable.isdisjoint({"number", "kind", "due", "status", "levels", "warmup"})


def test_a_file_that_is_cut_short_or_none_is_named(tmp_path: Path) -> None:
    path = saved(tmp_path / "run.parquet")
    whole = path.read_bytes()
    for content in (whole[:-20], whole[:30], b"", b'{"number": 1}\n'):
        path.write_bytes(content)
        with pytest.raises(BadRecord, match=r"run\.parquet: it is not a whole Parquet file"):
            read(path)


def test_a_table_of_something_else_is_named(tmp_path: Path) -> None:
    path = tmp_path / "run.parquet"
    arrow.write_table(pa.table({"colour": ["red"]}), path)
    with pytest.raises(BadRecord, match="unknown fields colour"):
        read(path)


def test_a_column_of_another_type_is_named(tmp_path: Path) -> None:
    path = saved(tmp_path / "run.parquet")
    table = arrow.read_table(path)
    at = table.schema.get_field_index("attempts")
    arrow.write_table(table.set_column(at, "attempts", pa.array(["1", "1"])), path)
    with pytest.raises(BadRecord, match="attempts: Input should be a valid integer"):
        read(path)


def test_without_pyarrow_it_is_said_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path / "run.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(BadRecord, match="pip install pyarrow"):
        read(path)
    with pytest.raises(parquet.Unreadable, match="pip install pyarrow"):
        saved(tmp_path / "other.parquet")
