"""The chapter and the verdict on dispatch say what the figures say, and no more."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from evidence.report import article, study, verdicts
from evidence.report.contents import Contents
from evidence.report.numbers import Estimate
from evidence.report.sources.crowding import Crowding
from evidence.report.sources.routed import Expected, Theory
from evidence.report.sources.rules import Dispatch
from tests.evidence.report import paired


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """Of a study whose rules of dispatch were planted."""
    folder = tmp_path_factory.mktemp("planted")
    paired.plant(folder)
    return Contents(study.read(folder)).context()


def chapter(context: Mapping[str, Any], each: Sequence[Mapping[str, Any]]) -> str:
    """With a rate for each of these changes."""
    _, chapters = article.render({**context, "dispatch": changed(context, each)})
    return " ".join(chapters.split())


def changed(context: Mapping[str, Any], each: Sequence[Mapping[str, Any]]) -> Dispatch:
    """At 1/s, 2/s and so on."""
    found = context["dispatch"]
    (rate,) = found.rates
    rates = (replace(rate, rate=float(i), **other) for i, other in enumerate(each, 1))
    return replace(found, rates=tuple(rates))


def theory(least: float, chance: float, cap: int = 4) -> Theory:
    """With a mean of 1 s under JSQ."""
    means = {"least": least, "chance": chance, "jsq": 1.0}
    ruled = {name: Expected(mean, 2 * mean, 0.1, 0.5) for name, mean in means.items()}
    return Theory(ruled, None, cap)


AHEAD, BEHIND, EVEN = theory(1.0, 1.1), theory(0.9, 1.0), theory(1.005, 1.009)
CONCLUSIONS = (
    "JSQ is the better rule there",
    "The shared queue is the better rule there",
    "Neither is the better rule there throughout",
    "Neither rule is ahead there by more than 1.0 %",
)


@pytest.mark.parametrize(
    ("expected", "place"),
    [
        ([AHEAD], 0),
        ([AHEAD, EVEN], 0),
        ([BEHIND], 1),
        ([EVEN, BEHIND], 1),
        ([theory(0.9, 1.1, cap=1)], 1),
        ([AHEAD, BEHIND], 2),
        ([theory(0.9, 1.1)], 2),
        ([EVEN], 3),
    ],
)
def test_the_chapter_concludes_from_all_rates(
    context: Mapping[str, Any], expected: Sequence[Theory], place: int
) -> None:
    page = chapter(context, [{"theory": each} for each in expected])
    assert [said in page for said in CONCLUSIONS] == [i == place for i in range(4)]


def test_with_one_place_a_worker_random_splitting_is_not_the_shared_queue(
    context: Mapping[str, Any],
) -> None:
    found = changed(context, [{"theory": theory(0.8, 2.0, cap=1)}])
    page = chapter(context, [{"theory": theory(0.8, 2.0, cap=1)}])
    assert "1.00 s under JSQ and of 0.800 s under the shared queue: +25 %" in page
    assert told(found).endswith("with a device each simulation expects +25 % at 1/s")


def test_with_more_places_the_shared_queue_is_between_its_best_and_random_splitting(
    context: Mapping[str, Any],
) -> None:
    asked = [{"theory": theory(1.0, 1.25)}, {"theory": theory(0.8, 1.25)}]
    assert "JSQ less shared is from −20 % to +0 %" in chapter(context, asked)
    ending = "simulation expects −20 % … +0 % at 1/s, −20 % … +25 % at 2/s"
    assert told(changed(context, asked)).endswith(ending)


def told(found: Dispatch) -> str:
    """By the verdict."""
    nothing = dict.fromkeys(name for name, _ in verdicts.ASKED)
    (verdict,) = verdicts.verdicts(nothing | {"dispatch": found})
    return verdict.found


def cost(own: float, other: float, half: float) -> Crowding:
    return Crowding(
        *(Estimate(x, x - half, x + half) for x in (0.5, own, other, own - other)),
    )


COSTS = {
    "worth a rule": cost(0.2, 0.2, 0.01),
    "workers share what they compute on": cost(0.2, 0.195, 0.01),
    "can gain by": cost(0.3, 0.1, 0.01),
    "none shows in another": cost(0.3, 0.0, 0.05),
    "can only lose": cost(0.1, 0.3, 0.01),
    "The two cannot be told apart: for each": cost(0.2, 0.2, 0.05),
}


@pytest.mark.parametrize(("said", "found"), COSTS.items())
def test_the_chapter_says_what_company_costs(
    context: Mapping[str, Any], said: str, found: Crowding
) -> None:
    page = chapter(context, [{"crowding": found}])
    alike = {"worth a rule", "workers share what they compute on"}
    assert {each for each in COSTS if each in page} == (alike if said in alike else {said})


def test_what_is_too_small_to_see_is_alike_without_a_cause(context: Mapping[str, Any]) -> None:
    page = chapter(context, [{"crowding": cost(0.0, 0.0, 0.01)}])
    assert "alike to within 2.0 %" in page
    assert "workers share what they compute on" not in page


def test_no_evidence_of_a_difference_is_told_as_its_interval(context: Mapping[str, Any]) -> None:
    page = chapter(context, [{"crowding": cost(0.2, 0.19, 0.05)}])
    assert "spreading gains between −4.0 % and +6.0 % of the time alone" in page
    difference = Estimate(0.01, -0.1, 0.2)
    rate = changed(context, [{"difference": difference}]).rates[0]
    page = chapter(context, [{"difference": difference}])
    assert "The two cannot be told apart in these runs." in page
    low, high = (100 * end / rate.shared.mean.value for end in (-0.1, 0.2))
    assert f"between −{-low:.1f} % and +{high:.0f} %" in page


@pytest.mark.parametrize(
    ("apart", "said"), [(0.5, "was smaller under JSQ"), (0.95, "was not smaller under JSQ")]
)
def test_more_even_is_said_of_intervals_apart(
    context: Mapping[str, Any], apart: float, said: str
) -> None:
    (rate,) = context["dispatch"].rates
    one, other = (Estimate(x, x - 0.1, x + 0.1) for x in (1.0, apart))
    rules = {"shared": replace(rate.shared, apart=one), "jsq": replace(rate.jsq, apart=other)}
    assert said in chapter(context, [rules])


@pytest.mark.parametrize("left", [True, False])
def test_what_spreading_does_not_explain_has_another_cause(
    context: Mapping[str, Any], left: bool
) -> None:
    """Spreading explains a gain here."""
    difference = Estimate(0.1, 0.05, 0.15) if left else Estimate(0.0, -0.5, 0.5)
    asked = {"crowding": cost(0.3, 0.1, 0.01), "difference": difference}
    assert ("has another cause" in chapter(context, [asked])) == left


def test_each_repeat_is_told_beside_the_interval(context: Mapping[str, Any]) -> None:
    page = chapter(context, [{"by_repeat": (0.125, -0.05)}])
    assert "JSQ less shared was 0.125 and −0.0500 s in its repeats" in page
    assert "in its repeats" not in chapter(context, [{"by_repeat": (0.125,)}])


def test_only_rules_that_both_name_their_workers_are_told_apart(
    context: Mapping[str, Any],
) -> None:
    (rate,) = context["dispatch"].rates
    nameless = replace(rate.jsq, busier=None, apart=None, beside=None)
    page = chapter(context, [{"jsq": nameless, "crowding": None}])
    assert "How pictures were spread is not known of both rules" in page
    assert "joined the busier worker under the shared queue and" not in page
