"""Draws the pictures one job asks for, and encodes them as PNG with what made them."""

import io
import threading
from concurrent.futures import FIRST_EXCEPTION, Future, wait
from dataclasses import dataclass, field

from PIL.Image import Image
from PIL.PngImagePlugin import PngInfo

from services.contract.ladder import Level
from worker.batching.engine import Engine
from worker.batching.request import Drawing, Follow, ImageRequest, Interrupted, OnStep

SOFTWARE = "storyteller"
COMPRESSION = 1
"""Of zlib, which goes to 9: each picture is written once, while others wait for the processor."""


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
    start: Image | None = None
    """The picture to begin from instead of noise, and how much of it is drawn anew."""
    strength: float = 1.0

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
            start=self.start,
            strength=self.strength if self.start else 1.0,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """What a job is told and asked while it is drawn, all of it in the engine's thread.

    `on_step(done, total)` counts the steps of all pictures. An exception that `interrupted`
    returns ends them all. `follow` re-times them when the policy goes down.
    """

    on_step: OnStep | None = None
    interrupted: Interrupted | None = None
    follow: Follow | None = None


NOBODY = Hearing()


def illustrate(
    engine: Engine,
    illustration: Illustration,
    hearing: Hearing = NOBODY,
    *,
    priority: str = "normal",
) -> list[tuple[bytes, Drawing]]:
    """PNG files, and how each came about, in the order of their seeds.

    Blocks until all are drawn or one is not: the first failure ends them all and is raised here.
    """
    requests = illustration.requests()
    sisters = _Sisters(hearing.interrupted)
    progress = _Progress(len(requests), hearing.on_step)
    try:
        drawings = _all_or_none(
            [
                engine.submit(
                    request,
                    priority=priority,
                    on_step=progress.of(index),
                    interrupted=sisters.interrupted,
                    follow=hearing.follow,
                )
                for index, request in enumerate(requests)
            ]
        )
    finally:
        sisters.abandon()
    model = engine.denoiser.name
    return [
        (encode_png(drawing.picture, _description(illustration, request, drawing, model)), drawing)
        for drawing, request in zip(drawings, requests, strict=True)
    ]


def encode_png(picture: Image, description: dict[str, str]) -> bytes:
    """The picture as a PNG file with a text chunk for each entry of `description`."""
    chunks = PngInfo()
    for key, value in description.items():
        chunks.add_text(key, value)
    file = io.BytesIO()
    picture.save(file, format="PNG", pnginfo=chunks, compress_level=COMPRESSION)
    return file.getvalue()


class _Progress:
    """Adds up the steps of all pictures; called in the engine's thread alone, so without lock."""

    def __init__(self, pictures: int, on_step: OnStep | None) -> None:
        self._steps = [(0, 0)] * pictures
        self._on_step = on_step

    def of(self, index: int) -> OnStep:
        """What the picture of this index tells its steps to."""

        def step(done: int, total: int) -> None:
            self._steps[index] = (done, total)
            if self._on_step is not None:
                # A picture that has not begun will take about as many as the others.
                most = max(total for _, total in self._steps)
                totals = [total or most for _, total in self._steps]
                self._on_step(sum(done for done, _ in self._steps), sum(totals))

        return step


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


def _all_or_none(futures: list[Future[Drawing]]) -> list[Drawing]:
    """All results, or the first failure."""
    finished, _ = wait(futures, return_when=FIRST_EXCEPTION)
    for future in finished:
        error = future.exception()
        if error is not None:
            raise error
    return [future.result() for future in futures]


def _description(
    illustration: Illustration, request: ImageRequest, drawing: Drawing, model: str
) -> dict[str, str]:
    told = {
        "prompt": request.prompt,
        "negative_prompt": request.negative_prompt,
        "seed": str(request.seed),
        "guidance_scale": str(drawing.level.guidance_scale),
        "sampler": drawing.level.sampler,
        "steps": str(drawing.steps),
        "level": illustration.level.name,
        "model": model,
        "software": SOFTWARE,
    }
    if request.start is not None:
        told["strength"] = str(request.strength)
    if drawing.retimings:
        told["retimed"] = ", ".join(
            f"{other.level} from step {other.step}" for other in drawing.retimings
        )
    if drawing.exit:
        told["early_exit"] = f"{drawing.exit.by} {drawing.exit.value:.4g}"
    return told
