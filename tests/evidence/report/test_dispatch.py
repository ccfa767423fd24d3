"""Why one rule of dispatch is faster than the other: planted records, counted by hand."""

from dataclasses import replace
from pathlib import Path

import pytest

from evidence.report.sources import crowding
from tests.evidence.report import paired
from tests.evidence.report.paired import loaded
from tests.evidence.report.rendered import body


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """Of `paired.plant`."""
    paired.plant(tmp_path)
    return tmp_path


def test_both_repeats_are_compared_picture_by_picture(planted: Path) -> None:
    (rate,) = loaded(planted).rates
    assert (rate.repeats, rate.jobs) == (2, 80)
    assert rate.difference.value == pytest.approx(-0.25)
    assert rate.difference.half_width == pytest.approx(0, abs=1e-9)
    assert rate.by_repeat == pytest.approx((-0.25, -0.25))
    assert rate.shared.mean.value - rate.jsq.mean.value == pytest.approx(0.25)
    assert rate.verdict == "jsq"


def test_a_quarter_of_the_pictures_joined_the_busier_worker(planted: Path) -> None:
    (rate,) = loaded(planted).rates
    assert rate.shared.busier is not None
    assert rate.jsq.busier is not None
    assert rate.shared.busier.value == pytest.approx(0.25)
    assert rate.jsq.busier.value == 0
    assert rate.shared.beside is not None
    assert rate.jsq.beside is not None
    assert rate.shared.beside.share == pytest.approx(0.5, rel=1e-3)
    assert rate.jsq.beside.share == 0
    page = body(planted)
    assert "order shared, jsq, jsq, shared" in page
    assert "25 % of the pictures joined the busier worker under the shared queue and 0 %" in page


def test_an_order_in_which_one_rule_came_first_is_not_balanced(planted: Path) -> None:
    assert loaded(planted).balanced
    later = planted / "dispatch" / "jsq" / "fixed_even-1-1.began.json"
    later.write_text('{"unix": 3.5}')
    assert loaded(planted).balanced  # jsq, jsq may change places
    later.write_text('{"unix": 5.0}')
    assert loaded(planted).order == ("shared", "jsq", "shared", "jsq")
    assert not loaded(planted).balanced
    later.unlink()
    assert loaded(planted).order == ()
    assert "In which order they were run is not known" in body(planted)


def test_records_from_before_they_named_the_worker_are_compared_all_the_same(
    planted: Path,
) -> None:
    for rule in ("shared", "jsq"):
        paired.unname(planted, rule)
    (rate,) = loaded(planted).rates
    assert rate.difference.value == pytest.approx(-0.25)
    rules = (rate.shared, rate.jsq)
    assert [(rule.busier, rule.apart, rule.beside) for rule in rules] == [(None, None, None)] * 2
    assert (rate.crowding, rate.explained) == (None, None)
    assert body(planted).count("not known | not known") == 2


@pytest.mark.parametrize("rule", ["shared", "jsq"])
def test_one_rule_whose_workers_are_unknown_leaves_the_other_its_figures(
    planted: Path, rule: str
) -> None:
    paired.unname(planted, rule)
    (rate,) = loaded(planted).rates
    assert {rate.shared.busier is None, rate.jsq.busier is None} == {True, False}
    assert (rate.crowding, rate.explained) == (None, None)
    page = body(planted)
    assert page.count("not known | not known") == 1
    assert "How pictures were spread is not known of both rules" in page


def test_what_spreading_explains_is_the_change_of_share_at_the_same_number(planted: Path) -> None:
    """Under jsq half of those beside a picture leave its worker, where each costs 0.2 · S more."""
    (rate,) = loaded(planted).rates
    assert rate.shared.beside is not None
    assert rate.jsq.beside is not None
    exact = crowding.Crowding(*(around(each) for each in (0.5, 0.3, 0.1, 0.2)))
    explained = replace(rate, crowding=exact).explained
    both = (rate.shared.beside.both + rate.jsq.beside.both) / 2
    assert explained is not None
    assert explained.value == pytest.approx(-0.5 * both * 0.5 * 0.2, rel=1e-3)
    assert explained.half_width == pytest.approx(0.5 * both * 0.5 * 0.01, rel=1e-3)


def around(value: float) -> crowding.Estimate:
    return crowding.Estimate(value, value - 0.01, value + 0.01)
