"""Contact sheets: pictures in a grid with their captions."""

import textwrap
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

CELL = 128
GAP = 6
TEXT_ROWS = 3
LINE = 12


def _cell_height(captioned: bool) -> int:
    return CELL + GAP + (TEXT_ROWS * LINE if captioned else 0)


def contact_sheet(
    pictures: Sequence[Image.Image], columns: int, captions: Sequence[str] = ()
) -> Image.Image:
    """The pictures row by row, each with its caption below where captions are given."""
    rows, height = -(-len(pictures) // columns), _cell_height(bool(captions))
    sheet = Image.new("RGB", (columns * (CELL + GAP) + GAP, rows * height + GAP), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(10)
    for index, picture in enumerate(pictures):
        left, top = GAP + index % columns * (CELL + GAP), GAP + index // columns * height
        sheet.paste(picture, (left, top))
        if captions:
            text = "\n".join(textwrap.wrap(captions[index], 25)[:TEXT_ROWS])
            pen.multiline_text((left, top + CELL + 1), text, fill="black", font=font, spacing=1)
    return sheet


def labelled_rows(
    rows: Sequence[tuple[str, Sequence[Image.Image]]], captions: Sequence[str]
) -> Image.Image:
    """One row of pictures for each label, the captions on top: a sheet by sampler and steps."""
    margin, head, count = 70, TEXT_ROWS * LINE + GAP, len(captions)
    size = (margin + count * (CELL + GAP), head + len(rows) * (CELL + GAP))
    sheet, font = Image.new("RGB", size, "white"), ImageFont.load_default(10)
    pen = ImageDraw.Draw(sheet)
    for column, caption in enumerate(captions):
        text = "\n".join(textwrap.wrap(caption, 25)[:TEXT_ROWS])
        pen.multiline_text((margin + column * (CELL + GAP), 2), text, fill="black", font=font)
    for row, (label, pictures) in enumerate(rows):
        top = head + row * (CELL + GAP)
        pen.text((4, top + CELL // 2), label, fill="black", font=font)
        for column, picture in enumerate(pictures):
            sheet.paste(picture, (margin + column * (CELL + GAP), top))
    return sheet
