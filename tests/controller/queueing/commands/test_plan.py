"""The command line of the planner."""

import json
import sys

import pytest

from controller.queueing.__main__ import main
from services.contract import policy
from tests.controller.queueing.planning.situations import ENGINE, profile

QUICK = ("--jobs", "2000")


@pytest.fixture
def plan(monkeypatch, capsys):
    """Runs the command: its exit status, and what it printed."""

    def running(*arguments):
        monkeypatch.setattr(sys, "argv", ["queueing", "plan", *QUICK, *arguments])
        return main(), capsys.readouterr()

    return running


@pytest.fixture
def measured(tmp_path):
    """A profile's path."""
    path = tmp_path / "profile.json"
    path.write_text(profile().model_dump_json())
    return str(path)


def test_it_prints_the_choice_and_writes_a_policy(plan, measured, tmp_path):
    out = tmp_path / "policy.toml"
    asked = ("--profile", measured, "--rate", "2", "--slo", "p95=4s", "--dwell", "0.5")

    status, printed = plan(*asked, "--out", str(out), "--json")

    assert status == 0, printed.err
    answer = json.loads(printed.out.splitlines()[-1])
    assert {"thresholds", "levels", "effective_quality", "p95_response", "gap_to_optimal"} <= {
        *answer
    }
    assert answer["ci95"]["p95_response"][1] <= 4
    assert policy.load(out).rules.thresholds == tuple(answer["thresholds"])
    assert "the optimum" in printed.out


@pytest.mark.parametrize(
    ("law", "shares"), [(None, {None}), (ENGINE, {0.5, 0.125})], ids=["one at a time", "four"]
)
def test_it_says_what_company_adds_where_there_may_be_any(plan, tmp_path, law, shares):
    path = tmp_path / "profile.json"
    path.write_text(profile(law=law, crowding={"best": 0.125}).model_dump_json())
    asked = ("--profile", str(path), "--rate", "0.5", "--slo", "p95=9s", "--levels", "2")

    _, printed = plan(*asked, "--json")

    answer = json.loads(printed.out.splitlines()[-1])
    known = dict(zip(answer["levels"], answer["crowding"], strict=True))
    assert set(known.values()) <= shares
    assert known["best"] == (None if law is None else 0.125)
    assert ("+12.5% by each other" in printed.out) is (law is not None)


def test_a_sweep_answers_each_rate_for_itself(plan, measured):
    asked = ("--profile", measured, "--rate", "0.5:6.5:3", "--slo", "p95=4s", "--levels", "2")

    _, printed = plan(*asked, "--json")

    rows = json.loads(printed.out.splitlines()[-1])["sweep"]
    assert [row["rate"] for row in rows] == [0.5, 3.5, 6.5]
    assert rows[0]["effective_quality"] > rows[1]["effective_quality"]
    assert "no steady state" in rows[2]["refused"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (("--rate", "much"), "'much' is no list of rates"),
        (("--rate", "2:1:1"), "the last rate lies below the first"),
        (("--rate", "1:3:1", "--out", "x.toml"), "--out takes the plan of one rate"),
        (("--workers", "some"), "--workers some"),
        (("--workers", "1:2:3"), "--workers 1:2:3 is no range"),
        (("--workers", "2:"), "--workers 2:"),
        (("--capacity", "0"), "capacity is 0"),
        (("--jobs", "5"), "jobs is 5"),
        (("--out", "none/policy.toml"), "cannot write"),
        (("--slo", "fast"), "is no target"),
        (("--profile", "none.json"), "cannot read the profile"),
        (("--queue", "stories"), "no level measured for stories"),
    ],
)
def test_what_cannot_be_planned_is_refused(plan, measured, changed, message):
    status, printed = plan("--profile", measured, "--rate", "2", "--slo", "p95=4s", *changed)

    assert status == 2
    assert message in printed.err
