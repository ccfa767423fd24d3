"""Sprites from the Noto Color Emoji font (SIL Open Font License 1.1)."""

from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

FONT = Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")
BITMAP_SIZE = 109


class ArtMissing(RuntimeError):
    """Raised when the font the sprites come from is not installed."""


def check() -> None:
    """Raises ArtMissing, saying what to install, where the font is not there."""
    if not FONT.exists():
        raise ArtMissing(
            f"{FONT} is missing. Install the Debian package fonts-noto-color-emoji "
            "(apt-get install fonts-noto-color-emoji) and run again."
        )


@cache
def _font() -> ImageFont.FreeTypeFont:
    check()
    return ImageFont.truetype(str(FONT), BITMAP_SIZE)


@cache
def sprite(emoji: str, size: int) -> np.ndarray:
    """The emoji fitted into a square: [size, size, 4] float32 in 0..1, colour premultiplied."""
    canvas = Image.new("RGBA", (160, 160), (0, 0, 0, 0))
    ImageDraw.Draw(canvas).text((10, 10), emoji, font=_font(), embedded_color=True)
    cut = canvas.crop(canvas.getbbox())
    side = max(cut.size)
    square = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    square.paste(cut, ((side - cut.width) // 2, side - cut.height))
    pixels = np.asarray(square, np.float32) / 255
    pixels[..., :3] *= pixels[..., 3:]
    return _shrink(pixels, size)


def _shrink(pixels: np.ndarray, size: int) -> np.ndarray:
    channels = [
        Image.fromarray(pixels[..., channel]).resize((size, size), Image.Resampling.BOX)
        for channel in range(4)
    ]
    return np.stack([np.asarray(channel) for channel in channels], -1)
