"""What a study is asked to be, and the folder that it goes into."""

import argparse
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evidence import caps, journal, plan
from evidence.conditions import ROOT
from evidence.journal import OtherPlan
from evidence.plan import Plan
from evidence.stages import Stage
from evidence.stages_live import after, live
from evidence.stages_offline import offline
from services.contract import settings

STUDIES, REPORT = Path("docs/studies"), "docs/report"


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


def understood(options: argparse.Namespace, machine: Mapping[str, Any]) -> Asked:
    """Raises BadPlan or SettingsError."""
    here = settings.load(os.environ)
    read = plan.read("full" if options.full else "laptop", options.plans)
    cut = caps.within(read, here.batch_cap, here.story_batch)
    only = tuple(name.strip() for name in options.only.split(",") if name.strip())
    if options.out:
        return _in(options.out.resolve(), cut, only)
    ending = "-evidence-full" if options.full else "-evidence"
    today = ROOT / STUDIES / f"{datetime.now(UTC).date()}{ending}"
    return _in(unfinished(today.parent, ending, cut, machine) or today, cut, only)


def _in(out: Path, read: Plan, only: tuple[str, ...] = ()) -> Asked:
    told = str(out.relative_to(ROOT)) if out.is_relative_to(ROOT) else str(out)
    return Asked(read, out, told, only)


def unfinished(studies: Path, ending: str, read: Plan, machine: Mapping[str, Any]) -> Path | None:
    """The newest study of this plan and machine that is not all done; by its name, DATE + ending.

    A study that is begun late goes on after midnight.
    """
    files = sorted(studies.glob(f"*{ending}/study.json"), reverse=True)
    return next((each.parent for each in files if _open(each.parent, read, machine)), None)


def _open(out: Path, read: Plan, machine: Mapping[str, Any]) -> bool:
    try:
        book = journal.opened(out, plan.told(read), machine)
    except OtherPlan:
        return False
    return not all(book.done(stage) for stage in _in(out, read).stages)
