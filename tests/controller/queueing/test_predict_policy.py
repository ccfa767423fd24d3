"""The command that predicts a policy: the models with levels, on the live system's files."""

import dataclasses
import json
import re
import sys
from pathlib import Path

import pytest

from controller.queueing import __main__ as command
from controller.queueing.levels import dwelling, embedded, hysteresis
from controller.queueing.levels.prediction import System, predict
from controller.queueing.levels.queue import LevelledQueue
from controller.queueing.refusal import BadInput, Unstable
from controller.queueing.simulation import live
from controller.queueing.simulation.arrivals import Poisson
from controller.queueing.simulation.scenario import Horizon, Switching
from controller.queueing.simulation.statistics import replicate
from controller.queueing.switching import tabulate
from services.contract.forecast import Pace
from services.contract.rules import PolicyRules
from tests.controller.queueing.simulation.test_live import (
    LAW,
    QUALITIES,
    SECONDS,
    profile,
    ruled,
)

NAMES = ("best", "good", "fair")
POLICY = ruled(thresholds=(4, 8), hysteresis=2, dwell_seconds=0)
BATCHING = profile(*NAMES)
ALONE = BATCHING.model_copy(update={"batch": {}})
RUNG = """
[[levels]]
name = "{}"
image = {{ sampler = "ddim", steps = 10, guidance_scale = 3.0 }}
story = {{ max_tokens = 64 }}
"""


def queue(rate, **changed):
    paces = tuple(Pace(seconds=SECONDS[name], scv=0.2) for name in NAMES)
    return LevelledQueue(rate, paces, tuple(QUALITIES[name] for name in NAMES), **changed)


def fixed(level):
    return PolicyRules(kind="fixed", level=level)


def test_batches_are_the_chain_with_the_level_in_its_state():
    found = predict(System(POLICY, BATCHING, "images", 3.0, workers=2))
    theory = hysteresis.measure(queue(3.0, law=LAW, workers=2), tabulate(POLICY, 20))
    assert found.measures.model == "chain"
    assert found.measures.mean_response == pytest.approx(theory.mean_response)
    assert list(found.residency.values()) == pytest.approx(list(theory.residency))
    assert found.switch_rate == pytest.approx(theory.switch_rate)
    assert found.effective_quality == pytest.approx(theory.effective_quality)
    assert found.stability_limit == pytest.approx(2 * LAW.speedup / 0.4)


def test_one_at_a_time_is_the_embedded_chain():
    found = predict(System(POLICY, ALONE, "images", 1.5))
    theory = embedded.measure(queue(1.5), tabulate(POLICY, 20))
    assert found.measures.model == "embedded"
    assert found.measures.mean_response == pytest.approx(theory.mean_response, rel=1e-6)
    assert found.stability_limit == pytest.approx(2.5)
    other = predict(System(POLICY, ALONE, "images", 1.5), "chain")
    assert other.measures.model == "chain"
    assert other.measures.mean_response != pytest.approx(found.measures.mean_response, rel=0.01)


def test_one_at_a_time_the_simulation_agrees():
    """Decisions at events and services that keep their level, as the model has it."""
    scenario = live.scenario(POLICY, ALONE, "images", arrivals=Poisson(1.5), workers=1)
    at_events = dataclasses.replace(
        scenario,
        switching=Switching(scenario.switching.table),
        horizon=Horizon(jobs=20_000),
    )
    simulated = replicate(at_events, range(8))
    found = predict(System(POLICY, ALONE, "images", 1.5)).measures
    for name in ("utilisation", "probability_of_waiting", "mean_wait", "mean_response"):
        estimate = getattr(simulated, name)
        assert abs(estimate.mean - getattr(found, name)) < 2 * estimate.half_width
    assert found.p95_response == pytest.approx(simulated.p95_response.mean, rel=0.1)


def test_a_capacity_loses_jobs_and_has_no_limit():
    rules = POLICY.rules.model_copy(update={"capacity": 10})
    full = POLICY.model_copy(update={"rules": rules})
    found = predict(System(full, ALONE, "images", 30.0))
    assert found.measures.model == "chain"
    assert found.measures.loss_probability > 0.9
    assert found.measures.utilisation == pytest.approx(1, abs=0.01)
    assert found.measures.mean_number == pytest.approx(
        30 * (1 - found.measures.loss_probability) * found.measures.mean_response
    )
    assert found.stability_limit is None


def test_what_has_no_answer_is_refused():
    with pytest.raises(Unstable, match=r"below 2\.5"):
        predict(System(POLICY, ALONE, "images", 3.0))
    with pytest.raises(BadInput, match="one job at a time"):
        predict(System(POLICY, BATCHING, "images", 3.0), "embedded")
    with pytest.raises(BadInput, match="hold no level for a dwell"):
        predict(System(POLICY, BATCHING, "images", 3.0), "dwelling")
    with pytest.raises(Unstable, match=r"below 2\.5"):
        predict(System(held(2.0), ALONE, "images", 3.0))


def held(dwell):
    return ruled(thresholds=(4, 8), hysteresis=2, dwell_seconds=dwell)


def test_a_dwell_is_told_beside_levels_that_change_at_once():
    """And it is the model with the dwell, a look's half period later, that it is told by."""
    system = System(held(2.0), BATCHING, "images", 3.0, workers=2, period=0.25)
    found, without = predict(system), predict(System(POLICY, BATCHING, "images", 3.0, workers=2))
    theory = dwelling.measure(queue(3.0, law=LAW, workers=2), tabulate(POLICY, 20), 2.125)
    assert found.measures.model == "dwelling"
    assert found.measures.mean_response == pytest.approx(theory.mean_response)
    assert found.switch_rate == pytest.approx(theory.switch_rate)
    assert list(found.residency.values()) == pytest.approx(list(theory.residency))
    assert found.at_once == without
    assert found.at_once.at_once is None


def test_near_its_limit_the_chain_is_told_beside_a_dwell():
    """The embedded chain would need too many states there; alone, that is said."""
    system = System(held(2.0), ALONE, "images", 2.48)
    found = predict(system)
    assert (found.measures.model, found.at_once.measures.model) == ("dwelling", "chain")
    assert found.at_once == predict(system, "chain")
    with pytest.raises(BadInput, match="too near the stability limit"):
        predict(System(POLICY, ALONE, "images", 2.48))


@pytest.mark.parametrize("measured", [BATCHING, ALONE])
def test_without_a_dwell_nothing_is_told_beside(measured):
    """The figures are those of levels that change at once, to the last bit."""
    for policy in (held(0), held(2.0).model_copy(update={"rules": fixed("good")})):
        system = System(policy, measured, "images", 1.0, period=0.25)
        found = predict(system)
        assert found == predict(system, found.measures.model)
        assert found.measures.model in ("chain", "embedded")
        assert found.at_once is None


@pytest.mark.parametrize(
    ("measured", "rate", "workers", "error"), [(BATCHING, 3.0, 2, 0.03), (ALONE, 1.5, 1, 0.06)]
)
def test_the_live_system_is_nearer_to_the_model_with_its_dwell(measured, rate, workers, error):
    """Simulated with ticks, re-timing downwards alone and a scv of 0.2: it approximates."""
    scenario = live.scenario(held(2.0), measured, "images", arrivals=Poisson(rate), workers=workers)
    simulated = replicate(dataclasses.replace(scenario, horizon=Horizon(jobs=20_000)), range(4))
    found = predict(System(held(2.0), measured, "images", rate, workers, period=0.25))
    mean, switches = simulated.mean_response.mean, simulated.switch_rate.mean
    assert found.measures.mean_response == pytest.approx(mean, rel=error)
    assert found.switch_rate == pytest.approx(switches, rel=0.15)
    assert abs(found.switch_rate - switches) < abs(found.at_once.switch_rate - switches) / 2


def test_qualities_that_were_not_measured_are_null():
    unjudged = profile(*NAMES, judged=False)
    assert predict(System(POLICY, unjudged, "images", 2.0)).effective_quality is None


@pytest.fixture
def ask(monkeypatch, capsys, tmp_path: Path):
    ladder, measured = tmp_path / "policy.toml", tmp_path / "profile.json"
    ladder.write_text("[rules]\nthresholds = [4, 8]\n" + "".join(map(RUNG.format, NAMES)))
    measured.write_text(BATCHING.model_dump_json())

    def run(*arguments):
        files = ["--policy", str(ladder), "--profile", str(measured), "--rate", "2"]
        monkeypatch.setattr(sys, "argv", ["queueing", "predict", *files, *arguments])
        return (command.main(), *capsys.readouterr())

    return run


def test_json_has_predicts_names_and_those_of_levels(ask):
    status, out, err = ask("--workers", "2", "--json")
    answer = json.loads(out)
    assert (status, err) == (0, "")
    assert list(answer) == [
        "model", "utilisation", "probability_of_waiting", "mean_wait", "mean_response",
        "mean_number", "p95_response", "loss_probability", "residency", "effective_quality",
        "switch_rate", "stability_limit", "at_once",
    ]  # fmt: skip
    assert list(answer["residency"]) == list(NAMES)
    beside = answer.pop("at_once")
    assert (answer["model"], beside["model"]) == ("dwelling", "chain")
    assert beside.pop("at_once") is None
    assert beside.keys() == answer.keys()
    _, alone, _ = ask("--workers", "2", "--model", "chain", "--json")
    assert json.loads(alone) == beside | {"at_once": None}


def test_people_get_a_table(ask):
    status, out, _ = ask()
    assert status == 0
    assert out.startswith("dwelling")
    assert "residency of good" in out
    assert "stability limit" in out
    assert re.search(r"if levels changed at once +│ +chain ", out)
    assert "mean response at once" in out


def test_help_says_what_the_models_leave_out(ask, capsys):
    with pytest.raises(SystemExit):
        ask("--help")
    assert "a story keeps the one it began with" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--model", "mm1"], "takes no --policy"),
        (["--service-time", "1"], "--service-time is for --model"),
        (["--cap", "4"], "--cap is for --model"),
        (["--queue", "stories"], "no stories cost"),
        (["--rate", "-1"], "rate"),
        (["--rate", "0"], "rate"),
        (["--workers", "0"], "workers"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_one_line(ask, arguments, reason):
    status, out, err = ask(*arguments)
    assert (status, out) == (2, "")
    assert reason in err
    assert len(err.splitlines()) == 1
