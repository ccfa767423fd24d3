"""Whether a linear model's assumptions hold for what it was fitted to."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.diagnostic import het_breuschpagan

from worker.study.anova.model import Model
from worker.study.anova.sample import Doubles

SIGNIFICANT = 0.05
ROUNDING = 1e-9
FEWEST, MOST = 3, 5000
"""Runs for which Shapiro and Wilk's p is known"""


@dataclass(frozen=True)
class Check:
    """A test whose null hypothesis is that the assumption holds."""

    test: str
    statistic: float
    p: float

    @property
    def held(self) -> bool:
        """Whether nothing speaks against the assumption at 5 %."""
        return self.p >= SIGNIFICANT


@dataclass(frozen=True)
class LackOfFit(Check):
    """F of what the model leaves between cells, over what runs of the same cell differ by
    (Montgomery, Design and Analysis of Experiments, §11.2)."""

    df: int
    pure_df: int


def checks(model: Model) -> dict[str, Check | None]:
    """Each assumption's; None where the runs do not suffice for it, or leave no error."""
    tests: dict[str, Callable[[Model], Check | None]] = {
        "normal": normal,
        "equal_variance": equal_variance,
        "order": order,
        "lack_of_fit": lack_of_fit,
    }
    exact = model.residual.sum_sq <= 1e-20 * float(np.square(model.sample.response).sum())
    return {name: None if exact else test(model) for name, test in tests.items()}


def normal(model: Model) -> Check | None:
    """Shapiro and Wilk's test of the residuals."""
    if not FEWEST <= len(model.residuals) <= MOST:
        return None
    found = stats.shapiro(model.residuals)
    return Check("Shapiro–Wilk W", float(found.statistic), float(found.pvalue))


def equal_variance(model: Model) -> Check | None:
    """Whether the residuals' variance follows the fitted values: Breusch and Pagan's test in
    Koenker's form. It needs no replicates, as tests between cells do; but residuals that cannot
    differ in size, as those with a single degree of freedom, have one variance only."""
    squares = np.square(model.raw_residuals)
    if np.ptp(model.fitted) == 0 or np.ptp(squares) <= ROUNDING * squares.max():
        return None
    lagrange, p, _, _ = het_breuschpagan(model.raw_residuals, sm.add_constant(model.fitted))
    return Check("Breusch–Pagan χ²", float(lagrange), float(p))


def order(model: Model) -> Check | None:
    """Whether runs change with their turn: t of the order as one more term of the model."""
    turn = model.sample.order
    if turn is None or model.residual.df < 2:
        return None
    columns = [np.ones(len(turn)), *(model.sample.coded(term) for term in model.terms), turn]
    design = np.column_stack(columns)
    if np.linalg.matrix_rank(design) < design.shape[1]:
        return None
    found = sm.OLS(model.sample.response, design).fit()
    return Check("t of the order", float(found.tvalues[-1]), float(found.pvalues[-1]))


def lack_of_fit(model: Model) -> LackOfFit | None:
    """What the model leaves, against pure error; None without replicates."""
    response = model.sample.response
    cells = list(model.sample.cells())
    pure = sum(_squares(response[cell]) for cell in cells)
    pure_df = len(response) - len(cells)
    df = model.residual.df - pure_df
    if min(df, pure_df) < 1 or pure <= 0:
        return None
    f = max(0.0, model.residual.sum_sq - pure) / df / (pure / pure_df)
    return LackOfFit("F lack of fit", f, float(stats.f.sf(f, df, pure_df)), df, pure_df)


def _squares(values: Doubles) -> float:
    return float(np.square(values - values.mean()).sum())
