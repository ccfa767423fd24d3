"""Contenders side by side: closed forms are the oracle where there are any."""

import argparse
import csv
import json
from dataclasses import replace

import numpy as np
import pytest

from controller.queueing.commands import frontier
from controller.queueing.frontier.contenders import optimal, planned
from controller.queueing.frontier.lineup import Choice, lineup
from controller.queueing.frontier.style import looks, shades
from controller.queueing.frontier.sweep import Effort, point, sweep
from controller.queueing.frontier.watching import watch
from controller.queueing.planning.conduct import conduct
from controller.queueing.planning.rates import rates
from controller.queueing.planning.request import Request
from controller.queueing.refusal import BadInput
from services.contract.ladder import ImageLevel, Level, StoryLevel
from services.contract.policy import Policy
from services.contract.profile import Cost, Interval, Profile, Rung
from services.contract.rules import PolicyRules, Slo

RUNGS = {"slow": (1.0, 30.0), "middling": (0.5, 29.0), "quick": (0.1, 25.0)}
EFFORT = Effort(replications=6, jobs=4000, seconds=200.0)


def level(name):
    image = ImageLevel(sampler="ddim", steps=10, guidance_scale=1)
    return Level(name=name, image=image, story=StoryLevel(max_tokens=16))


def rung(name):
    seconds, quality = RUNGS[name]
    cost = Cost(
        seconds=Interval(value=seconds, low=seconds, high=seconds),
        scv=1.0,
        quality=Interval(value=quality, low=quality, high=quality),
    )
    return Rung(level=level(name), costs={"images": cost})


@pytest.fixture(scope="module")
def profile():
    return Profile(made_with={}, rungs=tuple(map(rung, RUNGS)))


@pytest.fixture(scope="module")
def request_(profile):
    return Request(profile, "images", rate=0.6, slo=Slo(seconds=4.0), jobs=1000)


@pytest.fixture(scope="module")
def contenders(request_):
    return lineup(Choice(thresholds=(3, 6)), request_)


def test_fixed_levels_have_the_response_of_the_closed_form(contenders, request_):
    for name, rate, seconds in [
        ("fixed best", 0.6, 1.0),
        ("fixed middle", 1.2, 0.5),
        ("fixed fast", 7.0, 0.1),
    ]:
        asked = replace(request_, rate=rate)
        found = point(name, contenders[name](asked), asked, replace(EFFORT, jobs=20_000))
        expected = 1 / (1 / seconds - rate)
        assert found.mean_response.holds(expected)
        assert found.p95_response.holds(expected * np.log(20))
        assert found.utilisation == pytest.approx(rate * seconds)
        assert found.stable


def test_past_its_limit_a_fixed_level_grows_with_the_horizon(contenders, request_):
    asked = replace(request_, rate=2.0)
    way = contenders["fixed best"](asked)
    short, long = (
        point("fixed best", way, asked, replace(EFFORT, seconds=seconds)) for seconds in (100, 400)
    )
    assert not short.stable
    assert long.mean_response.low > 2 * short.mean_response.high


def test_the_queue_aware_contender_trades_quality_for_time(contenders, request_):
    served = {
        (each.point.contender, each.point.rate): each.point
        for each in sweep(
            {name: contenders[name] for name in ("fixed best", "queue-aware", "fixed fast")},
            request_,
            [0.5, 4.0],
            EFFORT,
        )
    }
    calm, busy = served["queue-aware", 0.5], served["queue-aware", 4.0]
    assert calm.effective_quality.low > busy.effective_quality.high
    assert busy.stable
    assert not served["fixed best", 4.0].stable
    assert busy.mean_response.high < served["fixed best", 4.0].mean_response.low
    assert busy.mean_response.low > served["fixed fast", 4.0].mean_response.high
    assert sum(busy.residency.values()) == pytest.approx(1.0)
    assert busy.residency["quick"] > calm.residency["quick"]


@pytest.mark.parametrize("contender", [planned, optimal])
def test_plan_and_optimum_stay_within_the_target_and_beat_the_fast_level(contender, request_):
    asked = replace(request_, rate=1.5, capacity=40)
    found = point("one", contender(asked), asked, EFFORT)
    assert found.p95_response.low < 4.0
    assert found.effective_quality.low > 25.5


@pytest.mark.parametrize("contender", [planned, optimal])
def test_where_nothing_can_serve_the_rate_the_fastest_level_stays_and_a_note_says_so(
    contender, request_
):
    way = contender(replace(request_, rate=20.0))
    assert way.names == ("quick",)
    assert way.note


def test_a_policys_own_rules_and_dwell_are_used(profile, request_):
    rules = PolicyRules(thresholds=(2, 4), dwell_seconds=5.0)
    policy = Policy(rules=rules, levels=tuple(map(level, RUNGS)))
    assert conduct(profile, "images", 5.0).dwell == 5.0
    way = lineup(Choice(policy=policy), request_)["queue-aware"](request_)
    assert way.names == tuple(RUNGS)
    assert way.table[0, :5].tolist() == [0, 0, 1, 1, 2]


def test_watching_shows_the_same_arrivals_to_all(contenders, request_):
    asked = replace(request_, rate=2.0)
    best, fast = (
        watch(name, contenders[name](asked), asked, 100.0) for name in ("fixed best", "fixed fast")
    )
    assert (best.depth >= fast.depth).all()
    assert best.depth[-1] > fast.depth[-1]
    assert set(best.level) == {"slow"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2", [2.0]), ("0.5,1", [0.5, 1.0]), ("0.2:1:0.2", [0.2, 0.4, 0.6, 0.8, 1.0])],
)
def test_rates_as_people_write_them(text, expected):
    assert rates(text) == expected


@pytest.mark.parametrize(
    "text", ["", "fast", "1:2", "1:2:0", "1:inf:1", "0:1:0.5", "3:1:1", "nan", "2,1"]
)
def test_other_texts_are_no_rates(text):
    with pytest.raises(BadInput):
        rates(text)


def test_a_level_that_the_profile_lacks_is_named(request_):
    with pytest.raises(BadInput, match="lacks turbo: it has slow, middling, quick"):
        lineup(Choice(fixed=("slow", "turbo", "quick"), thresholds=(3, 6)), request_)


def test_thresholds_must_fit_the_levels(request_):
    with pytest.raises(BadInput, match="2 thresholds"):
        lineup(Choice(thresholds=(3,)), request_)


def test_a_profile_without_quality_is_refused(profile, request_):
    cost = profile.rungs[0].costs["images"].model_copy(update={"quality": None})
    bare = profile.rungs[0].model_copy(update={"costs": {"images": cost}})
    unjudged = profile.model_copy(update={"rungs": (bare, *profile.rungs[1:])})
    with pytest.raises(BadInput, match="no quality for slow"):
        lineup(Choice(thresholds=(3, 6)), replace(request_, profile=unjudged))


def test_no_two_contenders_look_alike():
    found = looks(["fixed best", "fixed middle", "fixed fast", "queue-aware", "planned", "optimal"])
    assert len(set(found.values())) == 6
    assert len(set(shades(["a", "b", "c"]).values())) == 3


def test_the_command_prints_and_writes(tmp_path, profile, capsys):
    (tmp_path / "profile.json").write_text(profile.model_dump_json())
    parser = argparse.ArgumentParser()
    frontier.add(parser.add_subparsers())
    out = tmp_path / "found"
    arguments = ["--profile", str(tmp_path / "profile.json"), "--rate", "0.6,20"]
    arguments += ["--slo", "p95=4s", "--jobs", "1000", "--replications", "2", "--seconds", "100"]
    options = parser.parse_args(["frontier", *arguments, "--out", str(out)])
    findings = options.run(options)
    text = capsys.readouterr().out
    assert text.count("queue-aware") == 2
    assert text.count("NO STEADY STATE") == 6
    assert "no steady state. Lower the arrival rate to below" in text
    assert len(json.loads(json.dumps(findings, allow_nan=False))["points"]) == 12
    assert json.loads((out / "frontier.json").read_text())["points"] == findings["points"]
    with (out / "frontier.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 12
    for name in ("frontier", "residency", "timeline"):
        assert (out / f"{name}.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
        assert "</svg>" in (out / f"{name}.svg").read_text()
