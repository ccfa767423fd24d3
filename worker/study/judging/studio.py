"""Where settings are compared: the image model, its judge, and one reference for all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

from torch import Tensor

from services.contract.settings import Settings
from worker.batching.clip_watch import ClipWatch, clip_for
from worker.batching.denoiser import Denoiser
from worker.batching.engine import Engine
from worker.image_worker import SHIPPED_ILLUSTRATOR
from worker.study.judging.gallery import Arm, Sheet, Sitting, draw, plain
from worker.study.judging.inception import Inception
from worker.study.judging.judge import Judge, Verdict
from worker.study.progress import progress
from worker.study.terms import Terms, Unusable

BEST = {"sampler": "ddim", "steps": 100, "precision": "fp32"}
OTHER_SEEDS = 1_000_000
"""How far the reference's seeds are from those of what is compared with it."""


@dataclass(frozen=True)
class Judged:
    """What an arm drew, and what is said of it."""

    sheet: Sheet
    verdict: Verdict


@dataclass(frozen=True)
class Studio:
    """The models, loaded."""

    denoiser: Denoiser
    watch: ClipWatch
    terms: Terms
    eyes: Inception | None = None
    """What Fréchet distances are of, where it is not the CLIP"""

    @classmethod
    def open(cls, settings: Settings, terms: Terms) -> Self:
        """Load what the settings name; ModelError or Unusable says what to do."""
        clip = clip_for(settings.image_model, settings.clip_model)
        if clip is None:
            raise Unusable(
                "the shipped CLIP cannot read the pictures of another image model: set "
                "STORYTELLER_CLIP_MODEL to the hub id or folder of a transformers CLIPModel"
            )
        model = settings.image_model or str(SHIPPED_ILLUSTRATOR)
        denoiser = Denoiser.load(model, device=settings.device)
        eyes = Inception.load(terms.inception, device=settings.device) if terms.inception else None
        return cls(denoiser, ClipWatch.load(clip, device=settings.device), terms, eyes)

    def compare(self, arms: Sequence[Arm]) -> dict[str, Judged]:
        """Every arm's sheet, judged beside one reference; slow, with a bar on standard error."""
        reference = self.reference()
        with self.engine() as engine, progress(self._rounds * len(arms), "drawn") as tell:
            sheets = draw(engine, arms, self.sitting, tell)
        return self.judged(sheets, reference)

    def reference(self) -> Tensor:
        """Vectors (n, width) of pictures of the same captions with other seeds, by the best
        setting (BEST): what Fréchet distances are measured to, as no other pictures are at hand."""
        best = plain("reference", self.terms.level(**BEST))
        sitting = replace(self.sitting, seed=self.terms.seed + OTHER_SEEDS)
        with self.engine() as engine, progress(self._rounds, "reference") as tell:
            sheet = draw(engine, [best], sitting, tell)[best.name]
        return self.judge().vectors(sheet.pictures)

    def judged(self, sheets: Mapping[str, Sheet], reference: Tensor) -> dict[str, Judged]:
        """What is said of each sheet."""
        judge, said = self.judge(), {}
        with progress(len(sheets), "judged") as tell:
            for name, sheet in sheets.items():
                verdict = judge.judge(sheet.pictures, self.terms.captions, reference)
                said[name] = Judged(sheet, verdict)
                tell()
        return said

    def judge(self) -> Judge:
        """The judge of all sheets."""
        return Judge(self.watch, self.eyes)

    def engine(self) -> Engine:
        """An engine that leaves early by the judge's CLIP."""
        return Engine(self.denoiser, cap=self.terms.in_flight, clip=self.watch)

    def obstacle(self, arm: Arm) -> str | None:
        """Why an arm cannot be drawn, if it cannot."""
        [level] = arm.levels({}, 1)
        try:
            self.denoiser.check(level)
            with self.engine() as engine:
                [request] = self.sitting.requests(0, [level])
                engine.submit(request).result()
        except Exception as error:  # noqa: BLE001 - libraries refuse a device in many ways
            return str(error)
        return None

    @property
    def sitting(self) -> Sitting:
        """The captions with their seeds."""
        return Sitting(self.terms.captions, self.terms.seed, self.terms.group)

    @property
    def _rounds(self) -> int:
        return -(-len(self.terms.captions) // self.terms.group)
