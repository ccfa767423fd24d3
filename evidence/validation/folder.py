"""The folder of a study, read."""

import csv
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from evidence.validation import loops, solved
from evidence.validation.accepted import with_earlier
from evidence.validation.intervals import Floats
from evidence.validation.probed import BEFORE, began_at, with_probes
from evidence.validation.recorded import recorded
from evidence.validation.study import QUEUE_CAPACITY, BadStudy, Run, Study
from evidence.validation.tabled import with_table
from loadgen import level_changes, policies, record
from loadgen.intensity import BadLoad
from loadgen.level_changes import Change
from loadgen.policies import Policy as Asked
from loadgen.record import BadRecord
from services.contract import policy, profile
from services.contract.policy import Policy
from services.contract.profile import Profile
from services.contract.rules import Slo, check

LEAST_ANSWERED = 2
"""Of which a figure can be made"""


def load(folder: Path, slo: Slo | None = None) -> Study:
    """The study in a folder; `slo` in place of the one that it says it has.

    Raises BadStudy, PolicyError or ProfileError where there is nothing to validate or to predict
    with. Runs that cannot be read are skipped.
    """
    if not (folder / "live").is_dir():
        raise BadStudy(f"{folder} holds no runs: there is no folder live/ of a loadgen sweep in it")
    ladder, measured = policy.load(folder / "policy.toml"), _profile(folder)
    for name in ladder.names:
        measured.cost(name, "images")
    skipped: dict[str, str] = {}
    runs = _runs(folder / "live", ladder, skipped)
    if not runs:
        raise BadStudy(f"{folder / 'live'} holds no run that can be read{_told(skipped)}")
    told = _told_by(folder)
    study = Study(
        policy=ladder,
        profile=measured,
        slo=slo or _slo(told, runs, ladder),
        runs=with_earlier(runs, folder / "live", skipped),
        calibration=_runs(folder / BEFORE, ladder, skipped),
        loops=loops.read(folder, skipped),
        captions=_captions(folder / "profile" / "quality.csv", ladder.names),
        skipped=skipped,
        capacity=int(told.get("queue_capacity", QUEUE_CAPACITY)),
        workers=int((told.get("live") or {}).get("workers", 1)),
        solved=solved.read(folder, skipped),
    )
    return with_probes(study, folder, skipped)


def _profile(folder: Path) -> Profile:
    return profile.load(folder / "profile" / "profile.json")


def _told(skipped: Mapping[str, str]) -> str:
    return "".join(f"; {name}: {why}" for name, why in skipped.items())


def _told_by(folder: Path) -> Mapping[str, Any]:
    """The plan in study.json; nothing where there is none. Raises BadStudy."""
    path = folder / "study.json"
    if not path.exists():
        return {}
    try:
        return dict(json.loads(path.read_text()).get("plan") or {})
    except (AttributeError, TypeError, ValueError) as error:
        raise BadStudy(f"{path} is not a study's: {error!r}") from error


def _slo(told: Mapping[str, Any], runs: tuple[Run, ...], ladder: Policy) -> Slo | None:
    """That of the plan, else of a policy that was run, else of policy.toml."""
    if told.get("slo"):
        return Slo.model_validate(told["slo"])
    asked = (run.policy.rules.slo for run in runs if run.policy.rules)
    return next((slo for slo in asked if slo), ladder.rules_of("images").slo)


def _runs(folder: Path, ladder: Policy, skipped: dict[str, str]) -> tuple[Run, ...]:
    """By policy and rate; what is none is added to `skipped`."""
    found = []
    for path in recorded(folder):
        try:
            run = with_table(run_of(path, ladder.names), path, ladder)
            _check(run, ladder.names)
        except (ValueError, OSError) as error:
            skipped[f"{folder.name}/{path.name}"] = str(error)
        else:
            found.append(replace(run, began=began_at(path, folder.parent, skipped)))
    return tuple(sorted(found, key=lambda run: (run.policy.slug, run.rate, run.repeat)))


def _check(run: Run, levels: tuple[str, ...]) -> None:
    """Raise BadRecord for a run that says nothing of this ladder."""
    done = [each for each in run.ordered if each.status == record.SUCCEEDED and not each.warmup]
    if len(done) < LEAST_ANSWERED:
        raise BadRecord(f"{len(done)} pictures were answered: there must be {LEAST_ANSWERED}")
    other = {level for each in done for level in each.levels or (each.level,)} - set(levels)
    if other:
        raise BadRecord(f"it has levels that the ladder has not: {', '.join(map(str, other))}")


def run_of(path: Path, levels: tuple[str, ...]) -> Run:
    """The run in a file that a sweep has named POLICY-RATE-REPEAT. Raises BadLoad, BadRecord or
    BadRules."""
    name = record.run_name(path)
    try:
        slug, rate, repeat = name.rsplit("-", 2)
        numbers = float(rate), int(repeat)
    except ValueError:
        raise BadLoad(f"{path.name} is not named POLICY-RATE-REPEAT, as a sweep names it") from None
    asked, records = policy_of(slug, levels), tuple(record.read(path))
    if asked.rules is not None:
        check(asked.rules, levels)
    return Run(name, asked, *numbers, records, _changes(path))


def policy_of(slug: str, levels: tuple[str, ...]) -> Asked:
    """The policy that a file is named for. Raises BadLoad."""
    kind, _, numbers = slug.partition("_")
    texts = ["file", *(f"fixed:{level}" for level in levels)]
    if re.fullmatch(r"\d+(_\d+)*", numbers):
        texts.append(f"{kind}:{numbers.replace('_', ',')}")
    if kind != "fixed":
        texts.append(f"{kind}:{numbers}")
    for text in texts:
        try:
            found = policies.policy(text)
        except BadLoad:
            continue
        if found.slug == slug:
            return found
    raise BadLoad(f"{slug} names no policy of a ladder of {', '.join(levels)}")


def _changes(run: Path) -> tuple[Change, ...] | None:
    path = level_changes.beside(run)
    return tuple(level_changes.load(path)) if path.exists() else None


def _captions(path: Path, levels: tuple[str, ...]) -> dict[str, Floats]:
    """Empty unless every level was judged by pictures of the same captions."""
    if not path.exists():
        return {}
    try:
        lines = csv.DictReader(path.read_text(encoding="utf-8").splitlines())
        rows = [(row["setting"], float(row["clip_score"])) for row in lines]
    except (KeyError, ValueError) as error:
        raise BadStudy(f"{path} holds no scores of pictures: {error!r}") from error
    scores = {name: np.array([score for at, score in rows if at == name]) for name in levels}
    sizes = {len(each) for each in scores.values()}
    return scores if len(sizes) == 1 and sizes != {0} else {}
