"""A plan as the policy.toml that the controller and the workers load."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w

from controller.queueing.planning.plan import Plan
from controller.queueing.planning.target import written
from controller.queueing.planning.trial import Outcome
from controller.queueing.refusal import BadInput
from services.contract import policy
from services.contract.policy import Policy
from services.contract.rules import PREDICTING, PolicyRules, check


@dataclass(frozen=True)
class Source:
    """Where a policy comes from: the command line that planned it, the profile's path, the policy
    whose other rules it keeps, if any."""

    command: str
    profile: Path
    base: Policy | None = None


def rules(plan: Plan, base: PolicyRules | None) -> PolicyRules:
    """The rules for the planned queue; patience is the base's."""
    request = plan.request
    by_thresholds = request.kind in ("threshold", "planned")
    return PolicyRules(
        kind=request.kind,
        thresholds=plan.thresholds.thresholds if by_thresholds else (),
        climb=plan.thresholds.climb if by_thresholds else None,
        table=tuple(map(tuple, plan.table.tolist())) if request.kind == "table" else (),
        slo=request.slo if request.kind in PREDICTING else None,
        dwell_seconds=request.conduct.dwell,
        patience_seconds=base.patience_seconds if base else None,
        capacity=request.capacity,
    )


def planned_policy(plan: Plan, source: Source, out: Path) -> Policy:
    """The plan's ladder and rules. The other queue keeps the base's where they fit the ladder."""
    queue, base = plan.request.queue, source.base
    ours = rules(plan, base.rules_of(queue) if base else None)
    theirs = _kept(plan, base)
    return Policy(
        rules=ours if theirs is None else theirs,
        queues={} if theirs is None else {queue: ours},
        profile=Path(os.path.relpath(source.profile, out.parent)),
        levels=tuple(each.level for each in plan.ladder),
    )


def _kept(plan: Plan, base: Policy | None) -> PolicyRules | None:
    """The rules of the queue that was not planned, if they still fit."""
    if base is None:
        return None
    other = base.rules_of("stories" if plan.request.queue == "images" else "images")
    try:
        check(other, plan.levels)
    except ValueError:
        return None
    return other


def write(plan: Plan, source: Source, out: Path) -> None:
    """Write the policy, and read it back. Raises BadInput where that cannot be."""
    found = planned_policy(plan, source, out)
    content = found.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    content = {"profile": content["profile"], **content, "rules": _said(found.rules)}
    content["queues"] = {queue: _said(rules) for queue, rules in found.queues.items()}
    text = f"{_header(plan, source)}\n{_compact(tomli_w.dumps(_without_empty(content)))}"
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


def _losses(outcome: Outcome, capacity: int | None) -> list[str]:
    """A line where jobs may be refused."""
    if capacity is None:
        return []
    return [f"{outcome.loss.mean:.3%} of the jobs find {capacity} outstanding and are refused."]


def _header(plan: Plan, source: Source) -> str:
    outcome, request = plan.outcome, plan.request
    lines = [
        "The ladder of levels, best first, and when to leave a level for the next: as planned by",
        source.command,
        f"for {request.rate:g} {request.queue} a second on {_counted(plan.workers)}, within "
        f"{written(request.slo)}.",
        f"Predicted: effective quality {outcome.quality.mean:.5g} "
        f"({outcome.quality.low:.5g} to {outcome.quality.high:.5g}),",
        f"95th percentile of the response {outcome.p95.mean:.3g} s "
        f"({outcome.p95.low:.3g} to {outcome.p95.high:.3g}).",
        *_losses(outcome, request.capacity),
        f"STORYTELLER_FALLBACK_LEVEL, if set, must be one of {', '.join(plan.levels)}.",
    ]
    return "".join(f"# {line}\n" for line in lines)
