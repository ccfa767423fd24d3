"""`python -m controller.queueing simulate`, as scripts call it."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from controller.queueing.__main__ import main
from tests.controller.queueing.simulation.test_live import profile

FIGURES = {
    "utilisation",
    "probability_of_waiting",
    "mean_wait",
    "mean_response",
    "mean_number",
    "p95_response",
    "loss_probability",
}
POLICY = """
[rules]
thresholds = [4, 8]
"""
PLANNED = """
profile = "profile.json"
[rules]
kind = "planned"
slo = { seconds = 4 }
"""
LEVEL = """
[[levels]]
name = "{name}"
image = {{ sampler = "ddim", steps = 10, guidance_scale = 3.0 }}
story = {{ max_tokens = 64 }}
"""


class Command:
    """Runs it in this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        self._monkeypatch.setattr(sys, "argv", ["queueing", "simulate", *arguments])
        status = main()
        return status, *self._capsys.readouterr()

    def answer(self, *arguments: str) -> dict[str, Any]:
        status, out, _ = self(*arguments, "--jobs", "5000", "--json")
        assert status == 0
        return json.loads(out.splitlines()[-1])


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(monkeypatch, capsys)


@pytest.fixture
def system(tmp_path: Path) -> tuple[str, ...]:
    names = ("best", "good", "fair")
    ladder, measured = tmp_path / "policy.toml", tmp_path / "profile.json"
    ladder.write_text(POLICY + "".join(LEVEL.format(name=name) for name in names))
    measured.write_text(profile(*names).model_dump_json())
    return "--policy", str(ladder), "--profile", str(measured)


@pytest.mark.parametrize(
    ("model", "response"),
    [
        (("mm1", "--rate", "0.5"), 2.0),
        (("mmk", "--rate", "1", "--servers", "2"), 4 / 3),
        (("mmkk", "--rate", "0.5", "--servers", "1", "--capacity", "1"), 1.0),
        (("mg1", "--rate", "0.5", "--scv", "0"), 1.5),
        (("mgk", "--rate", "1", "--servers", "2", "--scv", "1"), 4 / 3),
        (("ps", "--rate", "0.5", "--scv", "2"), 2.0),
    ],
)
def test_each_model_has_its_figures(
    command: Command, model: tuple[str, ...], response: float
) -> None:
    found = command.answer("--model", *model, "--service-time", "1")
    assert found["model"] == model[0]
    assert found.keys() >= FIGURES
    for name in FIGURES:
        low, high = found[name]["ci95"]
        assert low <= found[name]["mean"] <= high
    assert found["mean_response"]["mean"] == pytest.approx(response, rel=0.1)
    assert "residency" not in found


def test_the_system_has_levels(command: Command, system: tuple[str, ...]) -> None:
    found = command.answer(*system, "--rate", "3", "--workers", "2")
    assert found["model"] == "threshold"
    assert list(found["residency"]) == ["best", "good", "fair"]
    assert sum(share["mean"] for share in found["residency"].values()) == pytest.approx(1)
    assert 25 < found["effective_quality"]["mean"] < 30
    assert found["switch_rate"]["mean"] > 0


def test_options_of_the_system_matter(command: Command, system: tuple[str, ...]) -> None:
    traffic = (*system, "--rate", "3", "--workers", "2")
    plain = command.answer(*traffic)["mean_response"]["mean"]
    others = [
        ("--no-retime",),
        ("--moment", "arrival"),
        ("--period", "0"),
        ("--period", "10"),
        ("--routing", "random"),
        ("--arrivals", "gamma:0.2"),
        ("--capacity", "3"),
        ("--deadline", "0.5"),
        ("--seed", "2"),
    ]
    means = {command.answer(*traffic, *other)["mean_response"]["mean"] for other in others}
    assert len(means - {plain}) == len(others)


def test_the_live_system_re_times_its_pictures(command: Command, system: tuple[str, ...]) -> None:
    traffic = (*system, "--rate", "3", "--workers", "2")
    assert command.answer(*traffic) == command.answer(*traffic, "--retime")


def test_patience_shortens_the_queue(command: Command, system: tuple[str, ...]) -> None:
    traffic = (*system, "--rate", "3", "--workers", "2", "--replications", "2", "--jobs", "1000")

    def mean() -> float:
        _, out, _ = command(*traffic, "--json")
        return json.loads(out.splitlines()[-1])["mean_response"]["mean"]

    ladder = Path(system[1])
    deep = ladder.read_text().replace("[4, 8]", "[20, 40]")
    ladder.write_text(deep)
    calm = mean()
    ladder.write_text(deep.replace("[rules]", "[rules]\npatience_seconds = 0.1"))
    assert mean() < 0.95 * calm


def test_planned_rules_are_planned_anew(command: Command, system: tuple[str, ...]) -> None:
    """A controller that has just begun has no plan, so that for a while no level is left."""
    ladder = Path(system[1])
    ladder.write_text(ladder.read_text().replace(POLICY, PLANNED))
    traffic = (*system, "--rate", "5", "--workers", "2", "--seconds")
    shares = [
        command.answer(*traffic, seconds)["residency"]["best"]["mean"] for seconds in ("2", "20")
    ]
    assert shares[0] == 1
    assert shares[1] < 0.9


def test_people_read_a_table(command: Command, system: tuple[str, ...]) -> None:
    status, out, err = command(*system, "--rate", "3", "--workers", "2", "--jobs", "500")
    assert (status, err) == (0, "")
    assert out.startswith("threshold: mean and 95 % confidence interval of 10 replications")
    assert "residency of good" in out


def test_a_time_without_a_steady_state_can_be_asked_for(command: Command) -> None:
    found = command.answer(
        "--model", "mm1", "--rate", "2", "--service-time", "1", "--seconds", "60"
    )
    assert found["warm_up"] == 0
    assert 10 < found["mean_response"]["mean"] < 60


def test_a_trace_has_its_own_rate_and_its_end(command: Command, tmp_path: Path) -> None:
    times = tmp_path / "times.json"
    times.write_text(json.dumps([0.1 * n for n in range(50)]))
    found = command.answer(
        "--model", "mg1", "--scv", "0", "--service-time", "1", "--arrivals", f"trace:{times}",
        "--seconds", "9",
    )  # fmt: skip
    # The n-th of 50 waits for those before it: 0.9 s more for each.
    assert found["mean_response"]["mean"] == pytest.approx(1 + 0.9 * 49 / 2)


def test_what_no_job_tells_is_null(command: Command) -> None:
    found = command.answer(
        "--model", "mm1", "--rate", "1e-9", "--service-time", "1", "--seconds", "1"
    )
    assert found["mean_response"] is None


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("--rate 2", "--model, or --policy"),
        ("--model mm1 --service-time 1", "need a rate"),
        ("--model mm1 --rate 2", "needs --service-time"),
        ("--model mm1 --rate 2 --service-time 1", "at 1 or more the queue grows"),
        ("--model mm1 --rate -2 --service-time 1", "rate is -2"),
        ("--model mm1 --rate 0.5 --service-time 0", "service_time is 0"),
        ("--model mm1 --rate 0.5 --service-time 1 --scv 2", "scv 1"),
        ("--model mg1 --rate 0.5 --service-time 1 --servers 2", "mgk has as many"),
        ("--model mm1 --rate 0.5 --service-time 1 --servers 0", "servers is 0"),
        ("--model mm1 --rate 0.5 --service-time 1 --seed -5", "seed is -5"),
        ("--policy policy.toml --rate 1 --queue stories --profile p.json --retime", "for images"),
        ("--model mmkk --rate 0.5 --service-time 1", "needs one"),
        ("--model mm1 --rate 0.5 --service-time 1 --cap 4", "for ps alone"),
        ("--model ps --rate 0.5 --service-time 1 --tau1 0", "not both 0"),
        ("--model mm1 --rate 0.5 --service-time 1 --retime", "belongs to --policy"),
        ("--model mm1 --rate 0.5 --service-time 1 --replications 1", "two replications"),
        ("--model mm1 --rate 0.5 --service-time 1 --jobs 0", "jobs is 0"),
        ("--policy policy.toml --rate 1 --scv 1", "belongs to --model"),
        ("--policy policy.toml --rate 1", "needs --profile"),
        ("--policy nowhere.toml --profile p.json --rate 1", "nowhere.toml"),
        ("--policy policy.toml --profile nowhere.json --rate 1", "nowhere.json"),
    ],
)
def test_what_has_no_answer_is_refused_in_a_line(
    command: Command, arguments: str, says: str
) -> None:
    status, out, err = command(*arguments.split())
    assert (status, out) == (2, "")
    assert says in err
    assert err.count("\n") == 1


def test_a_fixed_level_that_cannot_keep_up_is_refused(
    command: Command, system: tuple[str, ...]
) -> None:
    status, _, err = command(*system, "--rate", "30", "--workers", "2")
    assert status == 2
    assert "Lower the arrival rate to below" in err
