"""An analysis of variance as a table, and as figures for programs."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from math import floor, log10
from typing import Any

from worker.study.anova.checks import Check, LackOfFit, checks
from worker.study.anova.model import Coefficient, Effect, Model, fit, simple
from worker.study.anova.plots import CAPTIONS
from worker.study.anova.sample import Sample, Term
from worker.study.records import estimate
from worker.study.tables import Panel, Table
from worker.study.terms import Unusable

NAME = "anova"
ASSUMPTIONS = {
    "normal": "residuals are normal",
    "equal_variance": "their variance is the same everywhere",
    "order": "the order of the runs has no effect",
    "lack_of_fit": "no effect is missing in the model",
}


@dataclass(frozen=True)
class Analysis:
    """A model of the response as it is or of its logarithm, and the other one beside it."""

    model: Model
    other: Model | None
    """None where there is no logarithm"""
    simple: list[Coefficient]
    simple_r_squared: float
    design: Mapping[str, Any]
    log: bool
    """Whether the model is that of the logarithm, and the other one of the response."""

    @property
    def checks(self) -> dict[str, Check | None]:
        """Of the model's assumptions."""
        return checks(self.model)


def analyse(
    sample: Sample,
    pairs: Sequence[Term],
    design: Mapping[str, Any],
    *,
    named: bool = True,
    log: bool = False,
) -> Analysis:
    """Both models and the simple one; Unusable says why the runs do not suffice."""
    seconds = fit(sample, pairs, named=named)
    try:
        ratios = fit(sample.logarithm(), pairs, named=named)
    except Unusable:
        if log:
            raise
        ratios = None
    coefficients, r_squared = simple(sample)
    chosen, other = (ratios, seconds) if log and ratios else (seconds, ratios)
    return Analysis(chosen, other, coefficients, r_squared, design, log)


def figures(found: Analysis) -> dict[str, Any]:
    """What a report needs; what is not known is None."""
    return {
        "design": found.design,
        "runs": len(found.model.sample.response),
        "response": found.model.sample.name,
        **_told(found.model),
        "other_scale": None
        if found.other is None
        else {"response": found.other.sample.name, **_told(found.other)},
        "simple_model": {
            "response": _unit(found).sample.name,
            "coefficients": [_coefficient(each) for each in found.simple],
            "r_squared": found.simple_r_squared,
        },
        "coding": "sum to zero, of the higher level; the first level is the one left out",
        "sums_of_squares": "type II",
        "statsmodels": version("statsmodels"),
        "captions": CAPTIONS,
    }


def _unit(found: Analysis) -> Model:
    """The model of the response as it is."""
    return found.other if found.log and found.other else found.model


def _told(model: Model) -> dict[str, Any]:
    return {
        "terms": [_effect(each) for each in model.effects],
        "coefficients": [_coefficient(each) for each in model.coefficients],
        "r_squared": model.r_squared,
        "adjusted_r_squared": model.adjusted_r_squared,
        "checks": {name: _check(each) for name, each in checks(model).items()},
    }


def _effect(effect: Effect) -> dict[str, Any]:
    told = asdict(effect)
    return {"term": told.pop("term"), "F": told.pop("f"), **told}


def _coefficient(each: Coefficient) -> dict[str, Any]:
    return {"name": each.name, **estimate(each.estimate)}


def _check(check: Check | None) -> dict[str, Any] | None:
    return None if check is None else {**asdict(check), "held": check.held}


def table(found: Analysis) -> Table:
    """The analysis of variance, what the assumptions say, and the simple model."""
    panels = (_variance(found.model, found.other), _assumptions(found), _simple(found))
    return Table(NAME, _caption(found), panels)


def _variance(model: Model, other: Model | None) -> Panel:
    """Of both scales, side by side."""
    columns = ("effect", "df", "SS", "F", "p", "partial η²", "ω²")
    decimals = _decimals(model.effects)
    rows = [_row(each, decimals) for each in model.effects]
    if other is not None:
        columns += (f"{other.sample.name}: F", "p", "partial η²")
        rows = [(*row, *_tested(each)) for row, each in zip(rows, other.effects, strict=True)]
    return Panel(columns, tuple(rows))


def _decimals(effects: Sequence[Effect]) -> int:
    """With which the largest sum of squares has six digits."""
    largest = max(each.sum_sq for each in effects)
    return max(0, 5 - floor(log10(largest)))


def _row(effect: Effect, decimals: int) -> tuple[str, ...]:
    f, p, eta_sq = _tested(effect)
    squares = f"{effect.sum_sq:.{decimals}f}"
    return effect.term, str(effect.df), squares, f, p, eta_sq, _shown(effect.omega_sq, "z.3f")


def _tested(effect: Effect) -> tuple[str, str, str]:
    return (
        _shown(effect.f, "z.2f"),
        probability(effect.p),
        _shown(effect.eta_sq_partial, "z.3f"),
    )


def _shown(figure: float | None, form: str) -> str:
    return "" if figure is None else format(figure, form).replace("-", "−")


def probability(p: float | None) -> str:
    """Three digits, or that it is smaller."""
    return "" if p is None else "< 0.001" if p < 0.001 else f"{p:.3f}"


def _assumptions(found: Analysis) -> Panel:
    models = [each for each in (found.model, found.other) if each is not None]
    tested = [checks(each) for each in models]
    columns = ("assumption", *(f"{each.sample.name}: p" for each in models), "test")
    rows = [
        (said, *(probability(each[name].p) if each[name] else "" for each in tested), _test(each))
        for name, said in ASSUMPTIONS.items()
        if (each := tested[0][name]) is not None
    ]
    return Panel(columns, tuple(rows) or (("no run is left to test them with", *columns[1:]),))


def _test(check: Check) -> str:
    freedom = f" ({check.df}, {check.pure_df} df)" if isinstance(check, LackOfFit) else ""
    return check.test + freedom


def _simple(found: Analysis) -> Panel:
    rows = [(each.name, each.estimate.ends(4)) for each in found.simple]
    return Panel(("simple model", "coefficient"), tuple(rows))


def _caption(found: Analysis) -> str:
    model, runs = found.model, len(found.model.sample.response)
    said = [
        f"Analysis of variance (SS: sums of squares, type II) of {runs} runs; "
        f"{model.sample.name}: R² = {model.r_squared:.3f}, adjusted {model.adjusted_r_squared:.3f}."
    ]
    if found.other is not None:
        said.append(
            f"{found.other.sample.name}: R² = {found.other.r_squared:.3f}. Effects on a log₂ are "
            "ratios: one more is twice as much."
        )
    said += [*_aliased(found), *_broken(found)]
    said.append(
        "Simple model: main effects alone, in the unit of the response for one more of a factor "
        "whose levels are numbers, and for another level instead of the first; "
        f"R² = {found.simple_r_squared:.3f}. Brackets: 95 % intervals."
    )
    return " ".join(said)


def _aliased(found: Analysis) -> list[str]:
    words = found.design.get("defining_relation")
    if not words:
        return []
    pairs = [
        " + ".join(pair) for chain in found.design["aliases"] if len(pair := _pairs(chain)) > 1
    ]
    told = f" Each stands for the sum: {', '.join(pairs)}." if pairs else ""
    relation = " = ".join(["I", *words]).replace("*", " × ")
    return [
        f"A fraction of resolution {found.design['resolution']}, {relation}.{told}".replace(
            "*", " × "
        )
    ]


def _pairs(chain: Sequence[str]) -> list[str]:
    return [word for word in chain if word.count("*") <= 1]


def _broken(found: Analysis) -> list[str]:
    broken = [ASSUMPTIONS[name] for name, each in found.checks.items() if each and not each.held]
    if not broken:
        return []
    return [f"Not held for {found.model.sample.name} at 5 %: {'; '.join(broken)}."]
