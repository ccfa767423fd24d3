"""One look at both queues: what is outstanding, and what is in force; in one round trip."""

from typing import Any, NamedTuple

from services.contract import level, queues
from services.contract.connection import run_together
from services.contract.level import Standing
from services.contract.queues import Load


class Look(NamedTuple):
    """Both at the same moment."""

    load: Load
    standing: Standing


def look(redis: Any) -> Look:
    """What `queues.load` and `level.standing` say, for those who ask both."""
    load, standing = run_together(redis, ("load", "standing"), *queues.LOAD_ARGUMENTS)
    return Look(Load.model_validate_json(load), level.standing_of(standing))
