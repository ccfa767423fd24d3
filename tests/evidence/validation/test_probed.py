"""The speed of the machine beside the runs of a study: read, named where it was not kept, told."""

import json

import pytest

from evidence import speed as kept
from evidence.served import Where
from evidence.validation import assumptions
from evidence.validation.folder import load
from evidence.validation.result import validate
from evidence.validation.tables import tables
from loadgen import began, record
from tests.evidence.validation.machines import CALIBRATED, EVERY, USUAL, probe, probed, says_when

QUICK = 8
PLAYED = (
    ("fixed:ddim-25", 2.0, 1.2),
    ("fixed:ddim-25", 3.0, 1.3),
    ("fixed:ddim-3", 6.0, 1.0),
    ("fixed:ddim-3", 8.0, 1.1),
    ("threshold:4,12", 3.0, 1.25),
    ("planned:4", 3.0, 1.25),
)
"""Policy, rate, and how many times as long all work took."""


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    """Of such a study."""
    folder = probed(tmp_path_factory.mktemp("speed") / "study", PLAYED)
    return validate(load(folder), replications=QUICK)


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
        if each.run.policy.notation.startswith("planned"):
            continue  # the plan makes up for the speed, so that nothing departs
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
    assert all(0 <= each["speed_variation"] < 0.05 for each in told["runs"])
    assert all(0 <= each["speed_variation_p"] <= 1 for each in told["runs"])
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


def test_what_says_wrongly_when_a_run_began_is_told_and_leaves_the_run(one):
    (path,) = (one / "live").glob("*.began.json")
    path.write_text('{"unix": 1')

    found = load(one)

    assert found.runs[0].probes is None
    assert "does not say when its run began" in found.skipped[f"live/{path.name}"]
    assert any(path.name in note for note in validate(found, replications=2).notes)


def test_moments_without_a_picture_do_not_count(one):
    """As the machine does nothing else then, it is another machine."""
    (run,) = load(one).runs
    done = [each for each in run.records if each.finished is not None]
    busy = [(each.started, each.finished) for each in done]

    assert 0 < len(run.probes.at) < 60 / EVERY
    for at, company in zip(run.probes.at, run.probes.under_way, strict=True):
        assert any(start - 0.01 <= at <= end + 0.01 for start, end in busy)
        near = sum(start - 0.01 <= at <= end + 0.01 for start, end in busy)
        sure = sum(start + 0.01 <= at <= end - 0.01 for start, end in busy)
        assert sure <= company <= near


@pytest.fixture
def looped(one):
    """The same with a closed loop in its calibration, of which all took twice as long; its file."""
    path = one / "calibration" / "loops" / "ddpm-100-4.jsonl"
    path.parent.mkdir()
    (spent,) = [each for each in load(one).calibration if "ddpm-100" in each.name]
    with path.open("w") as file:
        for each in spent.records:
            record.write(file, each)
    says_when(path, CALIBRATED + 5000)
    probe(one / "calibration", CALIBRATED + 5000, 80, lambda _: 2.0)
    return path


def test_closed_loops_are_part_of_the_calibration(one, looped):
    assert load(one).reference.seconds.max() > 1.5 * USUAL

    looped.with_name("broken-1.jsonl").write_text("{}\n")
    assert load(one).reference.seconds.max() > 1.5 * USUAL


def test_a_loop_that_does_not_say_when_it_began_is_told_and_left_out(one, looped):
    began.beside(looped).write_text("[]")

    found = load(one)

    assert found.reference.seconds.max() < 1.5 * USUAL
    assert "calibration/loops/ddpm-100-4.began.json" in found.skipped


def test_the_calibration_after_the_runs_is_part_of_the_reference(one, looped):
    """The same work took as usual before them, and twice as long after them."""
    after = one / "recalibration" / "loops"
    after.parent.mkdir()
    looped.parent.rename(after)
    slow = CALIBRATED + 5000
    lines = (one / "calibration" / kept.FILE).read_text().splitlines(keepends=True)
    rows = kept.read(one / "calibration" / kept.FILE)
    head = lines[: len(lines) - len(rows)]
    body = lines[len(head) :]
    for folder, late in ((one / "calibration", False), (after.parent, True)):
        pairs = zip(body, rows, strict=True)
        mine = [line for line, (at, _) in pairs if (at >= slow) == late]
        (folder / kept.FILE).write_text("".join(head + mine))

    found = load(one)

    assert found.reference.seconds.min() < 1.2 * USUAL
    assert found.reference.seconds.max() > 1.5 * USUAL
    assert [each.where for each in found.loops] == [Where.RECALIBRATION]
