"""How the live system obeys a table."""

from dataclasses import dataclass

from controller.queueing.outlook import retimes
from services.contract.jobs import Queue
from services.contract.profile import Profile


@dataclass(frozen=True)
class Conduct:
    """`period` seconds between decisions, `dwell` between two changes, and whether work in hand is
    re-timed by a change."""

    period: float = 0.25
    dwell: float = 2.0
    retime: bool = False


def conduct(profile: Profile, queue: Queue, dwell: float) -> Conduct:
    """With this dwell; pictures follow the level down where all levels say so."""
    levels = [rung.level for rung in profile.rungs]
    return Conduct(dwell=dwell, retime=retimes(levels, queue))
