"""The sizes of pictures that can be drawn: image workers announce theirs, the gateway asks."""

import math
from collections.abc import Iterable
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from services.contract import keys, queues
from services.contract.jobs import LARGEST_SIDE
from services.contract.queues import WORKER_HORIZON_SECONDS


class Sizes(BaseModel):
    """Widths and heights in pixels: a multiple of `multiple`, within bounds."""

    model_config = ConfigDict(frozen=True)

    multiple: int = Field(gt=0)
    minimum: int = Field(gt=0)
    maximum: int = LARGEST_SIDE

    def allow(self, side: int) -> bool:
        """Whether a picture may be so many pixels wide, or high."""
        return self.minimum <= side <= self.maximum and side % self.multiple == 0

    @property
    def allowed(self) -> str:
        """What a client is told."""
        low = math.ceil(self.minimum / self.multiple) * self.multiple
        if low > self.maximum:
            return "has no value that all image workers can draw; leave it out"
        return (
            f"must be a multiple of {self.multiple} from {low} to {self.maximum}, "
            "which is what the image workers' models can draw"
        )

    def shared_with(self, other: Self) -> Self:
        """What both can draw."""
        return type(self)(
            multiple=math.lcm(self.multiple, other.multiple),
            minimum=max(self.minimum, other.minimum),
            maximum=min(self.maximum, other.maximum),
        )


def announce(redis: Any, worker: str, sizes: Sizes) -> None:
    """Tell what a worker can draw; repeated with each check-in."""
    lifetime = int(WORKER_HORIZON_SECONDS)
    redis.set(keys.sizes(worker), sizes.model_dump_json(), ex=lifetime)


def known(redis: Any) -> Sizes | None:
    """What every live image worker that told can draw; None where none has."""
    workers = queues.live_workers(redis, "images")
    told = redis.mget(keys.sizes(worker) for worker in workers) if workers else []
    return shared(Sizes.model_validate_json(text) for text in told if text)


def shared(each: Iterable[Sizes]) -> Sizes | None:
    """What all can draw; None of nobody."""
    whole: Sizes | None = None
    for sizes in each:
        whole = sizes if whole is None else whole.shared_with(sizes)
    return whole
