"""What every scene of one run has in common."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
SHIPPED = ROOT / "models" / "illustrator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """The checkpoint, where and how it is computed, and how long to measure."""

    model: str = str(SHIPPED)
    device: str = "cpu"
    precision: str = "bf16"
    threads: int = 1
    """Torch threads of each contender on a CPU, but where a scene tries others"""
    cap: int = 16
    """Pictures in one batch of the engine and of LitServe, and as many in flight"""
    quick: bool = False
    tiny: bool = False
    """Scene g: a shrunken architecture that a CPU can do"""

    def repeats(self, count: int) -> int:
        """How often to measure: `count` times, or once where quick figures will do."""
        return 1 if self.quick else count
