"""Writes what the evaluation found: the table, and sheets to look at."""

import csv
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from models.training import sheets
from models.training.drawing import SAMPLERS, draw
from models.training.exam import Exam, Row, held_out, plain

SENTENCES = (
    "Once a little fox walked into the forest at night.",
    "Pip the penguin found a huge red balloon on the ice, and laughed!",
    "The brave princess said hello to a friendly dragon by the shore",
    "A storybook illustration of a very sleepy bear under the moon",
    "an astronaut's rocket in the desert at sunset",
    "Two mice",
    "a xylophone in the garden",
    "",
)


def write_sheets(exam: Exam, out: Path, steps: Sequence[int]) -> None:
    """contact-sheet.png, sentences.png, and steps.png with a row for each sampler and steps."""
    texts = plain(held_out(40, 1)) + plain(held_out(24, 2))
    pictures = draw(exam.pipeline, texts, "ddim", 50, exam.guidance)
    sheets.contact_sheet(pictures, 8, texts).save(out / "contact-sheet.png", optimize=True)
    told = draw(exam.pipeline, SENTENCES, "ddim", 50, exam.guidance)
    named = [sentence or "(an empty prompt)" for sentence in SENTENCES]
    sheets.contact_sheet(told, 8, named).save(out / "sentences.png", optimize=True)
    few = texts[:5] + texts[40:43]
    rows = [
        (f"{sampler} {count}", draw(exam.pipeline, few, sampler, count, exam.guidance))
        for sampler in SAMPLERS
        for count in steps
    ]
    sheets.labelled_rows(rows, few).save(out / "steps.png", optimize=True)


def write_table(rows: list[Row], out: Path) -> None:
    """table.csv, a line for each row."""
    with (out / "table.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(asdict(rows[0])))
        writer.writeheader()
        writer.writerows(
            {name: round(value, 4) if isinstance(value, float) else value for name, value in
             asdict(row).items()}
            for row in rows
        )  # fmt: skip
