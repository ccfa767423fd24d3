"""What the records say, by figures that were planted in them."""

from pathlib import Path

import pytest

from evidence.report import study
from evidence.report.records import BadStudy
from evidence.report.sources import (
    anova,
    cheaper,
    dispatch,
    frontier,
    live,
    models,
    original,
    profile,
    strategies,
    sweeps,
    validation,
)
from evidence.report.study import Study
from loadgen import policies
from tests.evidence.report import studies


@pytest.fixture
def found(tmp_path: Path) -> Study:
    return study.read(studies.whole(tmp_path / "study"))


def test_a_line_is_fitted_to_service_and_company(found: Study) -> None:
    profiled = profile.read(found)
    assert profiled is not None
    (fit,) = profiled.fits
    assert fit.beta.value == pytest.approx(0.02, rel=1e-3)
    (law,) = profiled.laws
    assert law.tau0.value == pytest.approx(0.010, rel=1e-3)
    assert law.tau1.value == pytest.approx(0.005, rel=1e-3)
    assert law.speedup == pytest.approx(4 * 15 / 30)


def test_rungs_that_cost_more_and_give_less_are_named(found: Study) -> None:
    profiled = profile.read(found)
    assert profiled is not None
    assert [(rung.name, rung.dominated_by) for rung in profiled.dominated] == [("slow", "even")]
    assert [rung.name for rung in profiled.worse] == ["few"]
    assert [rung.name for rung in profiled.indistinct] == ["even"]


def test_only_intervals_that_are_apart_make_a_gain(found: Study) -> None:
    quantized = cheaper.quantization(found)
    assert quantized is not None
    assert [(each.name, each.ratio) for each in quantized.gains] == [("bf16", 0.6)]


def test_early_exit_is_held_against_as_many_plain_steps(found: Study) -> None:
    exits = cheaper.early_exit(found)
    assert exits is not None
    assert [each.rule for each in exits.harmful] == ["relative-change:0.02"]
    assert exits.worthwhile == ()
    assert exits.rules[0].fewer_quality is not None
    assert exits.rules[0].fewer_quality.value == 79.5


def test_effects_are_sorted_and_interactions_crossed(found: Study) -> None:
    analysed = anova.read(found)
    assert analysed is not None
    assert [term.name for term in analysed.effects] == ["size", "size × batch"]
    assert [term.name for term in analysed.significant] == ["size"]
    assert [check.assumption for check in analysed.broken] == [
        "residuals are normal",
        "residuals have the same variance everywhere",
    ]


def test_the_gap_to_the_optimum(found: Study) -> None:
    drawn = frontier.read(found)
    assert drawn is not None
    assert drawn.largest_gap is not None
    assert drawn.largest_gap.points == pytest.approx(0.37)
    assert drawn.largest_gap.rate == 2.0
    assert drawn.limit("fixed best") == 1.0


def test_a_reproduction_is_held_if_every_interval_holds_its_mean(found: Study) -> None:
    again = original.read(found)
    assert again is not None
    assert not again.held


def test_accuracy_is_of_steady_runs(found: Study) -> None:
    validated = validation.read(found)
    assert validated is not None
    error = validated.error("simulated", "mean_response")
    assert (error.runs, error.median, error.worst) == (3, pytest.approx(0.05), pytest.approx(0.1))
    assert error.held
    assert validated.error("simulated", "p95_response").runs == 0


def test_a_gain_is_measured_and_predicted(found: Study) -> None:
    validated = validation.read(found)
    assert validated is not None
    (gain,) = validated.gains
    assert (gain.cheap, gain.dear) == ("even", "slow")
    assert gain.measured == pytest.approx(0.5)
    assert gain.predicted == pytest.approx(2.1 / 4.4)


def test_models_add_what_a_picture_costs_besides(found: Study) -> None:
    compared = models.compare(validation.read(found), profile.load(found))
    assert compared is not None
    slow = next(cell for cell in compared.cells if cell.level == "slow")
    assert slow.predicted["M/M/k"] == pytest.approx(2.0 / (1 - 0.8) + 0.25)
    assert slow.predicted["M/G/k"] == pytest.approx(2.0 + 4.0 * 2.0 * 1.04 / 2 + 0.25)
    even = next(cell for cell in compared.cells if cell.level == "even")
    assert even.predicted["M/M/k"] == pytest.approx(1.0 / (1 - 0.4))


def test_a_model_that_serves_too_few_is_silent(tmp_path: Path) -> None:
    studies.profiled(tmp_path)
    studies.validated(tmp_path, [studies.run("fixed:slow", 0.6, 4.0, 4.0)])
    found = study.read(tmp_path)
    compared = models.compare(validation.read(found), profile.load(found))
    assert compared is not None
    assert compared.silent("M/M/k") == 1
    assert compared.silent("processor sharing") == 0
    assert compared.best == "processor sharing"


def test_repeats_are_pooled(tmp_path: Path) -> None:
    runs = [
        studies.run("fixed:slow", 0.4, 4.0, 4.0),
        studies.run("fixed:slow", 0.4, 6.0, 4.0, repeat=2),
    ]
    studies.validated(tmp_path, runs)
    validated = validation.read(study.read(tmp_path))
    assert validated is not None
    measured = validated.cells[0].figure("measured", "mean_response")
    assert measured is not None
    assert measured.value == pytest.approx(5.0)
    assert measured.half_width == pytest.approx((0.4**2 + 0.6**2) ** 0.5 / 2)


def test_the_run_whose_level_changed_most_is_shown(found: Study) -> None:
    shown = live.read(found)
    assert shown is not None
    assert shown.name == "threshold:4,12"
    assert shown.changes == 2
    assert shown.end == pytest.approx(10.5)


def test_books_count_from_their_request_and_not_the_warm_up(found: Study) -> None:
    made = strategies.load(found)
    assert made is not None
    assert [each.name for each in made.each] == ["pipelined", "sequential"]
    assert made.fastest.books == 3
    assert made.fastest.whole.value == pytest.approx(8.02)
    assert made.told_apart


def test_dispatch_is_compared_request_by_request(found: Study) -> None:
    compared = dispatch.load(found)
    assert compared is not None
    (rate,) = compared.rates
    assert rate.jobs == 50
    assert rate.change.value == pytest.approx(-0.25)
    assert rate.verdict == "jsq"


def test_requests_that_one_rule_never_answered_are_no_pair(found: Study) -> None:
    shared = [studies.record(i, float(i), 1.0 + 0.1 * (i % 3)) for i in range(20)]
    lost = studies.record(20, 20.0, 1.0, status="timeout", finished=None)
    studies.records(found.folder / "dispatch/shared/fixed_even-4-1.jsonl", [*shared, lost])
    compared = dispatch.load(found)
    assert compared is not None
    assert compared.rates[0].jobs == 20


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("profile/profile.json", profile.read),
        ("quantization/quantization.json", cheaper.quantization),
        ("early-exit/early_exit.json", cheaper.early_exit),
        ("anova/anova.json", anova.read),
        ("original/reproduction.json", original.read),
        ("frontier/frontier.json", frontier.read),
        ("validation/validation.json", validation.read),
    ],
)
@pytest.mark.parametrize("text", ["{", '{"figures": {}, "seconds": 1}'])
def test_a_record_that_is_none_is_named(found: Study, name: str, read, text: str) -> None:
    (found.folder / name).write_text(text)
    with pytest.raises(BadStudy, match=Path(name).name):
        read(found)


def test_records_under_another_name_are_refused(found: Study) -> None:
    studies.records(found.folder / "dispatch/jsq/oops.jsonl", [studies.record(0, 0.0, 1.0)])
    with pytest.raises(BadStudy, match="POLICY-RATE-REPEAT"):
        dispatch.load(found)


def test_planned_rules_are_held_against_thresholds(tmp_path: Path) -> None:
    contests = [studies.CONTEST, studies.CONTEST | {"rate": 0.8, "held": None}]
    studies.validated(tmp_path, planned_against_threshold=contests)
    found = validation.read(study.read(tmp_path))
    assert found is not None
    first, second = found.contests
    assert (first.planned, first.hand_set, first.held) == ("planned:4", "threshold:4,12", True)
    assert (first.quality.value, first.p95_response.half_width) == (0.25, 0.25)
    assert second.held is None


@pytest.mark.parametrize(
    ("slo", "said"),
    [
        ({"seconds": 5.0, "percentile": 95}, "p95 ≤ 5 s"),
        ({"seconds": 2.5, "percentile": "mean"}, "mean ≤ 2.5 s"),
        (None, ""),
    ],
)
def test_a_target_may_be_of_the_mean(tmp_path: Path, slo: object, said: str) -> None:
    studies.validated(tmp_path, slo=slo, capacity=None)
    found = validation.read(study.read(tmp_path))
    assert found is not None
    assert found.slo == said


@pytest.mark.parametrize(
    ("slug", "notation"),
    [
        ("threshold_4_12", "threshold:4,12"),
        ("fixed_ddim-25", "fixed:ddim-25"),
        ("planned_4.5", "planned:4.5"),
        ("file", "file"),
    ],
)
def test_a_policy_is_named_as_it_was_asked_for(slug: str, notation: str) -> None:
    assert sweeps.SweepRun(slug, 1.0, 1, Path()).notation == notation
    assert policies.policy(notation).slug == slug
