"""Which effects the runs of a design can tell apart."""

from collections.abc import Sequence

import numpy as np

from worker.study.anova.sample import Doubles, Sample, Term
from worker.study.terms import Unusable


def shown(term: Term) -> str:
    """`tokens`, or `tokens × steps`."""
    return " × ".join(term)


def estimable(sample: Sample, pairs: Sequence[Term], *, named: bool) -> list[Term]:
    """The main effects, and of `pairs` those that add to them, in order.

    A pair is left out that is aliased with an effect before it, wholly or in part, or that would
    leave no run for the error. Where it was `named`, Unusable says which it is; always where main
    effects cannot be told apart.
    """
    chosen: list[Term] = []
    columns = np.ones((len(sample.response), 1))
    for term in [*((name,) for name in sample.factors), *pairs]:
        wider = np.hstack([columns, sample.coded(term)])
        if _tells_apart(wider):
            chosen.append(term)
            columns = wider
        elif named or len(term) == 1:
            raise Unusable(
                f"the effect of {shown(term)} cannot be told from those before it, or leaves no "
                f"run of {len(sample.response)} for the error: fit fewer interactions, or make "
                "more runs"
            )
    return chosen


def _tells_apart(columns: Doubles) -> bool:
    runs, parameters = columns.shape
    return parameters < runs and np.linalg.matrix_rank(columns) == parameters
