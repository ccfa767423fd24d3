"""A linear model of a response, and its analysis of variance. Pure: records in, figures out.

Sums of squares are of type II: what an effect explains beside all others that do not contain it.
In a balanced design all types agree; in another, type II tests a main effect whatever the coding,
and with more power than type III where there is no interaction (Langsrud 2003, "ANOVA for
unbalanced data: use type II instead of type III sums of squares", Statistics and Computing 13,
163–167).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf
from statsmodels.stats.anova import anova_lm

from worker.study.anova.estimable import estimable, shown
from worker.study.anova.sample import Doubles, Sample, Term, is_number
from worker.study.estimates import CONFIDENCE, Estimate
from worker.study.terms import Unusable

RESIDUAL = "residual"


@dataclass(frozen=True)
class Effect:
    """A row of the table. With SS for sums of squares and MSE for the residual's mean square:

    partial η² = SS / (SS + SS_residual) (Cohen 1973, Educational and Psychological Measurement 33),
    ω² = (SS − df·MSE) / (SS_total + MSE) (Hays 1963, Statistics for Psychologists), which is
    unbiased up to the ratio and may be below 0.
    """

    term: str
    df: int
    sum_sq: float
    f: float | None = None
    p: float | None = None
    eta_sq_partial: float | None = None
    omega_sq: float | None = None


@dataclass(frozen=True)
class Coefficient:
    """Of the linear model, with its 95 % interval."""

    name: str
    estimate: Estimate


@dataclass(frozen=True)
class Model:
    """What was fitted: the terms, and what they leave."""

    sample: Sample
    terms: list[Term]
    effects: list[Effect]
    """The residual last"""
    coefficients: list[Coefficient]
    r_squared: float
    adjusted_r_squared: float
    fitted: Doubles
    """(runs,)"""
    residuals: Doubles
    """(runs,), studentized: divided by their own standard errors"""
    raw_residuals: Doubles
    """(runs,), in the response's unit"""

    @property
    def residual(self) -> Effect:
        """The error's row."""
        return self.effects[-1]


def fit(sample: Sample, pairs: Sequence[Term], *, named: bool = True) -> Model:
    """Ordinary least squares with main effects and `pairs`, coded to sum to zero; see `estimable`
    for which pairs. Unusable where the runs do not suffice, or do not differ."""
    if np.ptp(sample.response) == 0:
        raise Unusable(f"{sample.name} is the same in all runs, so there is nothing to explain")
    terms = estimable(sample, pairs, named=named)
    codes = {name: f"f{at}" for at, name in enumerate(sample.factors)}
    formula = " + ".join(_formula(term, codes) for term in terms)
    found = smf.ols(f"y ~ {formula}", _coded(sample, codes)).fit()
    table = anova_lm(found, typ=2)
    return Model(
        sample=sample,
        terms=terms,
        effects=_effects(terms, table, float(found.centered_tss)),
        coefficients=_coefficients(found, _Names(sample)),
        r_squared=float(found.rsquared),
        adjusted_r_squared=float(found.rsquared_adj),
        fitted=found.fittedvalues.to_numpy(),
        residuals=_studentized(found),
        raw_residuals=found.resid.to_numpy(),
    )


def simple(sample: Sample) -> tuple[list[Coefficient], float]:
    """Main effects alone, as one would say them, and R²: units of the response for one more of a
    factor whose levels are numbers, and for another level instead of the first."""
    codes = {name: f"f{at}" for at, name in enumerate(sample.factors)}
    data = _coded(sample, codes)
    parts = []
    for name, code in codes.items():
        if all(map(is_number, sample.factors[name])):
            data[code] = [float(point[name]) for point in sample.points]
            parts.append(code)
        else:
            parts.append(f"C({code}, Treatment('0'))")
    found = smf.ols(f"y ~ {' + '.join(parts)}", data).fit()
    names = ["intercept", *sample.factors]
    coefficients = _coefficients(found, _Names(sample))
    coefficients.sort(key=lambda each: names.index(each.name.split(" = ")[0]))
    return coefficients, float(found.rsquared)


def _coded(sample: Sample, codes: Mapping[str, str]) -> pd.DataFrame:
    """Levels by their place: names may mean something to a formula. The highest comes first, so
    that the coefficient of a factor with two levels is of the higher one."""
    data: dict[str, Any] = {"y": sample.response}
    for name, code in codes.items():
        levels = sample.factors[name]
        places = [str(levels.index(point[name])) for point in sample.points]
        data[code] = pd.Categorical(places, [str(at) for at in reversed(range(len(levels)))])
    return pd.DataFrame(data)


def _formula(term: Term, codes: Mapping[str, str]) -> str:
    return ":".join(f"C({codes[name]}, Sum)" for name in term)


def _effects(terms: Sequence[Term], table: pd.DataFrame, total: float) -> list[Effect]:
    rest = table.loc["Residual"]
    error, mean_square = float(rest["sum_sq"]), float(rest["sum_sq"] / rest["df"])
    rows = table.drop("Residual").itertuples(index=False, name=None)
    made = [
        Effect(
            shown(term), int(df), sum_sq, _known(f), _known(p),
            eta_sq_partial=sum_sq / (sum_sq + error) if sum_sq + error else None,
            omega_sq=(sum_sq - df * mean_square) / (total + mean_square),
        )
        for term, (sum_sq, df, f, p) in zip(terms, rows, strict=True)
    ]  # fmt: skip
    return [*made, Effect(RESIDUAL, int(rest["df"]), error)]


def _known(figure: float) -> float | None:
    """None for what is no number: F where the model leaves no error."""
    return float(figure) if np.isfinite(figure) else None


def _coefficients(found: Any, names: "_Names") -> list[Coefficient]:
    ends = found.conf_int(1 - CONFIDENCE).to_numpy().tolist()
    return [
        Coefficient(names.of(name), Estimate(float(value), low, high))
        for (name, value), (low, high) in zip(found.params.items(), ends, strict=True)
    ]


class _Names:
    """From a formula's names, such as `C(f0, Sum)[S.1]:C(f3, Sum)[S.2]`, to ours."""

    def __init__(self, sample: Sample) -> None:
        self._factors = list(sample.factors.items())

    def of(self, name: str) -> str:
        """`tokens = 64 × steps = 25`; a numeric column is named alone."""
        if name == "Intercept":
            return "intercept"
        return " × ".join(map(self._part, name.split(":")))

    def _part(self, text: str) -> str:
        code = re.search(r"f(\d+)", text)
        level = re.search(r"\[[ST]\.(\d+)\]", text)
        factor, levels = self._factors[int(code[1])] if code else (text, ())
        return f"{factor} = {levels[int(level[1])]}" if level else factor


def _studentized(found: Any) -> Doubles:
    """Internally studentized residuals; 0 where a run decides its own fitted value."""
    leverage = found.get_influence().hat_matrix_diag
    spread = np.sqrt(found.mse_resid * np.clip(1 - leverage, 0, None))
    residuals = found.resid.to_numpy()
    return np.divide(residuals, spread, out=np.zeros_like(residuals), where=spread > 1e-12)
