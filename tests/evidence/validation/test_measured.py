"""Records as jobs, against what the load generator says of the same records."""

import numpy as np
import pytest

from evidence.validation.figures import depths
from evidence.validation.measured import first_level, jobs, level_changes, measure, stays
from evidence.validation.study import Run, Study
from loadgen import metrics, occupancy
from loadgen.level_changes import Change
from loadgen.policies import policy
from loadgen.record import REJECTED, SUCCEEDED, TIMEOUT, Record
from services.contract import policy as policies
from tests.evidence.validation.studies import LEVELS, QUALITY, ladder, profile


def requests(count=300):
    """Of all sorts, not in order, the first of them a warm-up."""
    chance = np.random.default_rng(2)
    due = np.cumsum(chance.standard_exponential(count))
    found = [_one(number, float(at), chance) for number, at in enumerate(due)]
    return tuple(found[number] for number in chance.permutation(count))


def _one(number, due, chance):
    warmup = number < 20
    sort = chance.choice(["done", "refused", "given up", "failed"], p=[0.9, 0.04, 0.03, 0.03])
    if sort != "done":
        status = {"refused": REJECTED, "given up": TIMEOUT, "failed": "failed"}[sort]
        return Record(number, "image", due, status=status, warmup=warmup)
    took = float(chance.standard_exponential())
    levels = ("ddpm-100", "ddim-25") if number % 3 else ("ddim-3",)
    return Record(
        number,
        "image",
        due,
        sent=due,
        started=due + 0.1 * took,
        finished=due + took,
        status=SUCCEEDED,
        level=levels[-1],
        levels=levels,
        warmup=warmup,
    )


def run(changes=None, records=None):
    """Without a folder."""
    return Run("run", policy("threshold:4,12"), 1.0, 1, records or requests(), changes)


def test_figures_are_those_of_the_load_generator():
    found = jobs(run(), LEVELS)
    counted = metrics.measured(requests())
    begin, end = occupancy.window(requests())

    assert sorted(found.responses) == pytest.approx(sorted(metrics.responses(counted)))
    assert found.window == pytest.approx((begin, end))
    assert depths(found, 1)[0] == pytest.approx(occupancy.mean_number(requests(), end, begin))


def test_a_job_counts_for_its_last_level():
    study = Study(policies.Policy.model_validate(ladder()), profile(), None, ())

    found = measure(study, run())

    shares = metrics.shares(metrics.measured(requests()))
    assert dict(zip(LEVELS, found.job_shares, strict=True)) == pytest.approx(
        {"ddpm-100": 0.0} | shares
    )
    expected = sum(QUALITY[name] * share for name, share in shares.items())
    assert found.effective_quality.value == pytest.approx(expected)
    assert found.residency is None


def test_the_level_that_a_run_began_at_is_that_of_its_first_picture():
    late = Record(1, "image", 2.0, levels=("ddim-25",), level="ddim-25")
    first = Record(0, "image", 1.0, levels=("ddim-3", "ddim-25"), level="ddim-25")

    assert first_level(run(records=(late, first)), LEVELS) == LEVELS.index("ddim-3")
    assert first_level(run(records=(Record(0, "image", 1.0),)), LEVELS) == 0


def test_levels_of_pictures_are_those_that_count():
    changes = (
        Change("images", -1.0, "ddpm-100", ""),
        Change("stories", 0.0, "ddim-3", ""),
        Change("images", 50.0, "ddim-25", ""),
    )
    watched = run(changes)
    found = jobs(watched, LEVELS)

    assert level_changes(watched, LEVELS) == [(-1.0, 0), (50.0, 1)]
    assert dict(zip(LEVELS, stays(watched, found, LEVELS), strict=True)) == pytest.approx(
        {"ddim-3": 0.0} | occupancy.residency(changes, "images", *found.window)
    )
