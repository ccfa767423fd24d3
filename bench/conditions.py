"""What every scene of one run has in common."""

from dataclasses import dataclass
from pathlib import Path

import torch

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
    """Pictures in one batch, for the engine and for LitServe"""
    quick: bool = False
    tiny: bool = False
    """Scene g: a shrunken architecture that a CPU can do"""

    def repeats(self, count: int) -> int:
        """How often to measure: `count` times, or once where quick figures will do."""
        return 1 if self.quick else count

    @property
    def dtype(self) -> torch.dtype:
        """The number format of the contenders that take one."""
        return {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[
            self.precision
        ]
