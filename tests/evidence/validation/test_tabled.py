"""Runs by the optimum's table: rules of their rate, and held against every other policy."""

import json
from dataclasses import replace

import pytest
import tomli_w

from controller.queueing import outlook
from evidence.validation import (
    capacity,
    closed_form,
    folder,
    margins,
    measured,
    simulated,
    verdict,
)
from evidence.validation.bases import RunBases
from evidence.validation.basis import best
from loadgen import tables
from loadgen.metrics import Estimate
from services.contract.rules import PolicyRules
from tests.evidence.validation.studies import begin, ladder, play

SLOW_FROM = {1.0: 6, 3.0: 2}
"""At each rate the depth from which the fastest level is used; below it the best one."""


def table(depth):
    """To the best level below the depth, to the last one from there on."""
    row = [0] * depth + [2]
    return PolicyRules(kind="table", table=(tuple(row),) * 3)


@pytest.fixture
def study(tmp_path):
    """A study with the optimum and thresholds at two rates."""
    made = begin(tmp_path / "study")
    (made / "optimal").mkdir()
    for rate, depth in SLOW_FROM.items():
        rules = table(depth).model_dump(mode="json", exclude_none=True)
        told = tomli_w.dumps(ladder() | {"rules": rules})
        (made / "optimal" / f"{rate:g}.toml").write_text(told)
        for notation in (f"table:{made / 'optimal'}", "threshold:4,12", "fixed:ddpm-100"):
            play(made, notation, rate, seconds=60.0, rules=table(depth))
    return made


def optimum(found):
    """Its runs, by rate."""
    return {run.rate: run for run in found.runs if run.policy.notation == "table:optimal"}


def test_each_rate_has_its_own_table(study):
    found = folder.load(study)

    assert not found.skipped
    runs = optimum(found)
    assert {rate: found.rules(run) for rate, run in runs.items()} == {
        rate: table(depth) for rate, depth in SLOW_FROM.items()
    }


def test_predictions_are_by_the_table_of_the_rate(study):
    found = folder.load(study)
    for rate, run in optimum(found).items():
        known = simulated.scenario_of(found, run).switching.table
        assert (known[0, : SLOW_FROM[rate]] == 0).all()
        assert (known[0, SLOW_FROM[rate] :] == 2).all()
        theory = closed_form.predict(found, run)
        assert theory.figures is not None
        under = found.under(run)
        forecast = outlook.forecast(under, found.profile, "images", rate=rate, workers=1)
        assert (outlook.table(under, forecast) == known).all()


def test_what_was_simulated_is_predicted_and_obeyed(study):
    found = folder.load(study)
    basis = best(found)
    judged = verdict.judge(RunBases(basis, basis, {}), optimum(found)[3.0], 8)

    assert judged.error("simulated") == pytest.approx(0, abs=0.2)
    assert judged.findings.obeyed.apart < 0.1
    assert judged.as_json()["policy"] == "table:optimal"


def test_it_has_one_capacity_though_its_rules_differ(study):
    found = folder.load(study)
    slow, late = optimum(found)[1.0], optimum(found)[3.0]
    records = tuple(replace(each, finished=each.finished + 60) for each in late.records)
    runs = (slow, replace(late, records=records))

    knees = capacity.capacity(replace(found, runs=runs))

    assert knees.brackets["table:optimal"] == (1.0, 3.0)


def test_others_are_held_against_it_at_each_rate(study):
    found = folder.load(study)

    distances = margins.distances(found)

    assert [(each.policy, each.rate) for each in distances] == [
        ("threshold:4,12", 1.0),
        ("threshold:4,12", 3.0),
    ]
    assert {each.optimum for each in distances} == {"table:optimal"}
    quality = {
        (run.policy.notation, run.rate): measured.measure(found, run).effective_quality.value
        for run in found.runs
    }
    for each in distances:
        expected = quality[each.policy, each.rate] - quality["table:optimal", each.rate]
        assert each.quality.value == pytest.approx(expected)


def test_the_difference_to_oneself_is_nothing(study):
    found = folder.load(study)
    runs = optimum(found)
    same = replace(found, runs=(runs[1.0], replace(runs[1.0], policy=POLICY)))

    (distance,) = margins.distances(same)

    nothing = Estimate(0.0, 0.0, 0.0)
    assert (distance.quality, distance.p95_response) == (nothing, nothing)


def test_another_table_for_each_rate_is_no_optimum(study):
    (study / "optimal").rename(study / "byhand")
    for path in sorted((study / "live").glob("table_optimal-*")):
        path.rename(path.with_name(path.name.replace("optimal", "byhand")))

    found = folder.load(study)

    assert sum(run.policy.notation == "table:byhand" for run in found.runs) == len(SLOW_FROM)
    assert margins.distances(found) == []


def test_its_solver_says_where_it_is_none(study):
    text = "no table meets p95=4s"
    rows = [{"rate": 1.0, "met": True, "note": ""}, {"rate": 3, "met": False, "note": text}]
    (study / "optimal" / "optimal.json").write_text(json.dumps({"tables": rows}))

    told = [each.as_json() for each in margins.distances(folder.load(study))]

    assert [(each["met"], each["note"]) for each in told] == [(True, ""), (False, text)]


def test_without_what_its_solver_said_that_is_not_known(study):
    told = [each.as_json() for each in margins.distances(folder.load(study))]

    assert [(each["met"], each["note"]) for each in told] == [(None, None)] * 2


@pytest.mark.parametrize("text", ["", "[]", '{"tables": [{"rate": 1}]}'])
def test_a_broken_word_of_its_solver_is_told(study, text):
    (study / "optimal" / "optimal.json").write_text(text)

    found = folder.load(study)

    assert found.solved == {}
    assert "how the optimum was found" in found.skipped["optimal/optimal.json"]


def test_a_run_under_another_table_than_there_is_now_is_skipped(study):
    records = study / "live" / "table_optimal-1-1.jsonl"
    tables.keep(records, replace(optimum(folder.load(study))[1.0].policy, rules=table(9)))

    found = folder.load(study)

    assert set(optimum(found)) == {3.0}
    assert "another table" in found.skipped[f"live/{records.name}"]


POLICY = folder.policy_of("threshold_4_12", ("ddpm-100", "ddim-25", "ddim-3"))


def broken(study, name, text):
    """What is said of the run at 1 a second when its table is this."""
    (study / "optimal" / name).write_text(text)
    found = folder.load(study)
    assert set(optimum(found)) == {3.0}
    return found.skipped["live/table_optimal-1-1.jsonl"]


def test_a_run_without_its_table_leaves_the_others(study):
    (study / "optimal" / "1.toml").unlink()

    found = folder.load(study)

    assert set(optimum(found)) == {3.0}
    assert "there is no file" in found.skipped["live/table_optimal-1-1.jsonl"]


def test_a_table_that_is_none_or_of_another_ladder_is_told(study):
    assert "not a policy" in broken(study, "1.toml", "levels = 3")
    assert "holds no table" in broken(study, "1.toml", tomli_w.dumps(ladder()))
    rules = table(3).model_dump(mode="json", exclude_none=True)
    other = ladder() | {"rules": rules}
    other["levels"][1]["name"] = "ddim-26"
    assert "levels" in broken(study, "1.toml", tomli_w.dumps(other))
