"""Runs by a table for each rate: their rules, from the study's own files."""

from dataclasses import replace
from pathlib import Path

from evidence.validation.study import Run
from loadgen import tables
from services.contract.policy import Policy


def with_table(run: Run, records: Path, ladder: Policy) -> Run:
    """The run of a file STUDY/live/… with the rules of STUDY/FOLDER/RATE.toml, if its policy is
    such a table.

    Raises BadLoad for a file that cannot be read, is for another ladder, or is another one by now
    than the run was made under.
    """
    named = run.policy
    if named.folder is None:
        return run
    levels = [level.model_dump(mode="json") for level in ladder.levels]
    kept = replace(named, folder=str(records.parent.parent / named.folder))
    found = tables.at(kept, run.rate, levels)
    tables.require_same(records, kept, run.rate)
    return replace(run, policy=replace(named, rules=found.rules))
