"""When a run began, beside its records."""

import time
from pathlib import Path

import pytest

from loadgen import began
from loadgen.record import BadRecord, read
from tests.loadgen.stub import Stub, up
from tests.loadgen.test_run import run


def test_a_run_is_placed_in_the_day(tmp_path: Path) -> None:
    path, before = tmp_path / "run.jsonl", time.time()
    with up(Stub(service=0.01)) as stub:
        load = ("--request-rate", "40", "--num-prompts", "5")
        run("--url", stub.url, *load, "--save-result", str(path))
    after = time.time()

    last = max(record.finished or 0.0 for record in read(path))
    assert before - 0.001 <= began.of_run(path)
    assert began.of_run(path) + last <= after + 0.1
    assert began.of_run(path.with_name("run.jsonl.gz")) == began.of_run(path)


def test_without_the_file_it_is_not_known(tmp_path: Path) -> None:
    assert began.of_run(tmp_path / "run.jsonl") is None


@pytest.mark.parametrize("text", ["", "[]", '{"unix": null}', '{"at": 1}', '{"unix": NaN}'])
def test_what_says_no_time_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.began.json").write_text(text)
    with pytest.raises(BadRecord, match=r"run\.began\.json does not say"):
        began.of_run(tmp_path / "run.jsonl")


def test_a_start_that_cannot_be_kept_spoils_no_run(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    began.beside(path).mkdir()
    with up(Stub(service=0.01)) as stub:
        load = ("--request-rate", "40", "--num-prompts", "3")
        done = run("--url", stub.url, *load, "--save-result", str(path))
    assert done.returncode == 0
    assert "run.began.json is not written: " in done.stderr
    assert len(read(path)) == 3


def test_it_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken_off(*_: object) -> None:
        raise OSError("no space")

    path = tmp_path / "run.jsonl"
    began.save(path)
    first = began.beside(path).read_text()
    monkeypatch.setattr(Path, "replace", broken_off)
    with pytest.raises(OSError, match="no space"):
        began.save(path)
    assert began.beside(path).read_text() == first
    assert [each.name for each in tmp_path.iterdir()] == ["run.began.json"]
