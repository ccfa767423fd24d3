"""What was found for a queue as the policy.toml that the controller and the workers load."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w

from controller.queueing.planning.plan import Plan
from controller.queueing.planning.request import Request
from controller.queueing.planning.target import written
from controller.queueing.planning.trial import Outcome
from controller.queueing.refusal import BadInput
from services.contract import policy
from services.contract.ladder import Level
from services.contract.policy import Policy
from services.contract.rules import PREDICTING, PolicyRules, check


@dataclass(frozen=True)
class Source:
    """Where a policy comes from: the command line that found it, the profile's path, the policy
    whose other rules it keeps, if any."""

    command: str
    profile: Path
    base: Policy | None = None


@dataclass(frozen=True)
class Draft:
    """Levels, best first, and the rules found for the queue of a request with so many workers.

    `about` says by what they were found. `outcome` is what they do in simulation, None without a
    steady state; `note`, what else is to be known of them; `patient`, whether they can do with the
    patience of the rules that were there.
    """

    about: str
    request: Request
    workers: int
    levels: tuple[Level, ...]
    rules: PolicyRules
    outcome: Outcome | None
    note: str = ""
    patient: bool = True


def of_plan(plan: Plan) -> Draft:
    """What a plan is to be written as."""
    return Draft(
        about="when to leave a level for the next: as planned by",
        request=plan.request,
        workers=plan.workers,
        levels=tuple(each.level for each in plan.ladder),
        rules=_rules(plan),
        outcome=plan.outcome,
    )


def _rules(plan: Plan) -> PolicyRules:
    request = plan.request
    by_thresholds = request.kind in ("threshold", "planned")
    return PolicyRules(
        kind=request.kind,
        thresholds=plan.thresholds.thresholds if by_thresholds else (),
        climb=plan.thresholds.climb if by_thresholds else None,
        table=tuple(map(tuple, plan.table.tolist())) if request.kind == "table" else (),
        slo=request.slo if request.kind in PREDICTING else None,
        dwell_seconds=request.conduct.dwell,
        capacity=request.capacity,
    )


def drafted_policy(draft: Draft, source: Source, out: Path) -> Policy:
    """The draft's ladder and rules, with the base's patience where they can do with it. The other
    queue keeps the base's rules where they fit the ladder."""
    queue, base = draft.request.queue, source.base
    patience = _patience(draft, base) if draft.patient else None
    ours = draft.rules.model_copy(update={"patience_seconds": patience})
    theirs = _kept(draft, base)
    return Policy(
        rules=ours if theirs is None else theirs,
        queues={} if theirs is None else {queue: ours},
        profile=Path(os.path.relpath(source.profile, out.parent)),
        levels=draft.levels,
    )


def _patience(draft: Draft, base: Policy | None) -> float | None:
    """Of the rules that were there, seconds."""
    return base.rules_of(draft.request.queue).patience_seconds if base else None


def _kept(draft: Draft, base: Policy | None) -> PolicyRules | None:
    """The rules of the queue that nothing was found for, if they still fit."""
    if base is None:
        return None
    other = base.rules_of("stories" if draft.request.queue == "images" else "images")
    try:
        check(other, _names(draft))
    except ValueError:
        return None
    return other


def _names(draft: Draft) -> tuple[str, ...]:
    return tuple(level.name for level in draft.levels)


def write(draft: Draft, source: Source, out: Path) -> None:
    """Write the policy, and read it back. Raises BadInput where that cannot be."""
    found = drafted_policy(draft, source, out)
    content = found.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    content = {"profile": content["profile"], **content, "rules": _said(found.rules)}
    content["queues"] = {queue: _said(rules) for queue, rules in found.queues.items()}
    text = f"{_header(draft, source)}\n{_compact(tomli_w.dumps(_without_empty(content)))}"
    require_place(out)
    out.write_text(text)
    policy.load(out)


def require_place(out: Path) -> None:
    """Raise BadInput where no file can be written; before the work, not after it."""
    try:
        there = out.exists()
        with out.open("a"):
            pass
        if not there:
            out.unlink()
    except OSError as error:
        raise BadInput(f"cannot write {out}: {error}") from error


def _said(found: PolicyRules) -> dict[str, Any]:
    """The rules with their kind and dwell, even where these are the defaults."""
    said = found.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    return {"kind": found.kind, **said, "dwell_seconds": found.dwell_seconds}


def _without_empty(content: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in content.items() if value not in ({}, [], None)}


def _compact(text: str) -> str:
    """Arrays of numbers on one line each: a table has hundreds."""
    return re.sub(r"\[\n(\s*-?[\d.]+,\n)+\s*\]", lambda found: _one_line(found[0]), text)


def _one_line(array: str) -> str:
    return f"[{', '.join(re.findall(r'-?[0-9.]+', array))}]"


def _counted(workers: int) -> str:
    return f"{workers} worker{'s' if workers > 1 else ''}"


def _predicted(outcome: Outcome, capacity: int | None) -> list[str]:
    """What the rules do; where jobs may be refused, how many are."""
    lines = [
        f"Predicted: effective quality {outcome.quality.mean:.5g} "
        f"({outcome.quality.low:.5g} to {outcome.quality.high:.5g}),",
        f"95th percentile of the response {outcome.p95.mean:.3g} s "
        f"({outcome.p95.low:.3g} to {outcome.p95.high:.3g}).",
    ]
    if capacity is None:
        return lines
    lost = f"{outcome.loss.mean:.3%} of the jobs find {capacity} outstanding and are refused."
    return [*lines, lost]


def _impatient(draft: Draft, base: Policy | None) -> list[str]:
    if draft.patient or _patience(draft, base) is None:
        return []
    return ["patience_seconds is left out: a rung lower may be one that these rules never go to."]


def _header(draft: Draft, source: Source) -> str:
    outcome, request = draft.outcome, draft.request
    lines = [
        f"The ladder of levels, best first, and {draft.about}",
        source.command,
        f"for {request.rate:g} {request.queue} a second on {_counted(draft.workers)}, within "
        f"{written(request.slo)}.",
        *(_predicted(outcome, request.capacity) if outcome else ()),
        *((f"Note: {draft.note}.",) if draft.note else ()),
        *_impatient(draft, source.base),
        f"STORYTELLER_FALLBACK_LEVEL, if set, must be one of {', '.join(_names(draft))}.",
    ]
    return "".join(f"# {line}\n" for line in lines)
