"""One measurement to make, and what came of it."""

import json
from typing import Any

from pydantic import Field

from services.contract.jobs import Queue
from services.contract.ladder import Strict


class Trial(Strict):
    """So many jobs of one setting, submitted together to an idle worker."""

    queue: Queue
    setting: dict[str, Any] = Field(description="As in Timing; of a story also which one it is.")
    steps: int | None = Field(description="Of each picture; a story's tokens show as it is written")
    batch: int = Field(ge=1)
    repeat: int = Field(ge=0)

    @property
    def key(self) -> str:
        """The same for the same trial of another run."""
        return json.dumps(self.model_dump(), sort_keys=True)


class Measured(Strict):
    """Seconds from the submission to the last result, and the most memory held meanwhile."""

    trial: Trial
    steps: int = Field(ge=1)
    seconds: float = Field(gt=0)
    memory_mb: float | None

    @property
    def key(self) -> str:
        """Its trial's."""
        return self.trial.key
