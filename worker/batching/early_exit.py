"""When a picture leaves before its last step: the rules, and nothing of tensors."""

import math
from dataclasses import dataclass

from services.contract.ladder import EarlyExit, Measure

CLIP_PATIENCE = 4
"""A CLIPScore costs a decoding and a look at the picture: at most every so many steps."""
CLIP_LOOKS = 10
"""…and at most so often, on the way through a long plan."""


@dataclass(frozen=True, slots=True)
class Exit:
    """Where a picture left, and by what measure."""

    by: Measure
    value: float
    """What was measured and held against the level's threshold; for clip-score, the rise."""
    step: int
    """Steps taken."""


@dataclass(frozen=True, slots=True)
class Plateau:
    """The scores of one picture so far, in points of 100."""

    best: float = -math.inf
    step: int = 0
    """When it was last looked at."""

    def rise(self, score: float) -> float:
        """How far `score` is above the best before it: infinite for the first."""
        return score - self.best

    def seen(self, score: float, step: int) -> "Plateau":
        """The same with one more score in it."""
        return Plateau(max(self.best, score), step)


def due(rule: EarlyExit, step: int, steps: int, plateau: Plateau | None = None) -> bool:
    """Whether to measure now that `step` of `steps` are taken.

    Before minimum_steps nothing is asked, and to stop after the last step is no exit. A CLIPScore
    is asked for every `stride` steps, so its first exit is a stride after minimum_steps.
    """
    if not rule.minimum_steps <= step < steps:
        return False
    return plateau is None or step - plateau.step >= stride(steps)


def stride(steps: int) -> int:
    """How many of `steps` lie between two looks at a CLIPScore."""
    return max(CLIP_PATIENCE, math.ceil(steps / CLIP_LOOKS))


def leaves(rule: EarlyExit, value: float) -> bool:
    """Whether a picture that measured `value` has settled; a value that is no number has not."""
    if rule.by == "mutual-information":
        return value > rule.threshold
    return value < rule.threshold
