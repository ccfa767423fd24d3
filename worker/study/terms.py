"""What a study draws, and how."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from services.contract.ladder import ImageLevel


class Unusable(ValueError):
    """A study cannot be made of what was given; the message says what is allowed."""


@dataclass(frozen=True)
class Terms:
    """The same for every arm."""

    captions: tuple[str, ...]
    seed: int
    """Of the first caption; the next one has the next seed."""
    group: int
    """Captions that an arm draws before the next one does"""
    in_flight: int
    """Pictures that step together"""
    guidance_scale: float
    inception: Path | None = None
    """A file with the network that Fréchet distances are of; None: the CLIP"""

    def level(self, **options: object) -> ImageLevel:
        """A level with these options and the study's guidance; Unusable says what is allowed."""
        try:
            return ImageLevel(**{"guidance_scale": self.guidance_scale, **options})
        except ValidationError as error:
            raise Unusable(f"there is no such level: {error}") from error


def read_captions(file: Path, count: int) -> tuple[str, ...]:
    """The first `count` lines of a file; Unusable says what is wrong with it."""
    try:
        lines = [line for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise Unusable(f"the captions cannot be read ({error}): name a text file") from error
    if not 2 <= count <= len(lines):
        raise Unusable(f"--count must be from 2 to the {len(lines)} captions of {file}")
    return tuple(lines[:count])
