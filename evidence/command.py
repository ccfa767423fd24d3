"""`run`: the whole study, stage by stage, into one folder of records, and the report from them.

Called again it goes on: stages that are done are skipped. Ctrl-C keeps what is done, and of sweeps
and profiles what is measured. A stage that fails says which command failed; those that need it are
left out, the others go on.
"""

import argparse
import shutil
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from evidence import conditions, journal, plan
from evidence.asked import understood
from evidence.display import Display
from evidence.journal import Entry, Journal, Status, claimed, timestamp
from evidence.running import Attempt, StageFailed
from evidence.stages import Stage, chosen

INTERRUPTED = 130


def add(subparsers: Any) -> None:
    """Register the command; `run(options)` prints what it does and returns it for JSON."""
    parser = subparsers.add_parser(
        "run",
        help="the whole study, and the report from it",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--full", action="store_true", help="the plan for a machine with a GPU")
    parser.add_argument(
        "--out",
        type=Path,
        help="folder (the newest unfinished study, else docs/studies/DATE-evidence)",
    )
    parser.add_argument(
        "--only", default="", metavar="STAGE,…", help="these stages alone, such as live,validation"
    )
    parser.add_argument(
        "--plans", type=Path, default=plan.PLANS, help="a file like evidence/study.toml"
    )
    parser.add_argument("--json", action="store_true", help="the last line is one JSON object")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Raises BadPlan, OtherPlan, NotReached or SettingsError before anything is run."""
    machine = conditions.machine()
    asked = understood(options, machine)
    book = journal.opened(asked.out, plan.told(asked.plan), machine)
    stages = asked.stages
    done = {stage.name for stage in stages if book.done(stage)}
    wanted = chosen(stages, asked.only, done)
    with claimed(asked.out):
        book.save()
        shutil.copyfile(plan.LADDER, asked.out / "policy.toml")
        _heed_signals()
        status = play(wanted, book, asked.told, Display())
    return {"out": asked.told, "status": status, "stages": _statuses(book)}


def play(stages: Sequence[Stage], book: Journal, told: str, display: Display) -> int:
    """Run those that are not done, in their order: 0, 1 if one failed, 130 if it was interrupted.

    A stage is left out where one that it needs has not come to its end.
    """
    display.plan(stages, book)
    lacking: set[str] = set()
    for stage in stages:
        if book.done(stage):
            continue
        if failed := [name for name in stage.needs if name in lacking]:
            lacking.add(stage.name)
            display.left_out(stage, failed)
            continue
        entry = _attempted(stage, book, told, display)
        if entry.status == "interrupted":
            return INTERRUPTED
        if entry.status == "failed":
            lacking.add(stage.name)
    display.summary(book)
    return 1 if lacking else 0


def _attempted(stage: Stage, book: Journal, told: str, display: Display) -> Entry:
    since, before = time.monotonic(), conditions.now()
    with display.stage(stage) as line:
        attempt = Attempt(book.folder, told, line)
        status, error = _status(attempt, stage)
    entry = Entry(
        name=stage.name,
        status=status,
        seconds=round(book.spent(stage) + time.monotonic() - since, 1),
        minutes_expected=stage.minutes,
        finished=timestamp(),
        commands=tuple(attempt.commands),
        conditions=before,
        error=error,
        records=(book.folder / stage.name).is_dir(),
    )
    book.add(entry)
    display.ended(entry)
    return entry


def _status(attempt: Attempt, stage: Stage) -> tuple[Status, str | None]:
    try:
        attempt.run(stage)
    except StageFailed as error:
        return "failed", str(error)
    except KeyboardInterrupt:
        return "interrupted", None
    return "done", None


def _statuses(book: Journal) -> dict[str, dict[str, Any]]:
    return {
        name: {"status": entry.status, "seconds": entry.seconds}
        for name, entry in book.entries.items()
    }


def _heed_signals() -> None:
    """A closed terminal and SIGTERM stop it as Ctrl-C does; nohup's SIGHUP is ignored as before."""
    signal.signal(signal.SIGTERM, _interrupt)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signal.signal(signal.SIGHUP, _interrupt)


def _interrupt(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt
