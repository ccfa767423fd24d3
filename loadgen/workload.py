"""What is asked for: kinds in their shares, prompts from a list, seeds. Pure."""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from loadgen.intensity import BadLoad

KINDS = ("image", "story", "storybook")


@dataclass(frozen=True)
class Arrival:
    """A request and when it is due, seconds from the start."""

    number: int
    due: float
    request: dict[str, Any]


@dataclass(frozen=True)
class Workload:
    """What to draw requests from: `shares` of kinds, `prompts`, `options` of each request."""

    shares: Mapping[str, float]
    prompts: Sequence[str]
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.prompts:
            raise BadLoad("there is no prompt: the file holds none, one a line")
        unknown = set(self.shares) - set(KINDS)
        if (
            unknown
            or not self.shares
            or min(self.shares.values()) < 0
            or not sum(self.shares.values())
        ):
            raise BadLoad(f"a mix is shares of {', '.join(KINDS)}, such as image=0.8,story=0.2")


def mix(text: str) -> dict[str, float]:
    """`image=0.8,story=0.2` as shares. Raises BadLoad for anything else."""
    try:
        parts = [part.split("=") for part in text.split(",")]
        return {kind.strip(): float(share) for kind, share in parts}
    except ValueError:
        raise BadLoad(f"{text!r} is no mix: write image=0.8,story=0.2") from None


def option(text: str) -> tuple[str, Any]:
    """`count=2` or `strategy=parallel` as a job option: JSON, or else text."""
    name, _, value = text.partition("=")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def requests(workload: Workload, count: int, seed: int) -> list[dict[str, Any]]:
    """`count` requests. Kinds, prompts and seeds are drawn apart, so that another mix asks for
    the same prompts."""
    kinds, prompts = random.Random(f"{seed} kinds"), random.Random(f"{seed} prompts")
    names, shares = list(workload.shares), list(workload.shares.values())
    return [
        {
            "kind": kinds.choices(names, shares)[0],
            "prompt": prompts.choice(workload.prompts),
            "seed": seed * 1_000_000 + number,
            **workload.options,
        }
        for number in range(count)
    ]


def schedule(due: Sequence[float], workload: Workload, seed: int) -> list[Arrival]:
    """A request for every due time."""
    asked = requests(workload, len(due), seed)
    return [Arrival(n, at, request) for n, (at, request) in enumerate(zip(due, asked, strict=True))]
