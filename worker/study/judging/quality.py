"""What each candidate level is worth: CLIPScore, Fréchet distance, and pictures to look at."""

from collections.abc import Mapping, Sequence
from typing import Any

from PIL.Image import Image, Quantize

from models.training.sheets import labelled_rows
from services.contract.ladder import Level
from services.contract.profile import Interval, Profile
from worker.study.estimates import Estimate
from worker.study.judging.gallery import plain
from worker.study.judging.studio import Judged, Studio
from worker.study.records import estimate
from worker.study.tables import Panel, Table

COLUMNS = ("level", "picture s", "CLIPScore", "Fréchet", "CLIPScore − first", "Fréchet − first")
COLOURS = 64
"""Of a contact sheet, so that it is small enough to keep"""


def judge(studio: Studio, levels: Sequence[Level]) -> dict[str, Judged]:
    """What each level drew and what is said of it, by its name; slow, with a bar.

    Levels that draw the same pictures share one verdict. ModelError names what cannot be drawn.
    """
    arms = {level.image: level.name for level in reversed(levels)}
    for level in levels:
        studio.denoiser.check(level.image)
    first = [level for level in levels if arms[level.image] == level.name]
    judged = studio.compare([plain(level.name, level.image) for level in first])
    return {level.name: judged[arms[level.image]] for level in levels}


def scores(judged: Mapping[str, Judged]) -> dict[str, Interval]:
    """Mean CLIPScore of each level with its 95 % interval over captions."""
    return {name: _interval(each.verdict.clip_score) for name, each in judged.items()}


def distinct(judged: Mapping[str, Judged]) -> dict[str, Judged]:
    """Without the levels whose pictures are those of an earlier one."""
    seen: dict[int, str] = {}
    for name, each in judged.items():
        seen.setdefault(id(each), name)
    return {name: judged[name] for name in seen.values()}


def sheet(judged: Mapping[str, Judged], captions: Sequence[str]) -> Image:
    """The pictures of these captions, a row a level."""
    rows = [(name, each.sheet.pictures[: len(captions)]) for name, each in distinct(judged).items()]
    return labelled_rows(rows, captions).quantize(COLOURS, Quantize.MEDIANCUT, dither=0)


def table(found: Profile, judged: Mapping[str, Judged], terms: str) -> Table:
    """A row a level, the first of which the others are compared with."""
    rows = tuple(_row(name, found, judged) for name in judged)
    caption = f"Candidate levels: seconds of a picture alone, from the profile; {terms}"
    return Table("quality", caption, (Panel(COLUMNS, rows),))


def result(judged: Mapping[str, Judged]) -> dict[str, Any]:
    """The table's figures, for programs."""
    return {name: _figures(name, judged) for name in judged}


def _row(name: str, found: Profile, judged: Mapping[str, Judged]) -> tuple[str, ...]:
    verdict, apart = judged[name].verdict, _difference(name, judged)
    return (
        name,
        f"{found.cost(name, 'images').seconds.value:.3f}",
        verdict.clip_score.spread(2),
        verdict.frechet.spread(2),
        *(each.spread(2) for each in apart or ()),
        *[""] * (0 if apart else 2),
    )


def _figures(name: str, judged: Mapping[str, Judged]) -> dict[str, Any]:
    verdict, apart = judged[name].verdict, _difference(name, judged)
    figures = {"clip_score": estimate(verdict.clip_score), "frechet": estimate(verdict.frechet)}
    if apart is None:
        return figures
    score, distance = map(estimate, apart)
    return figures | {"clip_score_minus_first": score, "frechet_minus_first": distance}


def _difference(name: str, judged: Mapping[str, Judged]) -> tuple[Estimate, Estimate] | None:
    """Less the first level, caption by caption; None for pictures that are the first one's."""
    first = next(iter(judged.values()))
    return None if judged[name] is first else judged[name].verdict.minus(first.verdict)


def _interval(figure: Estimate) -> Interval:
    return Interval(value=figure.value, low=figure.low, high=figure.high)
