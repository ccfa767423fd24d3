"""What company adds at a level, from the profile to what every command says of it."""

import json
import sys

import pytest

from controller.queueing.__main__ import main
from services.contract.profile import BatchLaw
from tests.controller.queueing.planning.situations import ENGINE, profile

MANY = ENGINE.model_copy(update={"cap": 64})
RUNG = """
[[levels]]
name = "{}"
image = {{ sampler = "ddim", steps = 10, guidance_scale = 3.0 }}
story = {{ max_tokens = 64 }}
"""


class Commands:
    """The commands on files in a folder, with the profile's level `fast` crowded or as the law
    says."""

    def __init__(self, monkeypatch, capsys, folder):
        self.patch, self.capsys, self.folder = monkeypatch, capsys, folder

    def run(self, command, *arguments, crowding=None, law=ENGINE):
        """Exit status, the answer or None, and what was said on standard error."""
        files = ("--profile", self.measured(crowding, law))
        self.patch.setattr(sys, "argv", ["queueing", command, *files, *arguments, "--json"])
        status, said = main(), self.capsys.readouterr()
        return status, None if status else json.loads(said.out.splitlines()[-1]), said.err

    def measured(self, crowding, law: BatchLaw):
        """A profile's path."""
        found = profile(law=law)
        *others, fast = found.rungs
        cost = fast.costs["images"].model_copy(update={"crowding": crowding})
        rungs = (*others, fast.model_copy(update={"costs": {"images": cost}}))
        path = self.folder / "profile.json"
        path.write_text(found.model_copy(update={"rungs": rungs}).model_dump_json())
        return str(path)

    def always(self, name):
        """`--policy`, one level of three."""
        rules = f'[rules]\nkind = "fixed"\nlevel = "{name}"\n'
        path = self.folder / "policy.toml"
        path.write_text(rules + "".join(map(RUNG.format, ("best", "good", "fast"))))
        return "--policy", str(path)


@pytest.fixture
def commands(monkeypatch, capsys, tmp_path):
    return Commands(monkeypatch, capsys, tmp_path)


@pytest.mark.parametrize(("crowding", "limit"), [(None, 8.0), (0.5, 8.0), (0.9, 4 / 0.74)])
def test_the_limit_of_a_level_is_that_of_its_own_company(commands, crowding, limit):
    """Four together take 0.2·(1 + 3·crowding) seconds; the law's crowding is a half."""
    asked = (*commands.always("fast"), "--rate", "2")
    _, found, _ = commands.run("predict", *asked, crowding=crowding)
    assert found["stability_limit"] == pytest.approx(limit)


def test_other_levels_stay_as_they_are(commands):
    asked = (*commands.always("good"), "--rate", "2")
    answers = [commands.run("predict", *asked, crowding=each)[1] for each in (None, 0.9)]
    assert answers[0] == answers[1]


@pytest.mark.parametrize("crowding", [0.0, 1.0])
def test_simulation_goes_by_the_levels_own_company(commands, crowding):
    """2.5 a second of 0.2 s: processor sharing of one server, S/(1 - ρ), where each other job
    lengthens a job by all of it; nobody lengthens any where each adds nothing."""
    asked = (*commands.always("fast"), "--rate", "2.5", "--jobs", "20000", "--replications", "4")
    _, found, _ = commands.run("simulate", *asked, crowding=crowding, law=MANY)
    assert found["mean_response"]["mean"] == pytest.approx(0.2 / (1 - crowding / 2), rel=0.03)


def test_a_plan_falls_sooner_or_not_at_all_where_the_fast_level_is_crowded(commands):
    """Without crowding `fast` keeps up with 8 a second; with it, all of a job each, with 5."""
    asked = ("--slo", "p95=3s", "--dwell", "0.5", "--jobs", "4000")
    _, loose, _ = commands.run("plan", *asked, "--rate", "4")
    _, tight, _ = commands.run("plan", *asked, "--rate", "4", crowding=1.0)
    assert tight["thresholds"] != loose["thresholds"]
    assert tight["effective_quality"] < loose["effective_quality"]
    assert commands.run("plan", *asked, "--rate", "6")[0] == 0
    status, _, said = commands.run("plan", *asked, "--rate", "6", crowding=1.0)
    assert status == 2
    assert "no steady state" in said
