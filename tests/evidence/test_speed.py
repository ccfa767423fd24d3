"""How fast the machine was beside a stage: kept while it runs, read whatever became of it."""

import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from evidence import speed
from evidence.running import Attempt
from evidence.speed import appended, probing, read
from evidence.stages import Command, Session, Stage
from tests.conftest import ROOT
from tests.processes import environment
from tests.waiting import wait_until


def test_the_same_work_is_timed_until_it_is_stopped(tmp_path: Path) -> None:
    before, others = time.time(), set(psutil.Process().children(recursive=True))
    with probing(tmp_path):
        wait_until(lambda: len(read(tmp_path / speed.FILE)) >= 2, "it was timed twice")
    left = set(psutil.Process().children(recursive=True)) - others
    found = read(tmp_path / speed.FILE)

    assert not left
    assert [at for at, _ in found] == sorted(at for at, _ in found)
    assert before - 0.01 <= found[0][0] <= time.time()
    assert all(0 < seconds < 1 for _, seconds in found)
    assert (tmp_path / speed.FILE).read_bytes().startswith(speed.HEADER)


STUDY = """
import sys
from pathlib import Path
from evidence.running import Attempt
from evidence.stages import Command, Session, Stage
stays = "import time; time.sleep(60)"
stage = Stage("a", (Session((Command(("-c", stays)),)),))
Attempt(Path(sys.argv[1]), sys.argv[1], lambda _: None).run(stage)
"""


@pytest.fixture
def study(tmp_path: Path) -> Iterator[psutil.Process]:
    """Who runs a stage of one command, which lasts a minute."""
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(STUDY), str(tmp_path)], cwd=ROOT, env=environment()
    )
    seen = psutil.Process(process.pid)
    wait_until(lambda: len(seen.children()) == 2, "it has a probe and its stage's command")
    children = seen.children()
    yield seen
    for each in (seen, *children):
        if each.is_running():
            each.kill()
    process.wait(20)


def _ended(process: psutil.Process) -> bool:
    """One that nobody waits for stays as a zombie."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_the_probe_of_what_was_killed_ends_though_its_stages_command_goes_on(
    study: psutil.Process, tmp_path: Path
) -> None:
    wait_until(lambda: bool(read(tmp_path / "a" / speed.FILE)), "it was timed")
    both = study.children()
    (probe,) = (each for each in both if "evidence.probe" in each.cmdline())
    (command,) = (each for each in both if each != probe)
    study.kill()
    wait_until(lambda: _ended(probe), "the probe has ended")
    assert not _ended(command)


def test_without_a_probe_a_stage_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed.sys, "executable", "/no/python")
    with probing(tmp_path):
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
    start = "from pathlib import Path; from tests.waiting import wait_until; "
    command = Command(("-c", f"{start}F = Path({str(out / 'a')!r}); {code}"))
    stage = Stage("a", (Session((command,)),), derived=derived)
    Attempt(out, str(out), lambda _: None).run(stage)
    return {each.name for each in out.rglob("*")}


TIMED = "wait_until((F / 'speed.csv').exists, 'the machine is timed')"


def test_a_stage_that_measures_is_probed_and_one_that_computes_from_records_is_not(
    tmp_path: Path,
) -> None:
    left = {"a", "result", speed.FILE}
    assert _played(tmp_path, f"(F / 'result').touch(); {TIMED}", derived=False) == left
    assert _played(tmp_path / "other", "(F / 'result').touch()", derived=True) == {"a", "result"}


def test_the_speed_alone_is_no_result(tmp_path: Path) -> None:
    assert _played(tmp_path, TIMED, derived=False) == set()
