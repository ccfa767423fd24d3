"""Where settings are compared: the image model, its judge, and one reference for all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from torch import Tensor

from services.contract.settings import Settings
from worker.batching.clip_watch import ClipWatch, clip_for
from worker.batching.denoiser import Denoiser
from worker.batching.engine import Engine
from worker.image_worker import SHIPPED_ILLUSTRATOR
from worker.study.gallery import Arm, Sheet, Sitting, draw, plain
from worker.study.judge import Judge, Verdict
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
        return cls(denoiser, ClipWatch.load(clip, device=settings.device), terms)

    def compare(self, arms: Sequence[Arm]) -> dict[str, Judged]:
        """Every arm's sheet, judged beside one reference; slow, with a bar on standard error.

        The reference for the Fréchet distance are pictures of the same captions with other seeds,
        by the best setting (BEST), since a model's own pictures are the only ones at hand.
        """
        judge, rounds = Judge(self.watch), -(-len(self.terms.captions) // self.terms.group)
        with self.engine() as engine, progress(rounds * (1 + len(arms)), "drawn") as tell:
            best = plain("reference", self.terms.level(**BEST))
            others = draw(engine, [best], self._sitting(self.terms.seed + OTHER_SEEDS), tell)
            sheets = draw(engine, arms, self._sitting(self.terms.seed), tell)
        reference = judge.vectors(others[best.name].pictures)
        with progress(len(sheets), "judged") as tell:
            return {
                name: (self._judged(judge, sheet, reference), tell())[0]
                for name, sheet in sheets.items()
            }

    def engine(self) -> Engine:
        """An engine that leaves early by the judge's CLIP."""
        return Engine(self.denoiser, cap=self.terms.in_flight, clip=self.watch)

    def obstacle(self, arm: Arm) -> str | None:
        """Why an arm cannot be drawn, if it cannot."""
        [level] = arm.levels({}, 1)
        try:
            self.denoiser.check(level)
            with self.engine() as engine:
                [request] = self._sitting(self.terms.seed).requests(0, [level])
                engine.submit(request).result()
        except Exception as error:  # noqa: BLE001 - libraries refuse a device in many ways
            return str(error)
        return None

    def _judged(self, judge: Judge, sheet: Sheet, reference: Tensor) -> Judged:
        return Judged(sheet, judge.judge(sheet.pictures, self.terms.captions, reference))

    def _sitting(self, seed: int) -> Sitting:
        return Sitting(self.terms.captions, seed, self.terms.group)
