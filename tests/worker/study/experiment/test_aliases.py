"""What fractions cannot tell apart: textbook relations, and the columns themselves."""

from itertools import combinations, product
from math import prod

import pytest

from worker.study.experiment.aliases import (
    Generator,
    aliases,
    chains,
    defining_relation,
    resolution,
)

HALF = ("D = A*B*C",)
"""The half fraction of resolution IV (Montgomery, Design and Analysis of Experiments, §8.2)."""
QUARTER = ("E = A*B*C", "F = B*C*D")
"""2^(6-2), resolution IV: I = ABCE = BCDF = ADEF (the same, §8.3)."""


def read(texts: tuple[str, ...]) -> list[Generator]:
    return [Generator.read(text) for text in texts]


def shown(texts: tuple[str, ...]) -> list[str]:
    return [word.shown("ABCDEF") for word in defining_relation(read(texts))]


def test_the_defining_relation_is_the_textbooks() -> None:
    assert shown(HALF) == ["A*B*C*D"]
    assert sorted(shown(QUARTER)) == ["A*B*C*E", "A*D*E*F", "B*C*D*F"]
    assert resolution(read(HALF)) == resolution(read(QUARTER)) == 4
    assert resolution(read(("C = A*B",))) == 3
    assert resolution([]) is None


def test_chains_of_the_half_fraction_are_the_textbooks() -> None:
    assert chains("ABCD", read(HALF)) == [
        ["A", "B*C*D"],
        ["B", "A*C*D"],
        ["C", "A*B*D"],
        ["D", "A*B*C"],
        ["A*B", "C*D"],
        ["A*C", "B*D"],
        ["A*D", "B*C"],
    ]
    assert chains("ABCD", []) == []


def test_a_minus_stays_with_its_aliases() -> None:
    [relation] = defining_relation(read(("C = -A*B",)))
    assert relation.shown("ABC") == "−A*B*C"
    assert [word.shown("ABC") for word in aliases("A", read(("C = -A*B",)))] == ["−B*C"]


@pytest.mark.parametrize("texts", [HALF, QUARTER, ("E = -A*B*C", "F = B*C*D")])
def test_aliased_effects_have_the_same_column_and_no_others_have(texts: tuple[str, ...]) -> None:
    generators = read(texts)
    names = "ABCD" + "".join(each.factor for each in generators if each.factor not in "ABCD")
    free = [name for name in names if name not in {each.factor for each in generators}]
    runs = [dict(zip(free, signs, strict=True)) for signs in product((-1, 1), repeat=len(free))]
    for run in runs:
        for each in generators:
            run[each.factor] = each.word.sign * prod(run[name] for name in each.word.factors)
    effects = [frozenset(e) for n in range(1, len(names) + 1) for e in combinations(names, n)]
    for effect in effects:
        column = [prod(run[name] for name in effect) for run in runs]
        same = {word.factors: word.sign for word in aliases(effect, generators)}
        for other in effects:
            if other == effect:
                continue
            theirs = [prod(run[name] for name in other) for run in runs]
            sign = 1 if theirs == column else -1 if theirs == [-each for each in column] else None
            assert same.get(other) == sign


@pytest.mark.parametrize("text", ["D", "D =", "D = A**B", "D = D*A", "D = A*A", "= A*B"])
def test_what_is_no_generator_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="batch = size"):
        Generator.read(text)
