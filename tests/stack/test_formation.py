"""How many processes of each kind are started."""

import subprocess
import sys
from pathlib import Path

import pytest

from stack.formation import BadFormation, parse, processes, written
from tests.conftest import ROOT
from tests.processes import environment

KINDS = {"gateway": "run gateway", "image-worker": "run images"}


def test_counts_are_read_and_written_back() -> None:
    assert parse("image-worker=2, story-worker=1") == {"image-worker": 2, "story-worker": 1}
    assert parse("") == {}
    assert parse(written({"image-worker": 2, "gateway": 0})) == {"image-worker": 2, "gateway": 0}


@pytest.mark.parametrize(
    "text", ["image-worker", "image-worker=two", "image-worker=-1", "a=1,a=2", "a=1.5"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(BadFormation, match="image-worker=2"):
        parse(text)


def test_without_a_formation_there_is_one_of_each_under_its_own_name() -> None:
    assert list(processes(KINDS, {})) == list(KINDS.items())


def test_several_of_a_kind_are_numbered_and_none_is_left_out() -> None:
    found = list(processes(KINDS, {"image-worker": 2, "gateway": 0}))
    assert found == [("image-worker.1", "run images"), ("image-worker.2", "run images")]


def test_a_kind_that_the_procfile_has_not_is_named_with_those_it_has() -> None:
    with pytest.raises(BadFormation, match=r"'painter'.*gateway, image-worker"):
        list(processes(KINDS, {"painter": 2}))


@pytest.mark.parametrize("written_wrong", ["painter=2", "image-worker"])
def test_the_command_refuses_before_it_starts_anything(tmp_path: Path, written_wrong: str) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "stack", "up", "--formation", written_wrong],
        cwd=ROOT,
        env=environment(home=tmp_path),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert answer.returncode == 2
    assert "--formation" in answer.stderr
    assert not list(tmp_path.iterdir())
