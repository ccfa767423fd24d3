"""Runs predicted at the speed that their machine had."""

from dataclasses import replace

import numpy as np
import pytest

from evidence import speed as kept
from evidence.validation import simulated
from evidence.validation.at_speed import WorkClock, followed, slowed
from evidence.validation.basis import plain
from evidence.validation.folder import load
from evidence.validation.measured import jobs
from evidence.validation.relative_speed import Paces, RelativeSpeed
from evidence.validation.result import validate
from loadgen import policies, record
from loadgen.metrics import Estimate
from tests.evidence.validation.machines import LIVE, probe, probed

QUICK = 8


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """A study of one run, on a machine that kept its speed."""
    folder = tmp_path_factory.mktemp("at_speed") / "study"
    return load(probed(folder, (("fixed:ddim-25", 2.5, 1.0),)))


def test_a_clock_of_work_runs_at_the_speed_of_the_machine():
    clock = WorkClock.of(Paces(np.arange(40) / 2, np.repeat([1.0, 2.0], 20)))
    times = np.array([0.0, 5.0, 9.75, 11.75, 50.0])

    # Ten seconds, and ten that take twice as long: half of the change lies between.
    assert clock.work(times) == pytest.approx([0.0, 5.0, 9.75, 10.75, 29.875])
    assert clock.back(clock.work(times)) == pytest.approx(times)
    assert np.isnan(clock.back(np.array([np.nan]))).all()
    assert np.isposinf(clock.back(np.array([np.inf]))).all()


def under(run, notation):
    """The run under these rules, with a dwell and a patience that change what they do."""
    asked = policies.policy(notation)
    hasty = {"dwell_seconds": 4.0, "patience_seconds": 6.0}
    return replace(run, policy=replace(asked, rules=asked.rules.model_copy(update=hasty)))


@pytest.mark.parametrize("notation", ["threshold:4,12", "slo:3", "planned:3"])
def test_one_speed_that_is_followed_is_that_of_a_slower_machine(one, notation):
    """Two ways to one prediction, but for the controller's own periods. Rules that keep their
    seconds would be a fifth off and more."""
    basis, run = plain(one), under(one.runs[0], notation)
    paces = Paces(np.arange(0, 120.0), np.full(120, 1.5))
    slow = slowed(basis, 1.5)

    expected = simulated.replay(slow.study, run, QUICK).estimates(slow.study, slow.later)
    found = followed(basis, run, RelativeSpeed(Estimate(1.5, 1.5, 1.5), None, paces), QUICK)

    assert found.mean_response.value == pytest.approx(expected.mean_response.value, rel=0.12)
    assert found.p95_response.value == pytest.approx(expected.p95_response.value, rel=0.12)
    assert found.job_shares == pytest.approx(expected.job_shares, abs=0.1)


def test_a_run_whose_speed_changes_is_followed(tmp_path):
    """The true run: one at the usual speed, by a clock that runs at 1, then at half of it."""
    folder = probed(tmp_path / "study", (("fixed:ddim-25", 2.0, 1.0),))
    (path,) = (folder / "live").glob("*.jsonl")

    def stretched(at):
        return None if at is None else at if at < 60 else 60 + 1.5 * (at - 60)

    times = ("due", "sent", "started", "finished")
    with_times = [
        replace(each, **{name: stretched(getattr(each, name)) for name in times})
        for each in record.read(path)
    ]
    with path.open("w") as file:
        for each in with_times:
            record.write(file, each)
    (folder / "live" / kept.FILE).unlink()
    probe(folder / "live", LIVE, 160, lambda at: 1.0 if at < 60 else 1.5)

    (verdict,) = validate(load(folder), replications=QUICK).verdicts
    assert verdict.findings.speed.uneven
    assert verdict.error("simulated") < -0.15
    assert abs(verdict.error("simulated", "followed_speed")) < 0.05


def test_all_work_is_stretched_alike(one):
    basis = plain(one)
    slow = slowed(basis, 1.5)

    assert slow.seconds == pytest.approx(1.5 * basis.seconds)
    for name in one.names:
        usual, longer = (each.study.profile.cost(name, "images") for each in (basis, slow))
        assert longer.seconds.value == pytest.approx(1.5 * usual.seconds.value)
        assert longer.scv == usual.scv
    found = jobs(one.runs[0], one.names)
    added = slow.later(found).finished - found.finished
    assert added == pytest.approx(1.5 * (basis.later(found).finished - found.finished))
