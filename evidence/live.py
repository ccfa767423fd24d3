"""The stack of a study's own: the user's models and device, the study's policy and settings."""

import os
import shlex
from contextlib import AbstractContextManager
from pathlib import Path

from evidence.conditions import ROOT
from evidence.stages import Terms
from services.contract import settings
from services.contract.settings import PREFIX
from stack import formation, own
from stack.client import Gateway
from stack.own import Own

OTHERS = frozenset({"redis_url", "heartbeat_file"})
"""Settings of the user's own stack that would tie this one to it"""


def running(terms: Terms, out: Path, log: Path) -> AbstractContextManager[Gateway]:
    """Its gateway, ready for jobs, under OUT/policy.toml; stopped whatever happens.

    Raises stack.own.NotReady.
    """
    return own.running(own_stack(terms, out), log)


def own_stack(terms: Terms, out: Path) -> Own:
    """What it is made of: the user's STORYTELLER_* variables, where the study does not differ."""
    policy = {"policy": str((out / "policy.toml").resolve())}
    return Own(_models(), _inherited() | terms.settings | policy, terms.formation)


def shown(terms: Terms, out: str) -> str:
    """The command that starts the like of it."""
    given = {**terms.settings, "policy": f"{out}/policy.toml"}
    assigned = " ".join(
        f"{PREFIX}{name.upper()}={shlex.quote(each)}" for name, each in given.items()
    )
    kinds = formation.written(terms.formation)
    return f"{assigned} python -m stack up" + (f" --formation {kinds}" if kinds else "")


def _inherited() -> dict[str, str]:
    """The STORYTELLER_* variables of this process, by the names of their settings."""
    names = {
        name.removeprefix(PREFIX).lower(): name for name in os.environ if name.startswith(PREFIX)
    }
    return {short: os.environ[name] for short, name in names.items() if short not in OTHERS}


def _models() -> Path:
    """Where the user's stack keeps its prepared models."""
    return ROOT / settings.load(os.environ).home / "models"
