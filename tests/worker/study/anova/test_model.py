"""The analysis of variance, against published tables and effects that were put in."""

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from worker.study.anova import checks
from worker.study.anova.estimable import estimable
from worker.study.anova.model import Model, fit, simple
from worker.study.anova.sample import Sample, sample
from worker.study.terms import Unusable

FILTRATION = (45, 71, 48, 65, 68, 60, 80, 65, 43, 100, 45, 104, 75, 86, 70, 96)
"""A pilot plant's filtration rate, 2^4 in standard order (Montgomery, Design and Analysis of
Experiments, example 6.2)."""
HALF = ("(1)", "ab", "ac", "bc", "ad", "bd", "cd", "abcd")
"""Those of its runs where D = ABC (the same, example 8.1)."""
BATTERY = {
    ("1", "15"): (130, 155, 74, 180), ("1", "70"): (34, 40, 80, 75), ("1", "125"): (20, 70, 82, 58),
    ("2", "15"): (150, 188, 159, 126), ("2", "70"): (136, 122, 106, 115),
    ("2", "125"): (25, 70, 58, 45),
    ("3", "15"): (138, 110, 168, 160), ("3", "70"): (174, 120, 150, 139),
    ("3", "125"): (96, 104, 82, 60),
}  # fmt: skip
"""Hours of a battery's life by plate material and temperature (the same, example 5.1)."""


def filtration(labels: Iterable[str] | None = None) -> Sample:
    rows = []
    for signs, rate in zip(itertools.product((-1, 1), repeat=4), FILTRATION, strict=True):
        point = dict(zip("ABCD", reversed(signs), strict=True))
        label = "".join(name for name in "ABCD" if point[name] == 1).lower() or "(1)"
        if labels is None or label in labels:
            rows.append({**point, "rate": rate})
    return sample(rows, dict.fromkeys("ABCD", (-1, 1)), "rate", "filtration")


def battery() -> Sample:
    rows = [
        {"material": material, "temperature": temperature, "hours": hours}
        for (material, temperature), life in BATTERY.items()
        for hours in life
    ]
    levels = {"material": ("1", "2", "3"), "temperature": ("15", "70", "125")}
    return sample(rows, levels, "hours", "battery")


def planted(runs: int, noise: float, *, seed: int = 5, kept: Sequence[int] | None = None) -> Sample:
    """y = 10 + 2a + 3b + 1.5ab with a, b = ±1, and normal noise."""
    rng = np.random.default_rng(seed)
    points = [(a, b) for a in (-1, 1) for b in (-1, 1) for _ in range(runs // 4)]
    rows = [
        {"a": a, "b": b, "y": 10 + 2 * a + 3 * b + 1.5 * a * b + noise * rng.standard_normal()}
        for a, b in points
    ]
    for turn, row in zip(rng.permutation(len(rows)), rows, strict=True):
        row["order"] = int(turn) + 1
    chosen = rows if kept is None else [rows[at] for at in kept]
    return sample(chosen, {"a": (-1, 1), "b": (-1, 1)}, "y", "planted")


def effects(model: Model) -> dict[str, tuple[int, float, float | None]]:
    return {each.term: (each.df, each.sum_sq, each.f) for each in model.effects}


def test_battery_life_is_the_published_table() -> None:
    model = fit(battery(), [("material", "temperature")])
    found = effects(model)
    published = {
        "material": (2, 10683.72, 7.91),
        "temperature": (2, 39118.72, 28.97),
        "material × temperature": (4, 9613.78, 3.56),
    }
    for term, (df, sum_sq, f) in published.items():
        assert found[term] == (df, pytest.approx(sum_sq, abs=0.006), pytest.approx(f, abs=0.006))
    df, error, _ = found["residual"]
    assert (df, error) == (27, pytest.approx(18230.75, abs=0.006))
    assert sum(each for _, each, _ in found.values()) == pytest.approx(77646.97, abs=0.006)
    assert [each.p for each in model.effects[:3]] == [
        pytest.approx(0.0020, abs=5e-5),
        pytest.approx(1.9e-7, abs=1e-8),
        pytest.approx(0.0186, abs=5e-5),
    ]
    assert checks.lack_of_fit(model) is None, "the cells are all fitted"


def test_effect_sizes_are_their_formulas() -> None:
    model = fit(battery(), [("material", "temperature")])
    mean_square = 18230.75 / 27
    for each in model.effects[:3]:
        assert each.eta_sq_partial == pytest.approx(
            each.df * each.f / (each.df * each.f + 27), rel=1e-9
        ), "partial η² from F alone"
        assert each.omega_sq == pytest.approx(
            (each.sum_sq - each.df * mean_square) / (77646.97 + mean_square), rel=1e-5
        )


def test_filtration_is_the_published_table() -> None:
    runs = replace_factors(filtration(), "ACD")
    model = fit(runs, [("A", "C"), ("A", "D"), ("C", "D")])
    published = {
        "A": (1870.56, 21.625),
        "C": (390.06, 9.875),
        "D": (855.56, 14.625),
        "A × C": (1314.06, -18.125),
        "A × D": (1105.56, 16.625),
        "C × D": (5.06, -1.125),
    }
    found = effects(model)
    halves = {each.name: each.estimate.value for each in model.coefficients}
    for term, (sum_sq, effect) in published.items():
        assert found[term][:2] == (1, pytest.approx(sum_sq, abs=0.006))
        assert 2 * halves[named(term)] == pytest.approx(effect)
    assert found["residual"][1] == pytest.approx(179.52 + 10.56, abs=0.02), "with A × C × D"


def named(term: str) -> str:
    """The coefficient of a term whose factors are −1 and 1."""
    return " × ".join(f"{factor} = 1" for factor in term.split(" × "))


def replace_factors(runs: Sample, names: str) -> Sample:
    """The same runs with these factors alone."""
    return replace(runs, factors={name: runs.factors[name] for name in names})


def test_the_half_fraction_has_the_published_effects() -> None:
    runs = filtration(HALF)
    terms = estimable(runs, list(itertools.combinations("ABCD", 2)), named=False)
    assert terms == [("A",), ("B",), ("C",), ("D",), ("A", "B"), ("A", "C")], "one each of a chain"
    model = fit(runs, [("A", "C"), ("A", "D")])
    effect = {each.name: 2 * each.estimate.value for each in model.coefficients}
    published = {"A": 19.0, "B": 1.5, "C": 14.0, "D": 16.5, "A × C": -18.5, "A × D": 19.0}
    for term, size in published.items():
        assert effect[named(term)] == pytest.approx(size)


def test_an_aliased_interaction_is_refused_by_its_name() -> None:
    with pytest.raises(Unusable, match="B × D"):
        fit(filtration(HALF), [("A", "C"), ("B", "D")])


def test_main_effects_that_cannot_be_told_apart_are_refused() -> None:
    rows = [{"a": at % 2, "b": at % 2, "y": at} for at in range(8)]
    with pytest.raises(Unusable, match="the effect of b"):
        fit(sample(rows, {"a": (0, 1), "b": (0, 1)}, "y", "twins"), [], named=False)


def test_a_run_is_left_for_the_error() -> None:
    runs = planted(4, 1.0)
    assert estimable(runs, [("a", "b")], named=False) == [("a",), ("b",)]
    with pytest.raises(Unusable, match="no run of 4"):
        fit(runs, [("a", "b")])


def test_planted_effects_are_recovered_and_intervals_hold_them_as_often_as_they_say() -> None:
    truth = {"intercept": 10, "a = 1": 2, "b = 1": 3, "a = 1 × b = 1": 1.5}
    held = []
    for seed in range(60):
        for each in fit(planted(16, 0.5, seed=seed), [("a", "b")]).coefficients:
            assert each.estimate.value == pytest.approx(truth[each.name], abs=5 * 0.5 / 4)
            held.append(each.estimate.low < truth[each.name] < each.estimate.high)
    assert 0.91 < sum(held) / len(held) < 0.985, "95 % of 240"
    explained = 2**2 + 3**2 + 1.5**2
    r_squared = fit(planted(400, 0.5), [("a", "b")]).r_squared
    assert r_squared == pytest.approx(explained / (explained + 0.25), abs=0.01)


def test_an_unbalanced_sample_is_tested_by_type_two() -> None:
    runs = planted(40, 1.0, kept=[at for at in range(40) if at not in (0, 1, 2, 3, 11, 12, 25)])
    model = fit(runs, [("a", "b")])
    found = effects(model)
    without = fit(replace(runs, factors={"b": runs.factors["b"]}), []).residual.sum_sq
    both = fit(runs, []).residual.sum_sq
    assert found["a"][1] == pytest.approx(without - both), "beside b, not beside a × b"


def test_a_model_that_explains_all_has_no_f_that_is_infinite() -> None:
    model = fit(planted(16, 0.0), [("a", "b")])
    assert model.r_squared == pytest.approx(1)
    assert all(each.f is None or math.isfinite(each.f) for each in model.effects)
    assert set(checks.checks(model).values()) == {None}


def test_the_simple_model_speaks_in_units_of_the_factors() -> None:
    rows = [
        {"tokens": tokens, "way": way, "y": 1 + 0.08 * tokens + (2 if way == "slow" else 0)}
        for tokens in (10, 20, 50)
        for way in ("quick", "slow")
    ]
    runs = sample(rows, {"tokens": (10, 20, 50), "way": ("quick", "slow")}, "y", "rows")
    coefficients, r_squared = simple(runs)
    values = {each.name: pytest.approx(each.estimate.value) for each in coefficients}
    assert values == {"intercept": 1, "tokens": 0.08, "way = slow": 2}
    assert r_squared == pytest.approx(1)


def test_lack_of_fit_sees_a_missing_interaction_and_nothing_where_none_is_missing() -> None:
    runs = planted(80, 0.5)
    missing = checks.lack_of_fit(fit(runs, []))
    assert missing is not None
    assert (missing.df, missing.pure_df, missing.held) == (1, 76, False)
    whole = effects(fit(runs, [("a", "b")]))["a × b"]
    assert missing.statistic == pytest.approx(whole[2]), "one degree: the test of the interaction"
    assert checks.lack_of_fit(fit(runs, [("a", "b")])) is None


def test_checks_see_what_they_are_for() -> None:
    good = planted(120, 0.5)
    assert all(
        each is None or each.held for each in checks.checks(fit(good, [("a", "b")])).values()
    )
    rng = np.random.default_rng(1)
    noise = rng.standard_normal(120)
    order = good.order
    assert order is not None
    bad = {
        "normal": good.response + rng.standard_exponential(120) ** 2,
        "equal_variance": good.response + noise * (good.response - good.response.min()),
        "order": good.response + 0.02 * order,
    }
    for name, response in bad.items():
        model = fit(replace(good, response=response), [("a", "b")])
        check = checks.checks(model)[name]
        assert check is not None
        assert not check.held


@pytest.mark.parametrize("last", [1.0, 1.1, 1.2, 1.3, 1.7, 2.9])
def test_residuals_that_cannot_differ_in_size_say_nothing_of_their_variance(last: float) -> None:
    rows = [{"a": a, "b": b, "y": 0.1 + a / 3 + b / 7} for a in (0, 1) for b in (0, 1)]
    rows[-1]["y"] *= last
    model = fit(sample(rows, {"a": (0, 1), "b": (0, 1)}, "y", "rows"), [])
    assert checks.checks(model)["equal_variance"] is None


def test_the_logarithm_makes_ratios_of_effects() -> None:
    rows = [{"a": a, "b": b, "y": 3.0 * 4**a * 2**b} for a in (0, 1) for b in (0, 1)]
    runs = sample(rows, {"a": (0, 1), "b": (0, 1)}, "y", "rows").logarithm()
    values = {each.name: 2 * each.estimate.value for each in fit(runs, []).coefficients[1:]}
    assert values == {"a = 1": pytest.approx(2), "b = 1": pytest.approx(1)}, "in doublings"
    with pytest.raises(Unusable, match="logarithm"):
        replace(runs, response=runs.response - 100).logarithm()


def test_nothing_to_explain_is_said() -> None:
    runs = planted(8, 0.0)
    with pytest.raises(Unusable, match="the same in all runs"):
        fit(replace(runs, response=np.ones(8)), [])
