"""A study of tiny stages, real processes: resumed, failing, interrupted, refused."""

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from evidence import journal
from evidence.command import INTERRUPTED, play
from evidence.display import Display
from evidence.journal import Journal, OtherPlan
from evidence.rates import Loads
from evidence.stages import Command, Session, Stage
from tests.conftest import ROOT
from tests.processes import environment
from tests.waiting import wait_until

PLAN = {"live": {"seconds": 5.0}}
MACHINE = {"processor": "one", "cores": 2}


def _stage(out: Path, name: str, code: str, *needs: str, derived: bool = False) -> Stage:
    """A stage that runs Python code, with F the stage's folder, and notes that it ran."""
    start = f"from pathlib import Path; F = Path({str(out / name)!r}); "
    note = "n = F / 'times'; n.write_text(n.read_text() + 'x' if n.exists() else 'x'); "
    command = Command(("-c", start + note + code), {"SAID": "hello"})
    return Stage(name, (Session((command,)),), needs, 1.0, derived)


@pytest.fixture
def book(tmp_path: Path) -> Journal:
    """A new study."""
    (tmp_path / "study").mkdir()
    return journal.opened(tmp_path / "study", PLAN, MACHINE)


def _again(book: Journal) -> Journal:
    """As another call finds it."""
    return journal.opened(book.folder, PLAN, MACHINE)


def _play(book: Journal, *stages: Stage) -> int:
    return play(stages, book, str(book.folder), Display())


def _times(book: Journal, name: str) -> int:
    """How often a stage was begun."""
    note = book.folder / name / "times"
    return len(note.read_text()) if note.exists() else 0


def test_a_study_tells_what_was_run_and_a_second_call_runs_nothing(book: Journal) -> None:
    stages = [_stage(book.folder, "a", "print('a')"), _stage(book.folder, "b", "0", "a")]
    assert _play(book, *stages) == 0
    told = json.loads((book.folder / "study.json").read_text())
    assert (told["plan"], told["machine"]) == (PLAN, MACHINE)
    first = told["stages"][0]
    assert (first["name"], first["status"], first["minutes_expected"]) == ("a", "done", 1.0)
    assert {"started", "load_average", "commit"} <= set(first["conditions"])
    assert first["seconds"] > 0
    assert first["commands"][0].startswith("SAID=hello python -c")
    assert str(book.folder) not in first["commands"][0]

    assert _play(_again(book), *stages) == 0
    assert [_times(book, name) for name in "ab"] == [1, 1]


def test_a_stage_without_its_folder_is_done_anew(book: Journal) -> None:
    stage = _stage(book.folder, "a", "0")
    assert _play(book, stage) == 0
    shutil.rmtree(book.folder / "a")
    assert _play(_again(book), stage) == 0
    assert _times(book, "a") == 1


def test_what_is_derived_follows_what_it_is_derived_from(book: Journal) -> None:
    first, second = _stage(book.folder, "a", "0"), _stage(book.folder, "b", "0", "a", derived=True)
    measured = _stage(book.folder, "c", "0", "a")
    assert _play(book, first, second, measured) == 0
    shutil.rmtree(book.folder / "a")
    assert _play(_again(book), first, second, measured) == 0
    assert [_times(book, name) for name in "abc"] == [1, 2, 1]


def test_a_failure_is_told_and_only_those_that_need_it_are_left_out(
    book: Journal, capsys: pytest.CaptureFixture[str]
) -> None:
    breaks = _stage(book.folder, "breaks", "print('so it went'); raise SystemExit(3)")
    stages = [
        breaks,
        _stage(book.folder, "needs-it", "0", "breaks"),
        _stage(book.folder, "needs-that", "0", "needs-it"),
        _stage(book.folder, "apart", "0"),
    ]
    assert _play(book, *stages) == 1
    assert [_times(book, stage.name) for stage in stages] == [1, 0, 0, 1]
    entry = book.entries["breaks"]
    assert entry.status == "failed"
    assert all(said in entry.error for said in ("exit status 3", "python -c", "so it went"))
    shown = capsys.readouterr().err
    assert "so it went" in shown
    assert "needs-that: left out, it needs needs-it" in shown

    mended, again = _stage(book.folder, "breaks", "0"), _again(book)
    again.entries["breaks"] = replace(entry, seconds=100.0)
    assert _play(again, mended, *stages[1:]) == 0
    assert again.entries["breaks"].seconds >= 100.0
    assert [_times(book, stage.name) for stage in stages] == [2, 1, 1, 1]
    assert not (book.folder / "breaks.log").exists()


def test_only_the_commands_until_the_failure_are_run(book: Journal) -> None:
    (good,) = _stage(book.folder, "a", "0").sessions[0].commands
    bad = Command(("-c", "raise SystemExit(1)"))
    assert _play(book, Stage("a", (Session((good, bad, good)),))) == 1
    assert _times(book, "a") == 1
    assert len(book.entries["a"].commands) == 2


def test_a_command_that_needs_a_profile_fails_without_one(book: Journal) -> None:
    command = Command(("-c", "0", Loads("best", (1.0,), 5.0)))
    assert _play(book, Stage("a", (Session((command,)),))) == 1
    assert "profile.json" in book.entries["a"].error


PLAYED = """
import sys
from pathlib import Path
from evidence import command, journal
from evidence.display import Display
from evidence.stages import Command, Session, Stage
out = Path(sys.argv[1])
slow = "import signal, sys, time; from pathlib import Path; F = Path(sys.argv[1]);\\n" \\
    "(F / 'begun').touch()\\ntry: time.sleep(60)\\nexcept KeyboardInterrupt: (F / 'asked').touch()"
stages = [
    Stage("first", (Session((Command(("-c", "pass")),)),)),
    Stage("slow", (Session((Command(("-c", slow, str(out / "slow"))),)),)),
    Stage("after", (Session((Command(("-c", "pass")),)),)),
]
command._heed_signals()
out.mkdir()
book = journal.opened(out, {}, {})
raise SystemExit(command.play(stages, book, str(out), Display()))
"""


@pytest.fixture
def playing(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """A study whose second stage takes a minute, once that stage has begun."""
    out = tmp_path / "study"
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(PLAYED), str(out)], cwd=ROOT, env=environment()
    )
    wait_until((out / "slow" / "begun").exists, "the second stage has begun")
    yield process, out
    if process.poll() is None:
        process.kill()
        process.wait(10)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted_it_stops_its_command_and_keeps_what_is_done(
    playing: tuple[subprocess.Popen[bytes], Path], number: signal.Signals
) -> None:
    process, out = playing
    os.kill(process.pid, number)
    assert process.wait(20) == INTERRUPTED
    assert (out / "slow" / "asked").exists()
    told = json.loads((out / "study.json").read_text())["stages"]
    assert [(each["name"], each["status"]) for each in told] == [
        ("first", "done"),
        ("slow", "interrupted"),
    ]


def test_a_study_of_another_plan_is_refused_with_what_differs(book: Journal) -> None:
    book.save()
    with pytest.raises(OtherPlan, match=r"live\.seconds was 5\.0 and is 6\.0.*another --out"):
        journal.opened(book.folder, {"live": {"seconds": 6.0}}, MACHINE)
    with pytest.raises(OtherPlan, match="processor was 'one' and is 'two'"):
        journal.opened(book.folder, PLAN, {"processor": "two", "cores": 2})


def test_a_folder_that_holds_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "novel.txt").touch()
    with pytest.raises(OtherPlan, match="no study"):
        journal.opened(tmp_path, PLAN, MACHINE)
    (tmp_path / "study.json").write_text("{}")
    with pytest.raises(OtherPlan, match=r"study\.json is no study's"):
        journal.opened(tmp_path, PLAN, MACHINE)


def test_two_calls_do_not_work_on_one_study(book: Journal) -> None:
    book.save()
    with (
        journal.claimed(book.folder),
        pytest.raises(OtherPlan, match="another call"),
        journal.claimed(book.folder),
    ):
        pytest.fail("both have it")
    with journal.claimed(book.folder):
        assert (book.folder / "study.json").exists()


def _evidence(*options: str, **settings: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "evidence", *options],
        cwd=ROOT,
        env=environment(**settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_command_refuses_before_it_leaves_anything(tmp_path: Path) -> None:
    out = tmp_path / "study"
    answer = _evidence("run", "--out", str(out), "--only", "live")
    assert (answer.returncode, answer.stderr) == (
        2,
        "live needs profile, optimal, not done yet: name them in --only too\n",
    )
    assert not out.exists()


def test_the_command_names_a_wrong_setting(tmp_path: Path) -> None:
    answer = _evidence("run", "--out", str(tmp_path / "study"), device="tpu")
    assert answer.returncode == 2
    assert "STORYTELLER_DEVICE" in answer.stderr
