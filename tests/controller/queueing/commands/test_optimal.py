"""The command that writes the optimum for each rate."""

import json
import sys

import pytest
import tomli_w

from controller.queueing.__main__ import main
from controller.queueing.commands.written import rounded
from controller.queueing.planning.conduct import conduct
from controller.queueing.planning.tabled import best, of_policy, rows
from controller.queueing.switching import tabulate
from services.contract import policy
from tests.controller.queueing.planning.situations import RUNGS, level, profile, request

LADDER = {**RUNGS, "poor": (0.8, 0.28)}
STORIES = {"kind": "threshold", "thresholds": [4, 8, 12], "dwell_seconds": 3.0}
IMAGES = {"kind": "fixed", "level": "fast", "dwell_seconds": 0.5, "patience_seconds": 30.0}


@pytest.fixture
def optimal(monkeypatch, capsys):
    """Runs the command: its exit status, and what it printed."""

    def running(*arguments):
        monkeypatch.setattr(sys, "argv", ["queueing", "optimal", "--jobs", "2000", *arguments])
        return main(), capsys.readouterr()

    return running


@pytest.fixture
def asked(tmp_path):
    """A ladder and its profile."""
    ladder_of(tmp_path, LADDER)
    (tmp_path / "profile.json").write_text(profile(LADDER).model_dump_json())
    return (
        "--policy", str(tmp_path / "policy.toml"), "--profile", str(tmp_path / "profile.json"),
        "--slo", "p95=4s", "--out", str(tmp_path / "made" / "optimal"),
    )  # fmt: skip


def ladder_of(folder, names, **images):
    """A policy of levels with these names, in the place of the one there."""
    found = [level(name).model_dump(mode="json", exclude_none=True) for name in names]
    stories = STORIES | {"thresholds": STORIES["thresholds"][: len(names) - 1]}
    content = {"rules": stories, "queues": {"images": IMAGES | images}, "levels": found}
    (folder / "policy.toml").write_text(tomli_w.dumps(content))


def test_it_writes_a_policy_for_each_rate_and_says_what_it_does(optimal, asked, tmp_path):
    status, printed = optimal(*asked, "--rate", "1.2,2.5,40", "--json")

    assert status == 0, printed.err
    out = tmp_path / "made" / "optimal"
    written = ["1.2.toml", "2.5.toml", "40.toml", "optimal.json"]
    assert sorted(path.name for path in out.iterdir()) == written
    tables = json.loads(printed.out.splitlines()[-1])["tables"]
    assert [table["rate"] for table in tables] == [1.2, 2.5, 40]
    slow, fast, none = tables
    assert slow["effective_quality"] > fast["effective_quality"]
    assert fast["ci95"]["p95_response"][0] <= 4
    assert sum(slow["job_shares"].values()) == pytest.approx(1)
    assert "poor" not in slow["job_shares"]
    assert (none["met"], none["effective_quality"]) == (False, None)
    assert "fast at every depth  (no level serves this rate)" in printed.out
    assert f"quality {slow['effective_quality']:.4g} (" in printed.out


def test_what_is_said_of_each_rate_is_kept_and_added_to(optimal, asked, tmp_path):
    optimal(*asked, "--rate", "2.5")
    status, printed = optimal(*asked, "--rate", "1.2,40", "--json")

    assert status == 0, printed.err
    folder = tmp_path / "made" / "optimal"
    kept = {row["rate"]: row for row in json.loads((folder / "optimal.json").read_text())["tables"]}
    assert list(kept) == [1.2, 2.5, 40]
    for said in json.loads(printed.out.splitlines()[-1])["tables"]:
        beside = {"file": f"{said['rate']:g}.toml", "slo": "p95=4s"}
        assert kept[said["rate"]] == rounded(said) | beside


def test_another_optimal_json_is_refused_before_the_work(optimal, asked, tmp_path):
    (tmp_path / "made" / "optimal").mkdir(parents=True)
    (tmp_path / "made" / "optimal" / "optimal.json").write_text("[]")

    status, printed = optimal(*asked, "--rate", "2.5")

    assert status == 2
    assert "is not what this command writes" in printed.err
    assert not list(tmp_path.rglob("2.5.toml"))


def test_what_is_written_decides_as_the_optimum_and_keeps_what_else_the_file_says(
    optimal, asked, tmp_path
):
    optimal(*asked, "--rate", "2.5")

    path = tmp_path / "made" / "optimal" / "2.5.toml"
    base, read = policy.load(tmp_path / "policy.toml"), policy.load(path)
    assert read.levels == base.levels
    assert read.rules_of("stories") == base.rules_of("stories")
    ours = read.rules_of("images")
    assert (ours.kind, ours.dwell_seconds) == ("table", 0.5)
    known = of_policy(profile(LADDER), base, "images")
    live = conduct(known, "images", 0.5)
    found = best(request("p95=4s", rate=2.5, profile=known, jobs=2000, conduct=live))
    expected = rows(found, base.names)
    assert ours.table == expected
    decided = tabulate(read.of("images"), max(map(len, expected)) + 5)
    assert all(tuple(row[: len(cut)]) == cut for row, cut in zip(decided, expected, strict=True))
    assert (decided[:, -1] == [row[-1] for row in expected]).all()
    assert read.profile.resolve() == tmp_path / "profile.json"
    header = path.read_text().split("\n\n")[0]
    assert "# python -m controller.queueing optimal --jobs 2000 " in header
    assert "for 2.5 images a second on 1 worker, within p95=4s." in header
    assert "Predicted: effective quality " in header


@pytest.mark.parametrize(("names", "patience"), [(tuple(LADDER), None), (tuple(RUNGS), 30.0)])
def test_patience_is_kept_where_it_cannot_lower_to_a_dominated_level(
    optimal, asked, tmp_path, names, patience
):
    ladder_of(tmp_path, names)
    status, printed = optimal(*asked, "--rate", "2.5")

    assert status == 0, printed.err
    path = tmp_path / "made" / "optimal" / "2.5.toml"
    assert policy.load(path).rules_of("images").patience_seconds == patience
    assert ("# patience_seconds is left out: " in path.read_text()) is (patience is None)


def test_how_many_may_be_refused_is_an_option(optimal, asked, tmp_path):
    ladder_of(tmp_path, LADDER, capacity=12)
    found = []
    for most in ((), ("--most-lost", "0.5")):
        status, printed = optimal(*asked, "--rate", "6", *most, "--json")
        assert status == 0, printed.err
        found += json.loads(printed.out.splitlines()[-1])["tables"]
    few, many = found
    assert "loses at most 1.00% of the jobs" in few["note"]
    assert (few["met"], many["note"]) == (False, "")
    assert many["effective_quality"] > few["effective_quality"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (("--rate", "much"), "'much' is no list of rates"),
        (("--rate", "1,1.0000001"), "share a file"),
        (("--slo", "fast"), "is no target"),
        (("--workers", "0"), "workers is 0"),
        (("--jobs", "5"), "jobs is 5"),
        (("--most-lost", "2"), "is no share of jobs lost"),
        (("--policy", "none.toml"), "cannot read the policy"),
        (("--profile", "none.json"), "cannot read the profile"),
        (("--queue", "stories"), "no stories cost for the level 'best'"),
        (("--out", "/dev/null/there"), "cannot write to the folder"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_the_work(
    optimal, asked, tmp_path, changed, message
):
    status, printed = optimal(*asked, "--rate", "2", *changed)

    assert status == 2
    assert message in printed.err
    assert not list(tmp_path.rglob("2.toml"))
