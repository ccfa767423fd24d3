"""What the study's policies choose from, and how they choose.

A job gets its level as it arrives, from the number q that it finds in the system: the first rung
for q < T1, the second for q < T2, else the third. (With q counting the job itself, the three-level
policy would be about twice as fast as published.) The live controller's depth counts every
accepted job, the new one too, so its thresholds are T1 + 1 and T2 + 1. With `climb` at T1 and T2,
no dwell, and a decision at each arrival and departure, the live `decide` has no memory left and is
the study's rule: the depth moves by one, so that one rung up at a time is as far as it ever calls
for.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from controller.queueing.original.study import Rung
from controller.queueing.simulation.scenario import Switching
from controller.queueing.switching import tabulate
from services.contract.ladder import ImageLevel, Level, StoryLevel
from services.contract.policy import Policy
from services.contract.rules import PolicyRules

Mix = Literal["ddpm", "ddim", "mixed"]
Steps = tuple[int, int, int]
Thresholds = tuple[int, int]

NO_STORY = StoryLevel(max_tokens=16)
"""The study draws pictures alone."""


def ladder(mix: Mix, steps: Steps) -> tuple[Rung, ...]:
    """Three rungs, most steps first; mixed: DDPM for the first one and DDIM for the others."""
    samplers = ("ddpm", "ddim", "ddim") if mix == "mixed" else (mix,) * 3
    return tuple(Rung(sampler, number) for sampler, number in zip(samplers, steps, strict=True))


def three_level(rungs: Sequence[Rung], thresholds: Thresholds) -> Switching:
    """The study's rule by the live `decide`. Raises ValueError for thresholds that cross."""
    rules = PolicyRules(
        thresholds=tuple(found + 1 for found in thresholds), climb=thresholds, dwell_seconds=0
    )
    policy = Policy(rules=rules, levels=tuple(_level(rung) for rung in rungs))
    return Switching(tabulate(policy, depths=thresholds[-1] + 1), moment="arrival")


def always(level: int, levels: int) -> Switching:
    """One rung, whatever is found."""
    return Switching(np.full((levels, 1), level), moment="arrival", initial=level)


def _level(rung: Rung) -> Level:
    image = ImageLevel(sampler=rung.sampler, steps=rung.steps, guidance_scale=0)
    return Level(name=rung.name, image=image, story=NO_STORY)
