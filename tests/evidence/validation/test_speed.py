"""The speed of the machine beside its runs: named where it was not kept, and made up for."""

import json
from dataclasses import replace

import numpy as np
import pytest

from evidence import speed as kept
from evidence.validation import assumptions
from evidence.validation.at_speed import WorkClock, slowed
from evidence.validation.basis import plain
from evidence.validation.folder import load
from evidence.validation.measured import jobs
from evidence.validation.result import validate
from evidence.validation.speed import Probes, fairness, speed
from evidence.validation.tables import tables
from loadgen import began, record
from loadgen.metrics import Estimate
from tests.evidence.validation.studies import OVERHEAD, SECONDS, Truth, begin, calibrate, play

CALIBRATED, LIVE = 1.76e9, 1.77e9
USUAL, EVERY = 0.002, 0.5
QUICK = 8
PLAYED = (
    ("fixed:ddim-25", 2.0, 1.2),
    ("fixed:ddim-25", 3.0, 1.3),
    ("fixed:ddim-3", 6.0, 1.0),
    ("fixed:ddim-3", 8.0, 1.1),
    ("threshold:4,12", 3.0, 1.25),
)
"""Policy, rate, and how many times as long all work took."""


def truth(ratio=1.0):
    """A stack on a machine that takes so many times as long for everything."""
    slower = {name: ratio * value for name, value in SECONDS.items()}
    return Truth(seconds=slower, overhead={name: ratio * each for name, each in OVERHEAD.items()})


def probe(folder, begun, seconds, pace):
    """Add lines to a folder's speed.csv; `pace(t)` times the usual, with a little noise."""
    at = np.arange(0, seconds, EVERY)
    noise = np.random.default_rng(int(begun) % 1000).normal(1, 0.02, len(at))
    took = USUAL * np.array([pace(each) for each in at]) * noise
    with kept.appended(folder / kept.FILE) as file:
        for moment, each in zip(begun + at, took, strict=True):
            file.write(f"{moment:.2f},{each:.6f}\n".encode())


def says_when(path, unix):
    """Beside the records of a run."""
    began.beside(path).write_text(json.dumps({"unix": unix}))


def probed(folder, played=PLAYED, *, seconds=120.0):
    """A study whose runs came one after the other, on a machine of another speed in each."""
    begin(folder)
    calibrate(folder, truth=truth())
    for path in (folder / "calibration").glob("*.jsonl"):
        says_when(path, CALIBRATED)
    probe(folder / "calibration", CALIBRATED, 80, lambda _: 1.0)
    for number, (notation, rate, ratio) in enumerate(played):
        path = play(folder, notation, rate, truth=truth(ratio), seconds=seconds)
        says_when(path, LIVE + 1000 * number)
        probe(folder / "live", LIVE + 1000 * number, seconds + 20, lambda _, r=ratio: r)
    return folder


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    """Of such a study."""
    return validate(load(probed(tmp_path_factory.mktemp("speed") / "study")), replications=QUICK)


def test_each_run_has_the_speed_that_it_was_given(result):
    given = {(notation, rate): ratio for notation, rate, ratio in PLAYED}
    for each in result.verdicts:
        expected = given[each.run.policy.notation, each.run.rate]
        seen = each.findings.speed
        assert seen.ratio.value == pytest.approx(expected, rel=0.02)
        assert seen.ratio.low <= expected * 1.005
        assert seen.ratio.high >= expected * 0.995
        assert not seen.uneven


def test_a_machine_that_slowed_is_named_and_one_that_did_not_is_not(result):
    for each in result.verdicts:
        slower = each.findings.speed.ratio.value > 1.05
        assert (assumptions.SPEED in assumptions.sentences(each.broken)) == slower
        assert assumptions.UNEVEN not in assumptions.sentences(each.broken)


def test_predictions_at_the_speed_that_there_was_make_up_for_it(result):
    assert result.accuracy("simulated").worst > 0.2
    for kind, variant in (("simulated", "at_speed"), ("simulated", "followed_speed")):
        assert result.accuracy(kind, variant).runs == len(PLAYED)
        assert result.accuracy(kind, variant).worst < 0.1
    formula = result.accuracy("closed_form", "at_speed")
    assert formula.median < result.accuracy("closed_form").median


def test_a_fair_probe_is_found_to_be_fair(result):
    found = result.fairness

    assert found.runs == len(PLAYED)
    assert found.correlation.low > 0.8
    assert found.slope.low < 1 < found.slope.high


def test_it_is_written(result):
    told = json.loads(json.dumps(result.as_json(), allow_nan=False))

    assert told["speed"]["calibration_seconds"] == pytest.approx(USUAL, rel=0.02)
    assert set(told["speed"]["pictures"]) == {"runs", "correlation", "slope"}
    assert {"value", "low", "high"} == set(told["runs"][0]["speed"])
    assert 0 < told["runs"][0]["speed_variation"] < 0.05
    assert told["accuracy"]["at_speed"]["simulated"]["runs"] == len(PLAYED)
    text = "\n".join(each.markdown() for each in tables(result))
    assert "at the speed that the machine had" in text
    assert f"Over {len(PLAYED)} runs the logarithms" in text


@pytest.fixture
def one(tmp_path):
    """A study of one run, which went its usual speed."""
    return probed(tmp_path / "study", (("fixed:ddim-25", 2.0, 1.0),), seconds=60.0)


def test_without_the_speed_nothing_is_said_of_it(one):
    (one / "live" / kept.FILE).unlink()
    result = validate(load(one), replications=2)

    assert result.as_json()["speed"] is None
    assert result.as_json()["runs"][0]["speed"] is None
    assert "at_speed" not in result.as_json()["runs"][0]["other_errors"]
    assert not any("speed" in each.markdown() for each in tables(result))


def test_a_run_that_does_not_say_when_it_began_has_no_speed(one):
    for path in (one / "live").glob("*.began.json"):
        path.unlink()

    assert load(one).runs[0].probes is None


def test_moments_without_a_picture_do_not_count(one):
    """As the machine does nothing else then, it is another machine."""
    (run,) = load(one).runs
    done = [each for each in run.records if each.finished is not None]
    busy = [(each.started, each.finished) for each in done]

    assert 0 < len(run.probes.at) < 60 / EVERY
    assert all(any(start - 0.01 <= at <= end + 0.01 for start, end in busy) for at in run.probes.at)


def test_closed_loops_are_part_of_the_calibration(one):
    usual = load(one).reference
    path = one / "calibration" / "loops" / "ddpm-100-4.jsonl"
    path.parent.mkdir()
    (spent,) = [each for each in load(one).calibration if "ddpm-100" in each.name]
    with path.open("w") as file:
        for each in spent.records:
            record.write(file, each)
    says_when(path, CALIBRATED + 5000)
    probe(one / "calibration", CALIBRATED + 5000, 80, lambda _: 2.0)

    assert load(one).reference.seconds.mean() > 1.2 * usual.seconds.mean()
    path.with_name("broken-1.jsonl").write_text("{}\n")
    assert load(one).reference.seconds.max() > 1.5 * USUAL


def probes(seconds):
    """Twice a second."""
    return Probes(EVERY * np.arange(len(seconds)), np.array(seconds, float))


def test_a_speed_that_changes_within_the_run_is_uneven():
    even = speed(probes([USUAL] * 60), probes([USUAL] * 60))
    halves = speed(probes([USUAL] * 60), probes([USUAL] * 30 + [1.3 * USUAL] * 30))
    blip = speed(probes([USUAL] * 60), probes([USUAL] * 59 + [1.5 * USUAL]))

    assert (even.ratio, even.variation) == (Estimate(1.0, 1.0, 1.0), 0.0)
    assert not even.differs
    assert halves.uneven
    assert halves.ratio.value == pytest.approx(1.15)
    assert not blip.uneven
    assert not blip.differs


def test_too_few_probes_tell_nothing():
    assert speed(probes([USUAL] * 60), probes([USUAL] * 9)) is None
    assert speed(None, probes([USUAL] * 60)) is None
    assert speed(probes([USUAL] * 12), probes([USUAL] * 12)).variation is None


def test_four_runs_or_runs_alike_do_not_judge_the_probe():
    assert fairness([(1.0 + n / 10, 1.0 + n / 9) for n in range(4)]) is None
    assert fairness([(1.0, 1.0)] * 9) is None


def test_a_clock_of_work_runs_at_the_speed_of_the_machine():
    clock = WorkClock.of(probes([USUAL] * 20 + [2 * USUAL] * 20), USUAL)
    times = np.array([0.0, 5.0, 9.75, 11.75, 50.0])

    # Two groups of ten, and two that take twice as long: half of the change lies between.
    assert clock.work(times) == pytest.approx([0.0, 5.0, 9.75, 10.75, 29.875])
    assert clock.back(clock.work(times)) == pytest.approx(times)
    assert np.isnan(clock.back(np.array([np.nan]))).all()
    assert np.isposinf(clock.back(np.array([np.inf]))).all()


def test_a_run_whose_speed_changes_is_followed(tmp_path):
    """The true run: one at the usual speed, by a clock that runs at 1, then at half of it."""
    folder = probed(tmp_path / "study", (("fixed:ddim-25", 2.0, 1.0),), seconds=120.0)
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
    study = load(one)
    basis = plain(study)
    slow = slowed(basis, 1.5)

    assert slow.seconds == pytest.approx(1.5 * basis.seconds)
    for name in study.names:
        usual, longer = (each.study.profile.cost(name, "images") for each in (basis, slow))
        assert longer.seconds.value == pytest.approx(1.5 * usual.seconds.value)
        assert longer.scv == usual.scv
    found = jobs(study.runs[0], study.names)
    added = slow.later(found).finished - found.finished
    assert added == pytest.approx(1.5 * (basis.later(found).finished - found.finished))
