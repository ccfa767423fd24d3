"""What is asked of the engine, how whoever asked hears of it, and what comes of it."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

from PIL.Image import Image

from services.contract.ladder import ImageLevel
from worker.batching.early_exit import Exit

SEED_LIMIT = 2**64

OnStep = Callable[[int, int], None]
"""Told (step, steps) after each step."""
Interrupted = Callable[[], BaseException | None]
"""Asked before each step: None to go on, or the exception to stop with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRequest:
    """What decides a picture, besides the model; a size of None is the model's native one."""

    prompt: str
    negative_prompt: str = ""
    width: int | None = None
    height: int | None = None
    seed: int
    level: ImageLevel
    """How it is drawn: sampler, steps, guidance, precision, early exit."""
    start: Image | None = None
    """The picture to begin from instead of pure noise."""
    strength: float = 1.0
    """How much of `start` is drawn anew, 0 < strength ≤ 1."""

    def __post_init__(self) -> None:
        if not 0 <= self.seed < SEED_LIMIT:
            raise ValueError(f"seed must be between 0 and 2**64 - 1; got {self.seed}.")
        if not 0 < self.strength <= 1:
            raise ValueError(f"strength must be above 0 and at most 1; got {self.strength}.")

    @property
    def share(self) -> float:
        """How much of the steps is taken: all of them where there is nothing to start from."""
        return 1.0 if self.start is None else self.strength

    @property
    def guided(self) -> bool:
        """Whether the negative prompt is ever read."""
        return self.level.guidance_scale > 1


@dataclass(frozen=True, slots=True)
class Retiming:
    """From which step on a picture was drawn at another level."""

    step: int
    level: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture and how it came about."""

    picture: Image
    steps: int
    """Steps taken, over all levels."""
    level: ImageLevel
    """The level of its last step."""
    exit: Exit | None
    """Where and by what measure it left early."""
    retimings: tuple[Retiming, ...]


@dataclass(frozen=True, slots=True)
class Follow:
    """How a picture follows the policy while it is drawn."""

    wanted: Callable[[], tuple[str, ImageLevel] | None]
    """Asked before each step: the name and settings of a level further down, if there is one."""
    followed: Callable[[Retiming], None]
    """Told when the rest of the picture was planned anew."""


@dataclass(frozen=True, slots=True)
class Listener:
    """How whoever asked for an image hears of it. All of it is called in the engine's thread."""

    on_step: OnStep | None = None
    interrupted: Interrupted | None = None
    follow: Follow | None = None
    future: Future[Drawing] = field(default_factory=Future)

    def stepped(self, step: int, steps: int) -> None:
        """Pass on that a step was taken."""
        if self.on_step is not None:
            self.on_step(step, steps)

    def reason_to_stop(self) -> BaseException | None:
        """The exception to stop with, if there is one."""
        return self.interrupted() if self.interrupted is not None else None
