"""Policies that are a table for each rate: read from the files of a folder, and known again by
their digests beside the records of runs."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from loadgen.intensity import BadLoad
from loadgen.policies import Policy
from loadgen.record import BadRecord, run_name
from services.contract import policy as policy_file
from services.contract.jobs import QUEUES
from services.contract.policy import PolicyError
from services.contract.rules import PolicyRules

Ladder = Sequence[dict[str, Any]]
"""Levels, best first, as GET /v1/policy shows them."""


def at(policy: Policy, rate: float, ladder: Ladder) -> Policy:
    """The policy with the rules of FOLDER/RATE.toml, where RATE is `rate` (a second) as `:g` writes
    it; one without a folder as it is.

    Raises BadLoad for a file that cannot be read, is for another ladder, or holds no table.
    """
    if policy.folder is None:
        return policy
    path = _file(policy.folder, rate)
    found = _read(path)
    if [level.model_dump(mode="json") for level in found.levels] != list(ladder):
        raise _bad(path, f"the levels of {path} are not those of the stack")
    return replace(policy, rules=_table(path, found))


def beside(records: Path) -> Path:
    """The file with the digest of the table that a file of records was made under."""
    return records.with_name(f"{run_name(records)}.table.json")


def keep(records: Path, policy: Policy) -> None:
    """Write, whole or not at all, which table the run of these records is made under; nothing for
    a policy that is no table. Raises OSError."""
    if policy.folder is None or policy.rules is None:
        return
    path = beside(records)
    part = path.with_name(f"{path.name}.part")
    part.write_text(json.dumps({"sha256": _digest(policy.rules)}) + "\n")
    part.replace(path)


def require_same(records: Path, policy: Policy, rate: float) -> None:
    """Raise BadLoad where a run was made under another table than the policy's file holds now.

    Nothing is known of a run without a digest, and nothing can be mixed where the file is gone.
    Raises BadRecord or OSError for a digest that cannot be read.
    """
    if policy.folder is None or (known := _kept(records)) is None:
        return
    path = _file(policy.folder, rate)
    if path.exists() and _digest(_table(path, _read(path))) != known:
        raise BadLoad(
            f"{records} was made under another table than {path} holds now: put that one back, or "
            "make the runs anew in another folder"
        )


def _kept(records: Path) -> str | None:
    path = beside(records)
    if not path.exists():
        return None
    try:
        return str(json.loads(path.read_text())["sha256"])
    except (ValueError, TypeError, KeyError) as error:
        raise BadRecord(f"{path} does not say by which table its run was: {error!r}") from error


def _digest(rules: PolicyRules) -> str:
    """What is as by default is left out, so that a rule that comes new changes no digest."""
    told = rules.model_dump(mode="json", exclude_defaults=True)
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _file(folder: str, rate: float) -> Path:
    return Path(folder) / f"{rate:g}.toml"


def _read(path: Path) -> policy_file.Policy:
    try:
        return policy_file.load(path)
    except PolicyError as error:
        # What it says of a missing file is for those who start the stack.
        said = str(error) if path.exists() else f"there is no file {path}"
        raise _bad(path, said) from None


def _table(path: Path, found: policy_file.Policy) -> PolicyRules:
    """The one table of the file, for whichever queue. A stack has the capacity of its policy.toml,
    which no rules put in force may replace."""
    ruled = {found.rules_of(queue) for queue in QUEUES}
    tables = [rules for rules in ruled if rules.kind == "table"]
    if len(tables) != 1:
        told = "no table" if not tables else "two tables"
        raise _bad(path, f"{path} holds {told}: one queue is to go by one, or both by the same")
    return tables[0].model_copy(update={"capacity": None})


def _bad(path: Path, said: str) -> BadLoad:
    command = f"python -m controller.queueing optimal --rate {path.stem} --out {path.parent} …"
    return BadLoad(f"{said}. Write it for this rate and ladder: {command}")
