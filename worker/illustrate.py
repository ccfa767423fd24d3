"""Draws the pictures one job asks for, and encodes them as PNG with what made them."""

import io
import threading
from concurrent.futures import FIRST_EXCEPTION, Future, wait
from dataclasses import dataclass, field

from PIL.Image import Image
from PIL.PngImagePlugin import PngInfo

from services.contract.ladder import Level
from worker.batching.denoising import ImageRequest, Interrupted, OnStep
from worker.batching.engine import Engine

SOFTWARE = "storyteller"


class Abandoned(RuntimeError):
    """A sister picture of the same job failed, so this one is not needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Illustration:
    """A job's pictures: picture i of `count` is drawn with seed + i."""

    prompt: str
    negative_prompt: str = ""
    width: int | None = None
    height: int | None = None
    seed: int
    count: int = 1
    level: Level

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ValueError(f"count must be at least 1; got {self.count}.")

    def requests(self) -> list[ImageRequest]:
        """One request for each picture."""
        return [self._request(self.seed + index) for index in range(self.count)]

    def _request(self, seed: int) -> ImageRequest:
        return ImageRequest(
            prompt=self.prompt,
            negative_prompt=self.negative_prompt,
            width=self.width,
            height=self.height,
            seed=seed,
            level=self.level.image,
        )


def illustrate(
    engine: Engine,
    illustration: Illustration,
    *,
    priority: str = "normal",
    on_step: OnStep | None = None,
    interrupted: Interrupted | None = None,
) -> list[bytes]:
    """PNG files in the order of their seeds. Blocks until all are drawn or one is not.

    `on_step(done, total)` counts the steps of all pictures. An exception returned by
    `interrupted`, or the failure of one picture, ends them all and is raised here.
    Both callables run in the engine's thread and must be quick.
    """
    requests = illustration.requests()
    progress = _Progress(illustration.level.image.steps * len(requests), on_step)
    sisters = _Sisters(interrupted)
    hear = {"on_step": progress.step, "interrupted": sisters.interrupted}
    try:
        pictures = _all_or_none(
            [engine.submit(request, priority=priority, **hear) for request in requests]
        )
    finally:
        sisters.abandon()
    return [
        encode_png(picture, _description(illustration, request, engine.denoiser.name))
        for picture, request in zip(pictures, requests, strict=True)
    ]


def encode_png(picture: Image, description: dict[str, str]) -> bytes:
    """The picture as a PNG file with a text chunk for each entry of `description`."""
    chunks = PngInfo()
    for key, value in description.items():
        chunks.add_text(key, value)
    file = io.BytesIO()
    picture.save(file, format="PNG", pnginfo=chunks)
    return file.getvalue()


@dataclass(slots=True)
class _Progress:
    """Adds up the steps of all pictures; called in the engine's thread alone, so without lock."""

    total: int
    on_step: OnStep | None
    done: int = 0

    def step(self, _step: int, _steps: int) -> None:
        self.done += 1
        if self.on_step is not None:
            self.on_step(self.done, self.total)


@dataclass(slots=True)
class _Sisters:
    """Asks once why the job should stop, and gives every picture of it the same answer."""

    ask: Interrupted | None
    reason: BaseException | None = None
    over: threading.Event = field(default_factory=threading.Event)

    def interrupted(self) -> BaseException | None:
        if self.reason is None and self.over.is_set():
            self.reason = Abandoned("Another picture of this job failed.")
        elif self.reason is None and self.ask is not None:
            self.reason = self.ask()
        return self.reason

    def abandon(self) -> None:
        self.over.set()


def _all_or_none(futures: list[Future[Image]]) -> list[Image]:
    """All results, or the first failure."""
    finished, _ = wait(futures, return_when=FIRST_EXCEPTION)
    for future in finished:
        error = future.exception()
        if error is not None:
            raise error
    return [future.result() for future in futures]


def _description(illustration: Illustration, request: ImageRequest, model: str) -> dict[str, str]:
    return {
        "prompt": request.prompt,
        "negative_prompt": request.negative_prompt,
        "seed": str(request.seed),
        "guidance_scale": str(request.level.guidance_scale),
        "sampler": request.level.sampler,
        "steps": str(request.level.steps),
        "level": illustration.level.name,
        "model": model,
        "software": SOFTWARE,
    }
