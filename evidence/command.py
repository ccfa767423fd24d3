"""`run`: the whole study, stage by stage, into one folder of records, and the report from them.

Called again it goes on: stages that are done are skipped. Ctrl-C keeps what is done, and of sweeps
and profiles what is measured. A stage that fails says which command failed; those that need it are
left out, the others go on.
"""

import argparse
import os
import shutil
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from evidence import conditions, journal, plan
from evidence.conditions import ROOT
from evidence.display import Display
from evidence.journal import Entry, Journal, Status, claimed, timestamp
from evidence.plan import Plan
from evidence.running import Attempt, StageFailed
from evidence.stages import Stage, chosen
from evidence.stages_live import after, live
from evidence.stages_offline import offline
from services.contract import settings

STUDIES, REPORT = Path("docs/studies"), "docs/report"
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
    parser.add_argument("--out", type=Path, help="folder (docs/studies/DATE-evidence)")
    parser.add_argument(
        "--only", default="", metavar="STAGE,…", help="these stages alone, such as live,validation"
    )
    parser.add_argument(
        "--plans", type=Path, default=plan.PLANS, help="a file like evidence/study.toml"
    )
    parser.add_argument("--json", action="store_true", help="the last line is one JSON object")
    parser.set_defaults(run=run)


@dataclass(frozen=True)
class Asked:
    """What is to be done: `told` is how commands name the folder `out`."""

    plan: Plan
    out: Path
    told: str
    only: tuple[str, ...] = ()

    @property
    def stages(self) -> list[Stage]:
        """All of the plan, in their order."""
        measured = [*offline(self.plan, self.told), *live(self.plan, self.told)]
        names = [stage.name for stage in measured]
        return [*measured, *after(self.plan, self.told, self._report, names)]

    @property
    def _report(self) -> str:
        """The project's, of a study that it keeps; else one in the study's folder."""
        kept = self.told.startswith(f"{STUDIES}/")
        return REPORT if kept else f"{self.told}/report"


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Raises BadPlan, OtherPlan, NotReached or SettingsError before anything is run."""
    settings.load(os.environ)
    asked = _asked(options)
    book = journal.opened(asked.out, plan.told(asked.plan), conditions.machine())
    stages = asked.stages
    done = {stage.name for stage in stages if book.done(stage)}
    wanted = chosen(stages, asked.only, done)
    with claimed(asked.out):
        book.save()
        shutil.copyfile(plan.LADDER, asked.out / "policy.toml")
        signal.signal(signal.SIGTERM, _interrupt)
        status = play(wanted, book, asked.told, Display())
    return {"out": asked.told, "status": status, "stages": _statuses(book)}


def _asked(options: argparse.Namespace) -> Asked:
    read = plan.read("full" if options.full else "laptop", options.plans)
    out = (options.out or _usual(full=options.full)).resolve()
    told = str(out.relative_to(ROOT)) if out.is_relative_to(ROOT) else str(out)
    only = tuple(name.strip() for name in options.only.split(",") if name.strip())
    return Asked(read, out, told, only)


def _usual(*, full: bool) -> Path:
    name = f"{datetime.now(UTC).date()}-evidence"
    return ROOT / STUDIES / (f"{name}-full" if full else name)


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


def _interrupt(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt
