"""When the live stack accepted its requests, from the folder of its runs."""

import gzip
import json

import numpy as np
import pytest

from evidence.validation import earlier
from evidence.validation.accepted import with_earlier
from evidence.validation.folder import load
from evidence.validation.study import Run
from loadgen import began, policies, record
from loadgen.record import REJECTED, SUCCEEDED, Record
from tests.evidence.validation.machines import says_when
from tests.evidence.validation.studies import begin, play

BEGAN = 1.79e9
ASKED = policies.policy("fixed:ddim-3")


@pytest.fixture
def live(tmp_path):
    """A run of 50 s, then two closed loops of the reference; the next begins at 0."""
    keep(tmp_path / "fixed_ddim-3-2-1.jsonl", -80.0, np.arange(0.5, 50, 0.5))
    loops = tmp_path / "reference" / "before-fixed_ddim-3-4-1"
    keep(loops / "ddim-3-1.jsonl", -22.0, np.arange(0.1, 5, 0.1))
    keep(loops / "ddim-3-4.jsonl", -16.0, np.arange(0.05, 5, 0.05))
    return tmp_path


def keep(path, at, accepted):
    """Records whose requests were accepted so many seconds after a start at `at`, each sent a
    little before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        for number, each in enumerate(np.asarray(accepted).tolist()):
            sent = {"sent": each - 0.02, "accepted": each}
            filling = {"warmup": number < 4, "status": SUCCEEDED}
            record.write(file, Record(number, "image", each - 0.02, **sent, **filling))
    says_when(path, BEGAN + at)
    return path


def expected():
    """All times of the fixture, in order."""
    run, loops = np.arange(0.5, 50, 0.5) - 80, (np.arange(0.1, 5, 0.1) - 22)
    return BEGAN + np.concatenate([run, loops, np.arange(0.05, 5, 0.05) - 16])


def seen(live, at=0.0):
    """By a run that begins at this second."""
    run = Run("run", ASKED, 4.0, 1, (), began=BEGAN + at)
    (found,) = with_earlier([run], live, {})
    return found.watched


def test_runs_and_loops_of_the_reference_are_seen(live):
    found = seen(live)

    assert found.rate.value == pytest.approx(earlier.watched(expected(), BEGAN).rate.value)
    assert found.rate.value > 2.0


def test_a_run_sees_only_what_came_before_it(live):
    assert seen(live, at=-80.0).rate is None
    assert seen(live, at=-30.0).rate.value == pytest.approx(2.0, rel=0.03)
    assert seen(live, at=60.0).rate.value < seen(live).rate.value / 2


def test_only_pictures_that_were_accepted_count(live):
    before = seen(live)
    path = keep(live / "fixed_ddim-3-3-1.jsonl", -8.0, [])
    refused = {"sent": 1.0, "status": REJECTED, "http_status": 429}
    with path.open("a") as file:
        record.write(file, Record(0, "image", 1.0, **refused))
        record.write(file, Record(1, "story", 1.0, sent=1.0, accepted=1.1, status=SUCCEEDED))

    assert seen(live) == before


def test_packed_records_count_once(live):
    before = seen(live)
    path = live / "reference" / "before-fixed_ddim-3-4-1" / "ddim-3-4.jsonl"
    path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
    assert seen(live) == before

    path.unlink()
    assert seen(live) == before


@pytest.mark.parametrize("name", ["fixed_ddim-3-2-1", "reference/before-fixed_ddim-3-4-1/ddim-3-1"])
@pytest.mark.parametrize("wrong", ["no start", "bad start", "bad records"])
def test_where_one_time_is_missing_nothing_is_taken_to_be_known(live, name, wrong):
    path = live / f"{name}.jsonl"
    if wrong == "no start":
        began.beside(path).unlink()
    elif wrong == "bad start":
        began.beside(path).write_text(json.dumps({"unix": "soon"}))
    else:
        path.write_text("nonsense\n")

    skipped: dict[str, str] = {}
    (found,) = with_earlier([Run("run", ASKED, 4.0, 1, (), began=BEGAN)], live, skipped)

    assert found.watched is None
    assert len(skipped) == (wrong != "no start"), "older records have none, which is no fault"


def test_a_run_that_does_not_say_when_it_began_stays_as_it_is(live):
    (found,) = with_earlier([Run("run", ASKED, 4.0, 1, ())], live, {})

    assert found.watched is None


def test_runs_of_a_study_have_it(tmp_path):
    """Those of a study without a reference, too, by the runs before."""
    folder = begin(tmp_path / "study")
    for number, rate in enumerate((2.0, 4.0)):
        path = play(folder, "fixed:ddim-3", rate, seconds=30.0)
        taken = [each.sent for each in record.read(path)]
        keep_times(path, BEGAN + 40 * number, taken)

    first, second = load(folder).runs

    assert first.watched.rate is None
    # The run of 30 s, and 10 s of silence.
    assert second.watched.rate.value == pytest.approx(len(first.records) / 40, rel=0.15)


def keep_times(path, unix, accepted):
    """Add to records when each was accepted, and when their run began."""
    lines = path.read_text().splitlines()
    found = [json.loads(line) | {"accepted": at} for line, at in zip(lines, accepted, strict=True)]
    path.write_text("".join(json.dumps(each) + "\n" for each in found))
    says_when(path, unix)
