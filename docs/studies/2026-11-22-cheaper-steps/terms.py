"""What both scripts of this study share: the models, the options, the table."""

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from statistics import fmean

import torch

from services.contract import settings
from worker import chatter
from worker.study import records
from worker.study.estimates import middle
from worker.study.judging.pictures import per_picture
from worker.study.judging.studio import Judged, Studio
from worker.study.options import HELD_OUT
from worker.study.tables import Panel, Table
from worker.study.terms import Terms, read_captions

COLUMNS = (
    "setting", "steps", "s a picture", "CLIPScore", "Fréchet", "CLIPScore − fewer",
    "Fréchet − fewer",
)  # fmt: skip


def studio(description: str | None) -> tuple[Studio, int]:
    """The shipped illustrator on one thread, with as many captions as the command line says; and
    the steps of a picture."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=144, help="captions (144)")
    parser.add_argument("--steps", type=int, default=10, help="of a picture (10)")
    options = parser.parse_args()
    torch.set_num_threads(1)
    chatter.quiet()
    captions = read_captions(HELD_OUT, options.count)
    terms = Terms(captions, seed=1, group=24, in_flight=8, guidance_scale=3.0)
    return Studio.open(settings.load(os.environ), terms), options.steps


def twin(name: str) -> str:
    """What the setting of as much work, in plain fewer steps, is called."""
    return f"fewer steps, as {name}"


def write(name: str, caption: str, judged: Mapping[str, Judged]) -> None:
    """Print the table, and keep it beside this file with its records."""
    rows = tuple(_row(each, judged) for each in judged)
    table = Table(name, f"{caption} {len(_captions(judged))} captions.", (Panel(COLUMNS, rows),))
    figures = {row[0]: dict(zip(COLUMNS[1:], row[1:], strict=True)) for row in rows}
    result = {**records.conditions(), "figures": figures}
    records.write(Path(__file__).parent, table, result, per_picture(judged))
    print(table.markdown())


def _captions(judged: Mapping[str, Judged]) -> tuple[float, ...]:
    return next(iter(judged.values())).verdict.scores


def _row(name: str, judged: Mapping[str, Judged]) -> tuple[str, ...]:
    one, fewer = judged[name], judged.get(twin(name))
    apart = one.verdict.minus(fewer.verdict) if fewer else ()
    return (
        name,
        f"{fmean(one.sheet.steps):.1f}",
        middle(one.sheet.seconds).ends(3),
        one.verdict.clip_score.spread(2),
        one.verdict.frechet.spread(2),
        *(each.spread(2) for each in apart),
        *[""] * (2 - len(apart)),
    )
