"""A plan written, and read back by those who run it."""

from pathlib import Path

import pytest

from controller.queueing.planning.plan import plan
from controller.queueing.planning.policy_file import Source, of_plan, write
from controller.queueing.planning.thresholds import table
from controller.queueing.refusal import BadInput
from controller.queueing.switching import tabulate
from services.contract import policy
from services.contract.ladder import EarlyExit
from services.contract.policy import Policy
from services.contract.profile import Rung
from services.contract.rules import PolicyRules
from tests.controller.queueing.planning.situations import level, profile, request

STORIES = PolicyRules(thresholds=(4,), hysteresis=1, patience_seconds=30.0, capacity=50)


def base(levels=2):
    """A policy whose ladder has so many levels."""
    names = [f"old-{index}" for index in range(levels)]
    rules = STORIES if levels == 2 else PolicyRules(kind="fixed", level="old-0")
    return Policy(rules=rules, levels=tuple(map(level, names)))


def written(folder, found, kept=None):
    """The plan after a round trip, and its text."""
    out = folder / "policy.toml"
    write(of_plan(found), Source("plan --rate 2", folder / "profile.json", kept), out)
    return policy.load(out), out.read_text()


@pytest.fixture(scope="module")
def planned():
    """Two levels."""
    return plan(request("p95=4s", levels=2))


def test_thresholds_come_back_and_decide_as_planned(planned, tmp_path):
    read, text = written(tmp_path, planned)

    rules = read.rules_of("images")
    assert (rules.kind, rules.thresholds) == ("threshold", planned.thresholds.thresholds)
    assert rules.climbs == planned.thresholds.climb
    assert read.names == planned.levels
    depths = planned.table.shape[1] - 1
    assert (tabulate(read.of("images"), depths) == table(planned.thresholds)).all()
    assert "# plan --rate 2\n" in text
    assert f"effective quality {planned.outcome.quality.mean:.5g}" in text


def test_the_other_queue_keeps_rules_that_fit(planned, tmp_path):
    read, _ = written(tmp_path, planned, base())

    assert read.rules_of("stories") == STORIES
    assert read.rules_of("images").patience_seconds == 30.0
    assert read.rules_of("images").thresholds == planned.thresholds.thresholds


def test_rules_that_do_not_fit_the_new_ladder_give_way(planned, tmp_path):
    read, _ = written(tmp_path, planned, base(levels=3))

    assert read.rules_of("stories") == read.rules_of("images")


def test_a_table_comes_back(tmp_path):
    found = plan(request("p95=4s", levels=2, kind="table"))

    read, text = written(tmp_path, found, base())

    assert read.rules_of("images").table == tuple(map(tuple, found.table.tolist()))
    assert max(map(len, text.splitlines())) > 20


@pytest.mark.parametrize("kind", ["slo", "planned"])
def test_rules_that_predict_find_their_profile(kind, tmp_path):
    read, _ = written(tmp_path, plan(request("p95=4s", levels=2, kind=kind)))

    assert read.rules.kind == kind
    assert read.rules.slo == request("p95=4s").slo
    assert read.profile == tmp_path / "profile.json"


def test_every_option_of_a_level_comes_back(tmp_path):
    options = {
        "early_exit": EarlyExit(by="relative-change", threshold=0.02, minimum_steps=10),
        "guidance_interval": (0.3, 5.0),
        "precision": "bf16",
        "retime": False,
    }
    [only] = profile({"only": (0.3, 0.3)}).rungs
    rich = only.level.model_copy(update={"image": only.level.image.model_copy(update=options)})
    measured = profile().model_copy(update={"rungs": (Rung(level=rich, costs=only.costs),)})

    read, _ = written(tmp_path, plan(request(profile=measured)))

    assert read.levels == (rich,)


def test_a_mean_is_written_for_rules_that_predict(tmp_path):
    read, text = written(tmp_path, plan(request("mean=2s", levels=2, kind="slo")))

    assert read.rules_of("images").slo.percentile == "mean"
    assert 'percentile = "mean"' in text


def test_a_place_that_cannot_be_written_is_refused(planned, tmp_path):
    with pytest.raises(BadInput, match="cannot write"):
        write(
            of_plan(planned),
            Source("plan", Path("profile.json")),
            tmp_path / "none" / "policy.toml",
        )
