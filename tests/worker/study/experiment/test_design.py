"""Designs: which runs there are, in which order, and what is refused."""

from collections import Counter
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from worker.study.anova.estimable import estimable
from worker.study.anova.sample import sample
from worker.study.experiment.book_setting import settings_of
from worker.study.experiment.design import SHIPPED, Design, read
from worker.study.terms import Unusable

TWO = dict.fromkeys("ABCD", (-1, 1))


def test_a_full_factorial_has_every_combination_as_often() -> None:
    design = Design(factors={"A": (1, 2, 3), "B": ("x", "y")}, replicates=4)
    count = Counter((run.point["A"], run.point["B"]) for run in design.runs())
    assert count == {(a, b): 4 for a in (1, 2, 3) for b in ("x", "y")}
    assert {run.replicate for run in design.runs()} == {1, 2, 3, 4}
    assert [run.order for run in design.runs()] == list(range(1, 25))


def test_a_half_fraction_is_the_textbooks() -> None:
    design = Design(factors=TWO, generators=("D = A*B*C",))
    labels = {
        "".join(name for name in "ABCD" if point[name] == 1).lower() or "(1)"
        for point in design.points()
    }
    assert labels == {"(1)", "ad", "bd", "ab", "cd", "ac", "bc", "abcd"}
    told = design.told()
    assert (told["runs"], told["resolution"]) == (8, 4)
    assert told["defining_relation"] == ["A*B*C*D"]
    assert told["aliases"][4:] == [["A*B", "C*D"], ["A*C", "B*D"], ["A*D", "B*C"]]


def test_the_order_is_random_and_that_of_the_seed() -> None:
    orders = [
        [tuple(run.point.values()) for run in Design(factors=TWO, seed=seed).runs()]
        for seed in (1, 1, 2)
    ]
    standard = [tuple(point.values()) for point in Design(factors=TWO).points()]
    assert orders[0] == orders[1]
    assert orders[0] != orders[2]
    assert orders[0] != standard
    assert sorted(orders[0]) == sorted(orders[2]) == sorted(standard)


@pytest.mark.parametrize("name", ["books.toml", "books-full.toml"])
def test_the_shipped_designs_tell_their_effects_apart(name: str) -> None:
    design = read(SHIPPED.parent / name)
    assert all(setting.tokens >= setting.batch for _, setting in settings_of(design))
    rows = [{**run.point, "order": run.order, "seconds": run.order} for run in design.runs()]
    runs = sample(rows, design.factors, "seconds", name)
    assert estimable(runs, design.pairs, named=True)[len(design.factors) :] == design.pairs
    for one, other in combinations(design.factors, 2):
        joint = Counter((point[one], point[other]) for point in runs.points)
        assert len(set(joint.values())) == 1, "every pair of factors is balanced"


def test_what_the_default_design_fits_can_be_told_apart() -> None:
    design = read(SHIPPED)
    told = design.told()
    assert (told["runs"], told["resolution"]) == (64, 4)
    fitted = {frozenset(pair) for pair in design.pairs}
    for chain in design.alias_chains:
        first, *others = (frozenset(word.removeprefix("−").split("*")) for word in chain)
        if len(first) == 1:
            assert min(map(len, others)) == 3, (
                "no main effect is aliased with an interaction of two"
            )
        else:
            assert len(fitted & {first, *others}) == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("replicates = 2", "factors"),
        ("[factors]\nsteps = [5]", "steps needs two different levels"),
        ("[factors]\nsteps = [5, 5]", "steps needs two different levels"),
        ("replicates = 0\n[factors]\nsteps = [5, 6]", "replicates"),
        ("colour = 1\n[factors]\nsteps = [5, 6]", "colour"),
        ("response = 'joules'\n[factors]\nsteps = [5, 6]", "'seconds' or 'log seconds'"),
        ("generators = ['a = b*c']\n[factors]\na=[1,2]\nb=[1,2]\nc=[1,2,3]", "c has more"),
        ("generators = ['a = b*d']\n[factors]\na=[1,2]\nb=[1,2]", "d is no factor"),
        ("generators = ['a = b', 'c = a*b']\n[factors]\na=[1,2]\nb=[1,2]\nc=[1,2]", "another"),
        ("generators = ['a']\n[factors]\na=[1,2]\nb=[1,2]", "must set one factor"),
        ("interactions = ['a*z']\n[factors]\na=[1,2]\nb=[1,2]", "z is no factor"),
        ("interactions = ['a']\n[factors]\na=[1,2]\nb=[1,2]", "such as A\\*B"),
        ("[factors]\na=[1,2]\n[fixed]\na=1", "fixed as well"),
        ("[factors", "cannot be read"),
    ],
)
def test_what_is_no_design_is_said(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "design.toml").write_text(text)
    with pytest.raises(Unusable, match=told):
        read(tmp_path / "design.toml")


@pytest.mark.parametrize(
    ("factors", "told"),
    [
        ({"colour": ("red", "blue")}, "tokens, size, steps, sampler, batch, precision, strategy"),
        ({"strategy": ("pipelined", "luck")}, "'autoregressive'"),
        ({"sampler": ("ddim", "luck")}, "'euler'"),
        ({"precision": ("fp32", "fp4")}, "'nf4'"),
        ({"tokens": (2, 8)}, "2 tokens are too few for 4 pages"),
        ({"batch": (2, 13)}, "batch"),
        ({"steps": (0, 5)}, "steps"),
    ],
)
def test_what_is_no_factor_of_a_book_is_said(factors: dict, told: str) -> None:
    with pytest.raises(Unusable, match=told):
        settings_of(Design(factors=factors))


def test_columns_of_the_fraction_are_orthogonal() -> None:
    design = Design(factors=TWO, generators=("D = A*B*C",))
    columns = np.array([[point[name] for name in "ABCD"] for point in design.points()])
    assert (columns.T @ columns == 8 * np.eye(4)).all()
