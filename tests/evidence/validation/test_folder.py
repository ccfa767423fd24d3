"""A study's folder: what is read, what is skipped, and what is refused."""

import gzip
import json

import pytest

from evidence.validation.folder import load, policy_of
from evidence.validation.study import QUEUE_CAPACITY, BadStudy
from loadgen.intensity import BadLoad
from services.contract.policy import PolicyError
from services.contract.profile import Profile, ProfileError
from services.contract.rules import Slo
from tests.evidence.validation.studies import LEVELS, begin, play, profile

SHORT = {"seconds": 20.0}


@pytest.fixture
def study(tmp_path):
    """A study with one run."""
    folder = begin(tmp_path / "study")
    play(folder, "fixed:ddim-3", 2.0, **SHORT)
    return folder


@pytest.mark.parametrize(
    "notation",
    ["file", "fixed:ddim-25", "threshold:4,12", "threshold:6", "slo:5", "planned:2.5"],
)
def test_a_policy_is_known_by_the_name_of_its_file(notation):
    slug = "".join(c if c.isalnum() or c in ".-" else "_" for c in notation)

    assert policy_of(slug, LEVELS).notation == notation


@pytest.mark.parametrize("slug", ["fixed_slow", "threshold_", "quick", "planned_x"])
def test_what_names_no_policy_is_refused(slug):
    with pytest.raises(BadLoad, match="names no policy"):
        policy_of(slug, LEVELS)


def test_runs_are_read_with_their_policy_rate_and_repeat(study):
    play(study, "threshold:4,12", 1.5, repeat=2, **SHORT)

    fixed, moving = load(study).runs

    assert (fixed.policy.notation, fixed.rate, fixed.repeat) == ("fixed:ddim-3", 2.0, 1)
    assert (moving.policy.notation, moving.rate, moving.repeat) == ("threshold:4,12", 1.5, 2)
    assert moving.policy.rules.thresholds == (4, 12)
    assert moving.changes


def test_the_plan_says_what_is_aimed_at(study):
    found = load(study)

    assert found.slo == Slo(seconds=5.0)
    assert found.capacity == 1000
    assert load(study, Slo(seconds=2.0)).slo == Slo(seconds=2.0)


def test_without_a_plan_a_policy_says_it(study):
    (study / "study.json").unlink()
    assert load(study).slo is None

    play(study, "planned:3", 1.0, **SHORT)
    assert load(study).slo == Slo(seconds=3.0)
    assert load(study).capacity == QUEUE_CAPACITY


def test_packed_records_are_read_once(study):
    path = next((study / "live").glob("*.jsonl"))
    path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
    assert len(load(study).runs) == 1

    path.unlink()
    assert len(load(study).runs) == 1


def test_a_line_cut_short_is_left_out(study):
    path = next((study / "live").glob("*.jsonl"))
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines)[:-30])

    (run,) = load(study).runs

    assert len(run.records) == len(lines) - 1


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("fixed_ddim-25-2-1.jsonl", "nonsense\n{}\n", "is not a record"),
        ("threshold_4-2-1.jsonl", "", "must hold 2 depths"),
        ("fixed_ddim-25-2-1.jsonl", "", "0 pictures were answered"),
        ("notes.of-today.jsonl", "", "is not named POLICY-RATE-REPEAT"),
    ],
)
def test_a_run_that_cannot_be_read_leaves_the_others(study, name, text, why):
    (study / "live" / name).write_text(text)

    found = load(study)

    assert len(found.runs) == 1
    assert why in found.skipped[f"live/{name}"]


def test_a_run_of_another_ladder_is_skipped(study):
    path = play(study, "fixed:ddim-25", 2.0, **SHORT)
    path.write_text(path.read_text().replace('"ddim-25"', '"ddim-9"'))

    assert "ddim-9" in load(study).skipped[f"live/{path.name}"]


def test_a_study_without_runs_is_refused(tmp_path):
    with pytest.raises(BadStudy, match="no folder live/"):
        load(tmp_path)
    with pytest.raises(BadStudy, match="no run that can be read"):
        load(begin(tmp_path / "empty"))


def test_files_that_predictions_need_are_asked_for(study):
    path = study / "profile" / "profile.json"
    lacking = profile().rungs[:2]
    path.write_text(Profile(made_with={}, rungs=lacking).model_dump_json())
    with pytest.raises(ProfileError, match="ddim-3"):
        load(study)

    path.unlink()
    with pytest.raises(ProfileError, match=r"profile\.json"):
        load(study)

    (study / "policy.toml").unlink()
    with pytest.raises(PolicyError, match=r"policy\.toml"):
        load(study)


def test_a_broken_plan_or_score_is_refused(study):
    (study / "profile" / "quality.csv").write_text("setting,clip_score\nddim-3,good\n")
    with pytest.raises(BadStudy, match=r"quality\.csv"):
        load(study)

    (study / "study.json").write_text(json.dumps([1]))
    with pytest.raises(BadStudy, match=r"study\.json"):
        load(study)


def test_scores_of_other_captions_at_each_level_are_not_compared(study):
    path = study / "profile" / "quality.csv"
    assert set(load(study).captions) == set(LEVELS)

    path.write_text("\n".join(path.read_text().splitlines()[:-1]))
    assert load(study).captions == {}


def test_runs_come_by_policy_and_rate_not_by_the_letters_of_their_names(study) -> None:
    one = next((study / "live").glob("fixed_*.jsonl"))
    policy, _, repeat = one.name.removesuffix(".jsonl").rsplit("-", 2)
    for rate in ("15", "4.4"):
        (study / "live" / f"{policy}-{rate}-{repeat}.jsonl").write_bytes(one.read_bytes())

    rates = [run.rate for run in load(study).runs if run.policy.slug == policy]

    assert rates == sorted(rates)
    assert {4.4, 15.0} <= set(rates)
