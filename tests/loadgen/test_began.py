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


@pytest.mark.parametrize("text", ["", "[]", '{"unix": null}', '{"at": 1}'])
def test_what_says_no_time_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.began.json").write_text(text)
    with pytest.raises(BadRecord, match=r"run\.began\.json does not say"):
        began.of_run(tmp_path / "run.jsonl")
