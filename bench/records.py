"""What was measured: single measurements as JSON lines, and the findings made of them."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

Demand = Literal["at most", "at least"]


@dataclass(frozen=True, slots=True)
class Target:
    """What a finding should be."""

    demand: Demand
    value: float

    def met_by(self, value: float) -> bool:
        """Whether `value` is that."""
        return value <= self.value if self.demand == "at most" else value >= self.value


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the table."""

    scene: str
    what: str
    value: float
    unit: str
    target: Target | None = None

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        return None if self.target is None else self.target.met_by(self.value)

    def as_json(self) -> dict[str, Any]:
        """As the last line of the output has it."""
        return asdict(self) | {"met": self.met}


class Records:
    """A file with one JSON object a line: every single measurement, and what it was of."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
        self.folder = file.parent
        self._file = file

    def keep(self, scene: str, what: str, values: Any, **of: Any) -> None:
        """Write one object: `values` were measured in `scene`, of a contender, a batch, …"""
        with self._file.open("a") as file:
            file.write(json.dumps({"scene": scene, "what": what, **of, "values": values}) + "\n")
