"""Where a study goes: on with the one that is not finished, or into today's folder."""

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from evidence import asked, plan
from evidence.asked import Asked, understood, unfinished
from evidence.journal import Entry, Journal
from services.contract.settings import PREFIX

MACHINE: dict[str, Any] = {"processor": "one", "cores": 2, "gpu": None, "settings": {}}
PLAN = plan.read("laptop")
ENDING = "-evidence"


def _study(studies: Path, date: str, *, done: bool, captions: int = 24) -> Path:
    folder = studies / f"{date}{ENDING}"
    folder.mkdir()
    profile = PLAN.profile.model_copy(update={"captions": captions})
    told = plan.told(PLAN.model_copy(update={"profile": profile}))
    stages = Asked(PLAN, folder, str(folder)).stages[: None if done else 3]
    entries = {
        each.name: Entry(each.name, "done", 1.0, 1.0, "2026", records=False) for each in stages
    }
    Journal(folder, told, MACHINE, entries).save()
    return folder


def test_the_newest_unfinished_study_of_the_same_plan_goes_on(tmp_path: Path) -> None:
    _study(tmp_path, "2026-01-01", done=False)
    newest = _study(tmp_path, "2026-01-02", done=False)
    _study(tmp_path, "2026-01-03", done=True)
    _study(tmp_path, "2026-01-04", done=False, captions=7)
    (tmp_path / f"2026-01-05{ENDING}").mkdir()
    assert unfinished(tmp_path, ENDING, PLAN, MACHINE) == newest
    other = MACHINE | {"settings": {"retime": "off"}}
    assert unfinished(tmp_path, ENDING, PLAN, other) is None
    assert unfinished(tmp_path, "-evidence-full", PLAN, MACHINE) is None


def _options(out: Path | None = None) -> argparse.Namespace:
    return argparse.Namespace(full=False, plans=plan.PLANS, out=out, only="")


def test_without_one_it_is_todays_and_a_folder_that_is_named_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asked, "ROOT", tmp_path)
    today = understood(_options(), MACHINE)
    assert today.told.startswith("docs/studies/20")
    assert today.told.endswith(ENDING)
    studies = tmp_path / asked.STUDIES
    studies.mkdir(parents=True)
    begun = _study(studies, "2026-01-02", done=False)
    assert understood(_options(), MACHINE).out == begun
    assert understood(_options(tmp_path / "x"), MACHINE).out == tmp_path / "x"


def test_the_plan_is_cut_to_what_a_worker_advances_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PREFIX + "BATCH_CAP", "2")
    found = understood(_options(tmp_path), MACHINE).plan
    assert (found.calibration.together, found.profile.batches) == ((1, 2), (1, 2))
    assert json.dumps(plan.told(found))
