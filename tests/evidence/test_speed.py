"""How fast the machine was beside a stage: kept while it runs, read whatever became of it."""

import time
from pathlib import Path

import psutil
import pytest

from evidence import speed
from evidence.running import Attempt
from evidence.speed import appended, probed, read
from evidence.stages import Command, Session, Stage
from tests.waiting import wait_until


def test_the_same_work_is_timed_until_it_is_stopped(tmp_path: Path) -> None:
    before, others = time.time(), set(psutil.Process().children(recursive=True))
    with probed(tmp_path):
        wait_until(lambda: len(read(tmp_path / speed.FILE)) >= 2, "it was timed twice")
    left = set(psutil.Process().children(recursive=True)) - others
    found = read(tmp_path / speed.FILE)

    assert not left
    assert [at for at, _ in found] == sorted(at for at, _ in found)
    assert before - 0.01 <= found[0][0] <= time.time()
    assert all(0 < seconds < 1 for _, seconds in found)
    assert (tmp_path / speed.FILE).read_bytes().startswith(speed.HEADER)


def test_the_probe_of_what_was_killed_ends_by_itself(tmp_path: Path) -> None:
    probe = speed._started(tmp_path / speed.FILE)
    assert probe is not None
    assert probe.stdin is not None
    wait_until(lambda: bool(read(tmp_path / speed.FILE)), "it was timed")
    # As the end of who started it does.
    probe.stdin.close()
    assert probe.wait(20) == 0


def test_without_a_probe_a_stage_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed.sys, "executable", "/no/python")
    with probed(tmp_path):
        (tmp_path / "result").touch()
    assert [each.name for each in tmp_path.iterdir()] == ["result"]


def test_what_a_crash_cut_short_is_left_out_and_taken_away(tmp_path: Path) -> None:
    path = tmp_path / speed.FILE
    path.write_bytes(speed.HEADER + b"1000.00,0.002000\nnonsense\n1001.00,nan\n1000.50,0.0")

    assert read(path) == [(1000.0, 0.002)]
    with appended(path) as file:
        file.write(b"1002.00,0.003000\n")
    assert read(path) == [(1000.0, 0.002), (1002.0, 0.003)]
    assert path.read_bytes().count(speed.HEADER) == 1


def test_without_a_file_nothing_is_known(tmp_path: Path) -> None:
    assert read(tmp_path / speed.FILE) == []


def _played(out: Path, code: str, *, derived: bool) -> set[str]:
    """What a stage of one command leaves."""
    command = Command(("-c", f"from pathlib import Path; F = Path({str(out / 'a')!r}); {code}"))
    stage = Stage("a", (Session((command,)),), derived=derived)
    Attempt(out, str(out), lambda _: None).run(stage)
    return {each.name for each in out.rglob("*")}


TIMED = (
    "import time; (F / 'result').touch()\nwhile not (F / 'speed.csv').exists(): time.sleep(0.01)"
)


def test_a_stage_that_measures_is_probed_and_one_that_computes_from_records_is_not(
    tmp_path: Path,
) -> None:
    assert _played(tmp_path, TIMED, derived=False) == {"a", "result", speed.FILE}
    assert _played(tmp_path / "other", "(F / 'result').touch()", derived=True) == {"a", "result"}


def test_the_speed_alone_is_no_result(tmp_path: Path) -> None:
    left = "import time\nwhile not (F / 'speed.csv').exists(): time.sleep(0.01)"
    assert _played(tmp_path, left, derived=False) == set()
