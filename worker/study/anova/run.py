"""From options to an analysis of variance of books, or of whatever runs a CSV file has."""

import argparse
from collections.abc import Sequence
from itertools import combinations
from typing import Any

from services.contract.settings import Settings
from worker.study.anova import plots, result
from worker.study.anova.result import Analysis
from worker.study.anova.sample import Sample, Term, read_csv, sample
from worker.study.experiment import design
from worker.study.experiment.book_setting import BookSetting, defaults
from worker.study.experiment.design import SHIPPED, Design
from worker.study.experiment.runs import JOURNAL, make
from worker.study.records import Record, conditions
from worker.study.terms import Unusable, read_captions

SECONDS = "seconds"


def found(options: argparse.Namespace, settings: Settings) -> tuple[Analysis, list[Record]]:
    """The analysis and its runs; the plots are in options.out.

    Raises Unusable, ModelError or ModelMissing, which say what to do.
    """
    _check(options)
    made, rows = _analysed(options) if options.analyse else _measured(options, settings)
    plots.save(made.model, options.out)
    return made, rows


def _check(options: argparse.Namespace) -> None:
    """Options that a design file, or the measuring, has no place for."""
    alone = () if options.analyse and not options.design else ("factors", "interactions")
    if not options.analyse:
        alone += ("response",)
    if given := [name for name in alone if getattr(options, name) is not None]:
        raise Unusable(f"--{given[0]} has no meaning here: the design says it, or a book's seconds")


def _measured(options: argparse.Namespace, settings: Settings) -> tuple[Analysis, list[Record]]:
    planned = design.read(options.design or SHIPPED)
    captions = read_captions(options.captions, options.count)
    told = {**conditions(), "captions": [options.captions.name, len(captions)]}
    made = make(planned, settings, captions, options.out, told)
    rows = [each.record() for each in made]
    runs = sample(rows, planned.factors, SECONDS, JOURNAL)
    return of_design(planned, runs, log=options.log), rows


def _analysed(options: argparse.Namespace) -> tuple[Analysis, list[Record]]:
    """The runs of a file: as a design says where one is named, else every column a factor and all
    interactions of two that the runs can tell apart."""
    response = options.response or SECONDS
    if options.design:
        planned = design.read(options.design)
        runs = read_csv(options.analyse, response, planned.factors)
        return of_design(planned, runs, log=options.log), _records(runs)
    runs = read_csv(options.analyse, response, dict.fromkeys(options.factors or ()))
    pairs, named = _pairs(runs, options.interactions)
    told = {"source": options.analyse.name, "factors": runs.factors}
    made = result.analyse(runs, pairs, told, named=named, log=options.log)
    return made, _records(runs)


def of_design(planned: Design, runs: Sample, *, log: bool = False) -> Analysis:
    """The analysis that a design asks for."""
    return result.analyse(
        runs,
        planned.pairs,
        {**planned.told(), "defaults": _held(planned)},
        named=planned.interactions != "two-factor",
        log=log or planned.response == "log seconds",
    )


def _held(planned: Design) -> dict[str, Any]:
    """The factors of a book that do not vary, where it is a design of books."""
    if not set(planned.factors) <= set(BookSetting.model_fields):
        return dict(planned.fixed)
    held = defaults() | planned.fixed
    return {name: level for name, level in held.items() if name not in planned.factors}


def _pairs(runs: Sample, wanted: Sequence[str] | None) -> tuple[list[Term], bool]:
    """Interactions to fit, and whether somebody named them."""
    if wanted is None:
        return list(combinations(runs.factors, 2)), False
    pairs = [tuple(text.split("*")) for text in wanted]
    for pair in pairs:
        if len(pair) != 2 or pair[0] == pair[1] or not set(pair) <= set(runs.factors):
            raise Unusable(
                f"--interactions {'*'.join(pair)}: an interaction is A*B, of two factors of "
                f"{', '.join(runs.factors)}"
            )
    return pairs, True


def _records(runs: Sample) -> list[Record]:
    """What was read of a file."""
    orders = [{}] * len(runs.points) if runs.order is None else [{"order": n} for n in runs.order]
    return [
        {**order, **point, runs.name: float(value)}
        for order, point, value in zip(orders, runs.points, runs.response, strict=True)
    ]
