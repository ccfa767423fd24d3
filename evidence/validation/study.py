"""The folder of a study, as far as validation reads it."""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from evidence.validation.intervals import Floats
from loadgen import level_changes, policies, record
from loadgen.intensity import BadLoad
from loadgen.level_changes import Change
from loadgen.policies import Policy as Asked
from loadgen.record import BadRecord, Record
from services.contract import policy, profile
from services.contract.policy import Policy
from services.contract.profile import Profile
from services.contract.rules import PolicyRules, Slo

QUEUE_CAPACITY = 200
"""The gateway's, unless the study says that it ran with another."""


class BadStudy(ValueError):
    """The folder holds no study that can be validated; says what is missing."""


@dataclass(frozen=True)
class Run:
    """One run on the live stack: a policy at a rate, for the n-th time.

    `changes` of the level; None where they were not recorded.
    """

    name: str
    policy: Asked
    rate: float
    repeat: int
    records: tuple[Record, ...]
    changes: tuple[Change, ...] | None = None

    @property
    def ordered(self) -> list[Record]:
        """Pictures, in the order they were due."""
        pictures = (each for each in self.records if each.kind == "image")
        return sorted(pictures, key=lambda each: each.due)


@dataclass(frozen=True)
class Study:
    """What the live stack ran with, and what was recorded.

    `captions[level]` are the qualities of the pictures of the same captions in the same order.
    `skipped` names what cannot be read, and why.
    """

    policy: Policy
    profile: Profile
    slo: Slo | None
    runs: tuple[Run, ...]
    calibration: tuple[Run, ...] = ()
    captions: Mapping[str, Floats] = field(default_factory=dict)
    skipped: Mapping[str, str] = field(default_factory=dict)
    capacity: int = QUEUE_CAPACITY
    workers: int = 1

    def rules(self, run: Run) -> PolicyRules:
        """What the level went by in a run."""
        return run.policy.rules or self.policy.rules_of("images")

    def under(self, run: Run) -> Policy:
        """The ladder under the rules of a run."""
        return self.policy.model_copy(update={"rules": self.rules(run), "queues": {}})

    @property
    def names(self) -> tuple[str, ...]:
        """Of the levels, best first."""
        return self.policy.names

    @property
    def qualities(self) -> tuple[float, ...] | None:
        """Of the levels, best first; None where the profile lacks one."""
        costs = [self.profile.cost(name, "images") for name in self.names]
        known = tuple(cost.quality.value for cost in costs if cost.quality is not None)
        return known if len(known) == len(costs) else None


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
    runs = tuple(_runs(folder / "live", ladder.names, skipped))
    if not runs:
        raise BadStudy(f"{folder / 'live'} holds no run that can be read{_told(skipped)}")
    told = _told_by(folder)
    return Study(
        policy=ladder,
        profile=measured,
        slo=slo or _slo(told, runs, ladder),
        runs=runs,
        calibration=tuple(_runs(folder / "calibration", ladder.names, skipped)),
        captions=_captions(folder / "profile" / "quality.csv", ladder.names),
        skipped=skipped,
        capacity=int(told.get("queue_capacity", QUEUE_CAPACITY)),
        workers=int((told.get("live") or {}).get("workers", 1)),
    )


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


def _runs(folder: Path, levels: tuple[str, ...], skipped: dict[str, str]) -> Iterator[Run]:
    """In the order of their names; what is none is added to `skipped`."""
    paths = sorted(path for path in folder.glob("*-*") if path.name.endswith(record.ENDINGS))
    for path in paths:
        try:
            found = run_of(path, levels)
            if not any(each.response is not None for each in found.ordered):
                raise BadRecord("no picture was answered")
        except (BadLoad, BadRecord, OSError, EOFError, ValueError) as error:
            skipped[f"{folder.name}/{path.name}"] = str(error)
        else:
            yield found


def run_of(path: Path, levels: tuple[str, ...]) -> Run:
    """The run in a file that a sweep has named POLICY-RATE-REPEAT. Raises BadLoad or BadRecord."""
    name = record.run_name(path)
    try:
        slug, rate, repeat = name.rsplit("-", 2)
        numbers = float(rate), int(repeat)
    except ValueError:
        raise BadLoad(f"{path.name} is not named POLICY-RATE-REPEAT, as a sweep names it") from None
    records = tuple(record.read(path))
    return Run(name, policy_of(slug, levels), *numbers, records, _changes(path))


def policy_of(slug: str, levels: tuple[str, ...]) -> Asked:
    """The policy that a file is named for. Raises BadLoad."""
    kind, _, numbers = slug.partition("_")
    texts = ["file", *(f"fixed:{level}" for level in levels)]
    if re.fullmatch(r"\d+(_\d+)*", numbers):
        texts.append(f"{kind}:{numbers.replace('_', ',')}")
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
