"""How far a prediction may be off because its law is not known better."""

from dataclasses import replace

import numpy as np
import pytest

from evidence.validation import simulated
from evidence.validation.basis import by_law
from evidence.validation.folder import load
from evidence.validation.leeway import leeway
from evidence.validation.result import validate
from tests.evidence.validation.studies import STEPS, Truth, begin, loops, picture_law, play

CERTAIN = picture_law(0.03, 0.02, 0.013, 0.0045, 0.01)
LEVEL = "ddim-25"
DOUBT = 0.04
SECONDS = CERTAIN.seconds(STEPS[LEVEL], 1)
LAW = replace(CERTAIN, spread=np.diag([(DOUBT * SECONDS) ** 2, 0, 0, 0]))
LIMIT = 8 / CERTAIN.seconds(STEPS[LEVEL], 8)
"""Arrivals a second that a full worker just keeps up with."""
REPLICATIONS = 5


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = begin(tmp_path_factory.mktemp("leeway") / "study")
    for load_ in (0.05, 0.93):
        rate = round(load_ * LIMIT, 2)
        play(folder, f"fixed:{LEVEL}", rate, truth=Truth.of(CERTAIN), seconds=300.0)
    return load(folder)


def _found(study, run, law=LAW):
    basis = by_law(law, study)
    replay = simulated.replay(basis.study, run, REPLICATIONS)
    said = replay.estimates(basis.study, basis.later).mean_response.value
    return leeway(basis, run, said, REPLICATIONS)


def test_in_an_idle_worker_the_response_is_known_as_well_as_the_work(study):
    quiet, _ = study.runs

    found = _found(study, quiet)

    assert found.doubt == pytest.approx(DOUBT)
    said = found.mean_response
    assert said.low / said.value == pytest.approx(1 - DOUBT, abs=0.01)
    assert said.high / said.value == pytest.approx(1 + DOUBT, abs=0.01)


def test_near_saturation_it_is_known_less_well(study):
    _, busy = study.runs

    said = _found(study, busy).mean_response

    assert said.high / said.value > 1 + 2.5 * DOUBT
    assert said.low / said.value < 1 - 2.5 * DOUBT


def test_a_certain_law_leaves_nothing_open(study):
    said = _found(study, study.runs[1], CERTAIN).mean_response

    assert said.low == said.value == said.high


def test_what_tells_no_level_or_is_not_known_at_all_has_none(study):
    run = study.runs[0]
    nameless = tuple(replace(each, level=None) for each in run.records)
    vague = replace(CERTAIN, spread=np.diag([(1.1 * SECONDS) ** 2, 0, 0, 0]))

    assert _found(study, replace(run, records=nameless)) is None
    assert _found(study, run, vague) is None


def test_it_is_written(study):
    known = replace(study, loops=loops(CERTAIN), runs=study.runs[:1])

    (told,) = validate(known, replications=2).as_json()["runs"]

    assert told["leeway"]["doubt"] == pytest.approx(0, abs=1e-6)
    assert told["leeway"]["mean_response"]["value"] == told["simulated"]["mean_response"]["value"]
