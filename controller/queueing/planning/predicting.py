"""What rules that predict do by themselves at a load that stays: their table, to be simulated."""

from pathlib import Path

from controller.model import Thresholds
from controller.queueing.levels.queue import LevelledQueue
from controller.queueing.planning.search import MOST_DEPTH
from controller.queueing.planning.thresholds import table
from controller.queueing.replanning import replan
from controller.queueing.switching import Table, tabulate
from services.contract.ladder import Level
from services.contract.policy import Policy
from services.contract.rules import PolicyRules, Slo


def replanned(queue: LevelledQueue, slo: Slo) -> tuple[Thresholds, Table]:
    """Of rules of the kind planned: the thresholds that the live controller will plan."""
    found = replan(queue.forecast(), slo, queue.qualities)
    return found, table(found)


def slo_table(queue: LevelledQueue, slo: Slo, levels: tuple[Level, ...]) -> Table:
    """Of rules of the kind slo."""
    rules = PolicyRules(kind="slo", slo=slo)
    policy = Policy(rules=rules, levels=levels, profile=Path("profile.json"))
    return tabulate(policy, MOST_DEPTH, queue.forecast())
