"""The analysis as a table: both scales side by side, and what speaks against the model."""

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from worker.study.anova import result as anova_result
from worker.study.anova.plots import effects, residuals
from worker.study.anova.sample import Sample, sample
from worker.study.experiment.design import Design
from worker.study.tables import Panel

DESIGN = Design(
    factors=dict.fromkeys("ABCD", (-1, 1)),
    generators=("D = A*B*C",),
    replicates=8,
    interactions=("A*B", "A*C", "A*D"),
)


def made(noise: float) -> Sample:
    """seconds = 2^(3 + A + 0.5 B), with normal noise of their logarithm."""
    rng = np.random.default_rng(2)
    rows = [
        {
            **run.point,
            "order": run.order,
            "seconds": 2 ** (3 + run.point["A"] + 0.5 * run.point["B"] + noise * each),
        }
        for run, each in zip(DESIGN.runs(), rng.standard_normal(64), strict=True)
    ]
    return sample(rows, DESIGN.factors, "seconds", "made")


def found(noise: float, *, log: bool = False) -> anova_result.Analysis:
    return anova_result.analyse(made(noise), DESIGN.pairs, DESIGN.told(), log=log)


def cells(panel: Panel, name: str) -> Sequence[str]:
    [row] = [row for row in panel.rows if row[0] == name]
    return row


def test_both_scales_stand_side_by_side_and_either_first() -> None:
    straight, turned = (anova_result.table(found(0.2, log=log)) for log in (False, True))
    effect, other = cells(straight.panels[0], "A"), cells(turned.panels[0], "A")
    assert effect[3:6] == other[7:10]
    assert other[3:6] == effect[7:10]
    assert straight.panels[0].columns[7] == "log₂ seconds: F"
    assert len(straight.panels[0].rows) == 4 + 3 + 1
    assert cells(straight.panels[0], "A × B")[4] == "< 0.001", "a product is no sum"
    assert float(cells(turned.panels[0], "A × B")[4]) > 0.05
    figures = anova_result.figures(found(0.2, log=True))
    assert figures["response"] == "log₂ seconds"
    assert figures["simple_model"]["response"] == figures["other_scale"]["response"] == "seconds"


@pytest.mark.parametrize("shift", [0.0, 9.0], ids=["positive", "with no logarithm"])
def test_a_response_may_be_called_a_logarithm(shift: float) -> None:
    """Whoever names a column so has taken it already; the analysis takes it as it is."""
    runs = replace(made(0.2), name="log₂ x")
    runs = replace(runs, response=runs.response - shift)
    result = anova_result.analyse(runs, DESIGN.pairs, DESIGN.told())
    assert (result.other is None) == (shift > 0)
    figures = anova_result.figures(result)
    assert figures["response"] == figures["simple_model"]["response"] == "log₂ x"


def test_the_caption_states_aliases_and_what_does_not_hold() -> None:
    caption = anova_result.table(found(0.4)).caption
    assert "resolution 4, I = A × B × C × D" in caption
    assert "A × B + C × D, A × C + B × D, A × D + B × C" in caption
    broken = caption.split("Not held for seconds at 5 %: ")[1].split(".")[0]
    assert "their variance is the same everywhere" in broken
    assert "Not held for log₂" not in anova_result.table(found(0.4, log=True)).caption


def test_a_perfect_fit_is_told_in_json_without_infinities() -> None:
    figures = anova_result.figures(found(0.0, log=True))
    assert json.loads(json.dumps(figures, allow_nan=False))["r_squared"] > 0.999999
    assert anova_result.table(found(0.0, log=True)).latex()


def test_plots_have_a_panel_for_each_question_and_each_factor() -> None:
    model = found(0.2).model
    assert [axes.get_xlabel() for axes in residuals(model).axes] == [
        "fitted seconds",
        "normal quantile",
        "order of the run",
    ]
    shown = {axes.get_title(): axes.lines[-1].get_ydata() for axes in effects(model).axes}
    assert list(shown) == list("ABCD")
    response = model.sample.response
    low = np.mean([y for y, p in zip(response, model.sample.points, strict=True) if p["A"] == "-1"])
    assert shown["A"][0] == low
