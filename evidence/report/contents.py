"""What the chapters can speak of: a study's parts, its figures, and where both come from."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from evidence.report.article import Markdown, code, listed
from evidence.report.figures import frontier as drawn_frontier
from evidence.report.figures import live as drawn_live
from evidence.report.figures import pace as drawn_pace
from evidence.report.figures import service as drawn_service
from evidence.report.figures import speed as drawn_speed
from evidence.report.figures import stages as drawn_stages
from evidence.report.figures import validation as drawn_validation
from evidence.report.figures.drawing import Drawn
from evidence.report.live_verdicts import over
from evidence.report.sources import (
    anova,
    cheaper,
    dispatch,
    frontier,
    live,
    models,
    original,
    pace,
    profile,
    served,
    speed,
    strategies,
    validation,
)
from evidence.report.study import Study
from evidence.report.verdicts import verdicts
from evidence.validation.predictions import FAR

DRAWINGS: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "service": ("profile", drawn_service.service),
    "served": ("loops", drawn_service.served),
    "quality": ("profile", drawn_service.quality),
    "effects": ("anova", drawn_stages.effects),
    "responses": ("validation", drawn_validation.responses),
    "scatter": ("validation", drawn_validation.scatter),
    "pace": ("pace", drawn_pace.pace),
    "speed": ("speed", drawn_speed.speed),
    "live-quality": ("validation", drawn_validation.quality),
    "exits": ("early_exit", drawn_stages.exits),
    "frontier": ("frontier", drawn_frontier.frontier),
    "timeline": ("timeline", drawn_live.timeline),
    "books": ("strategies", drawn_stages.books),
    "dispatch": ("dispatch", drawn_stages.dispatch),
    "original": ("original", drawn_stages.original),
}
"""Each figure's part of the study, and what draws it."""


def parts(study: Study) -> dict[str, Any]:
    """Everything that was measured; None for what was not. Raises BadStudy."""
    validated = validation.read(study)
    found = {
        "profile": profile.read(study),
        "anova": anova.read(study),
        "validation": validated,
        "loops": served.loops(study, validated.law if validated else None),
        "pace": pace.pace(validated.played) if validated else None,
        "speed": speed.read(study),
        "models": models.compare(validated, profile.load(study), study.workers),
        "quantization": cheaper.quantization(study),
        "early_exit": cheaper.early_exit(study),
        "frontier": frontier.read(study),
        "timeline": live.read(study),
        "strategies": strategies.load(study),
        "dispatch": dispatch.load(study),
        "original": original.read(study),
    }
    return found | {"verdicts": verdicts(found)}


class Contents:
    """The context of the chapters; remembers which figures and pictures they asked for."""

    def __init__(self, study: Study) -> None:
        """Raises BadStudy for records that cannot be read."""
        self._study = study
        self._parts = parts(study)
        self.figures: dict[str, Drawn] = {}
        self.pictures: dict[str, Path] = {}

    def context(self) -> dict[str, Any]:
        """By name."""
        words = {
            "model_names": models.NAMES,
            "over": over,
            "far": FAR,
            "missing": _missing,
            "figure": self._figure,
            "table": self._table,
            "picture": self._picture,
            "sheet": self._sheet.is_file(),
        }
        return self._parts | words | {"study": self._study}

    @property
    def _sheet(self) -> Path:
        return self._study.folder / "profile" / "contact-sheet.png"

    def _figure(self, name: str, stage: str, caller: Callable[[], str]) -> Markdown:
        part, draw = DRAWINGS[name]
        self.figures[name] = partial(draw, self._parts[part])
        caption = f"{_line(caller)} {self._source(stage)}"
        return Markdown(f"![{caption}](figures/{name}){{#fig:{name} width=100%}}\n")

    def _picture(self, name: str, stage: str, width: int, caller: Callable[[], str]) -> Markdown:
        """A file of the study as it is."""
        self.pictures[name] = self._sheet
        caption = f"{_line(caller)} {self._source(stage)}"
        file = f"figures/{name}{self._sheet.suffix}"
        return Markdown(f"![{caption}]({file}){{#fig:{name} width={width}%}}\n")

    def _table(
        self, name: str, stage: str, caller: Callable[[], str], widths: str = ""
    ) -> Markdown:
        wide = f' widths="{widths}"' if widths else ""
        source = f" {self._source(stage)}" if stage else ""
        return Markdown(f": {_line(caller)}{source} {{#tbl:{name}{wide}}}\n")

    def _source(self, stage: str) -> str:
        commands = [code(each) for each in self._study.made_by(stage)]
        return f"Records: {listed(commands)}."


def _line(caller: Callable[[], str]) -> str:
    return " ".join(caller().split())


def _missing(stage: str) -> Markdown:
    how = code(f'make study ARGS="--only {stage}"')
    return Markdown(f"*Not measured in this study: run {how}.*")
