"""Planted records of both rules of dispatch, whose figures can be counted by hand."""

import json
from dataclasses import asdict
from pathlib import Path

from evidence.report import study
from evidence.report.sources import dispatch
from evidence.report.sources.rules import Dispatch
from loadgen.record import Record
from tests.evidence.report import studies

ONE, OTHER = "image-worker-1", "image-worker-2"


def begun(number: int, started: float, finished: float, worker: str | None) -> Record:
    """Due when it was begun."""
    return studies.record(number, started, finished - started, started=started, worker=worker)


def plant(folder: Path) -> None:
    """Two repeats a rule in balanced order. Under shared every second pair of pictures shares a
    worker, under jsq none does, and all are a quarter second shorter."""
    studies.profiled(folder)
    told = {"plan": {"dispatch": {"workers": 2}}, "stages": {}}
    studies.write(folder, "study.json", told)
    at = {("shared", 1): 1.0, ("jsq", 1): 2.0, ("jsq", 2): 3.0, ("shared", 2): 4.0}
    for (rule, repeat), unix in at.items():
        path = folder / "dispatch" / rule / f"fixed_even-1-{repeat}.jsonl"
        studies.records(path, _paired(rule, repeat))
        studies.write(path.parent, f"fixed_even-1-{repeat}.began.json", {"unix": unix})


def _paired(rule: str, repeat: int) -> list[Record]:
    """A pair of pictures every 4 s, the second a tenth after the first."""
    found = []
    for pair in range(20):
        together = rule == "shared" and pair % 2 == 0
        seconds = 1.0 + 0.1 * (pair % 3) + 0.5 * repeat - (0.25 if rule == "jsq" else 0.0)
        for place, worker in enumerate((ONE, ONE if together else OTHER)):
            start = 4.0 * pair + 0.1 * place
            found.append(begun(2 * pair + place, start, start + seconds, worker))
    return found


def loaded(folder: Path) -> Dispatch:
    found = dispatch.load(study.read(folder))
    assert found is not None
    return found


def unname(folder: Path, rule: str) -> None:
    """As in records from before they named the worker."""
    for repeat in (1, 2):
        lines = [asdict(each) for each in _paired(rule, repeat)]
        told = [{key: value for key, value in line.items() if key != "worker"} for line in lines]
        path = folder / "dispatch" / rule / f"fixed_even-1-{repeat}.jsonl"
        path.write_text("".join(json.dumps(line) + "\n" for line in told))
