"""Judges the shipped illustrator: python -m models.training.evaluation --out docs/studies/..."""

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline
from PIL import Image
from tqdm import tqdm

from models.training import judge, report, scenes, world
from models.training.backgrounds import VARIANTS
from models.training.drawing import SAMPLERS, draw, load_pipeline
from models.training.exam import Exam, Row, held_out, plain, real_pictures

STEPS = (2, 3, 5, 10, 20, 50, 100)


def _row(exam: Exam, sampler: str, steps: int) -> Row:
    began = time.process_time()
    drawn = draw(exam.pipeline, exam.captions, sampler, steps, exam.guidance)
    seconds = (time.process_time() - began) / len(drawn)
    return _judged(exam, drawn, (sampler, steps, seconds))


def _judged(exam: Exam, drawn: list[Image.Image], how: tuple[str, int, float]) -> Row:
    seen, said = exam.judge.pictures(drawn), exam.judge.captions(exam.captions)
    sampler, steps, seconds = how
    scores = (judge.clip_score(seen, said), judge.frechet(seen, exam.real))
    return Row(sampler, steps, *scores, judge.recall(seen, said), seconds)


@torch.no_grad()
def _reconstructed(pipeline: StableDiffusionPipeline, real: list[Image.Image]) -> list[Image.Image]:
    pixels = pipeline.image_processor.preprocess(real)
    drawn = pipeline.vae.decode(pipeline.vae.encode(pixels).latent_dist.mode()).sample
    return pipeline.image_processor.postprocess(drawn)


def table(exam: Exam, group: list[scenes.Scene], steps: Sequence[int]) -> list[Row]:
    """Every sampler at every number of steps, then the autoencoder alone and real pictures."""
    plans = [(sampler, count) for sampler in SAMPLERS for count in steps]
    rows = [_row(exam, *plan) for plan in tqdm(plans, desc="table")]
    real = real_pictures(group)
    rebuilt = _judged(exam, _reconstructed(exam.pipeline, real), ("autoencoder", 0, 0.0))
    return [*rows, rebuilt, _judged(exam, real, ("real", 0, 0.0))]


def naming(examiner: judge.Judge, drawn: list[Image.Image], group: list[scenes.Scene]) -> float:
    """Share of one-subject pictures whose subject is the best of all subjects, all else equal."""
    hits = 0
    for picture, scene in zip(examiner.pictures(drawn), group, strict=True):
        others = [replace(scene, subjects=(each.name,)) for each in world.SUBJECTS]
        best = int((examiner.captions(plain(others)) @ picture).argmax())
        hits += others[best].subjects == scene.subjects
    return hits / len(group)


def _recalls_of(
    exam: Exam, group: list[scenes.Scene], pictures: list[Image.Image], name: str
) -> dict[str, float]:
    said = exam.judge.captions(plain(group))
    found = {f"{name}_of_32": judge.recall(exam.judge.pictures(pictures), said)}
    if len(group[0].subjects) == 1:
        found[f"{name}_named_of_{len(world.SUBJECTS)}"] = naming(exam.judge, pictures, group)
    return found


def recalls(exam: Exam, count: int) -> dict[str, float]:
    """Retrieval at DDIM 50 with one subject and with two, and the same for real pictures."""
    found: dict[str, float] = {}
    for subjects, name in ((1, "one_subject"), (2, "two_subjects")):
        group = held_out(count, subjects)
        drawn = draw(exam.pipeline, plain(group), "ddim", 50, exam.guidance)
        found |= _recalls_of(exam, group, drawn, name)
        found |= _recalls_of(exam, group, real_pictures(group), f"{name}_real")
    return found


def _mixed(count: int) -> list[scenes.Scene]:
    return [*held_out(count // 2, 1), *held_out(count // 2, 2)]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m models.training.evaluation", description=__doc__
    )
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--out", type=Path, required=True, help="folder for table and sheets")
    parser.add_argument("--count", type=int, default=192, help="pictures a row of the table")
    parser.add_argument("--guidance", type=float, default=3.0)
    parser.add_argument("--steps", type=int, nargs="+", default=STEPS)
    parser.add_argument("--json", action="store_true", help="one JSON line last")
    return parser


def _exam(arguments: argparse.Namespace, group: list[scenes.Scene]) -> Exam:
    examiner = judge.Judge(arguments.models / "clip")
    painted = [replace(scene, variant=each) for scene in group for each in range(VARIANTS)]
    real = examiner.pictures(real_pictures(painted))
    pipeline = load_pipeline(arguments.models / "illustrator")
    return Exam(pipeline, examiner, plain(group), real, arguments.guidance)


def main() -> None:
    """Writes table.csv, result.json and the sheets into the folder."""
    arguments = _parser().parse_args()
    torch.set_num_threads(1)
    arguments.out.mkdir(parents=True, exist_ok=True)
    group = _mixed(arguments.count)
    exam = _exam(arguments, group)
    found = recalls(exam, arguments.count // 2)
    rows = table(exam, group, arguments.steps)
    report.write_table(rows, arguments.out)
    report.write_sheets(exam, arguments.out, arguments.steps)
    result = {"recall": found, "guidance": arguments.guidance, "rows": [asdict(r) for r in rows]}
    (arguments.out / "result.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps({"recall": found}) if arguments.json else f"written to {arguments.out}")


if __name__ == "__main__":
    main()
