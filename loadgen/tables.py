"""Policies that are a table for each rate: read from the files of a folder."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from loadgen.intensity import BadLoad
from loadgen.policies import Policy
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
    path = Path(policy.folder) / f"{rate:g}.toml"
    found = _read(path)
    if [level.model_dump(mode="json") for level in found.levels] != list(ladder):
        raise _bad(path, f"the levels of {path} are not those of the stack")
    return replace(policy, rules=_table(path, found))


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
