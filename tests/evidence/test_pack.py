"""Records are packed without loss, and once."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

from evidence.pack import pack
from loadgen.record import Record, read, write
from tests.conftest import ROOT


def test_records_are_the_same_afterwards_and_other_files_are_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "live"
    folder.mkdir()
    path, other = folder / "fixed_a-1-1.jsonl", folder / "load.json"
    with path.open("w") as file:
        for number in range(3):
            write(file, Record(number, "image", due=float(number)))
    before = read(path)
    other.write_text("{}")
    (packed,) = pack(tmp_path)
    assert read(packed) == before
    assert {each.name for each in folder.iterdir()} == {packed.name, "load.json"}
    assert pack(tmp_path) == []
    assert packed.exists()


def test_equal_records_give_equal_files(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.jsonl").write_text("{}\n")
    first, second = (path.read_bytes() for path in pack(tmp_path))
    assert first == second
    assert gzip.decompress(first) == b"{}\n"


def test_the_command_says_what_it_packed(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("{}\n")
    command = [sys.executable, "-m", "evidence", "pack", "--json"]
    done = subprocess.run(
        [*command, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout.splitlines()[-1]) == {"packed": ["a.jsonl.gz"]}
    refused = subprocess.run(
        [*command, str(tmp_path / "x")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert refused.returncode == 2
    assert "no folder" in refused.stderr
