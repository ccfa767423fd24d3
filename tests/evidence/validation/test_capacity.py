"""Knees, ratios, margins and contests of runs whose outcome is laid down."""

import numpy as np
import pytest

from evidence.validation import capacity, margins
from evidence.validation.study import Run, Study
from loadgen.policies import policy
from loadgen.record import SUCCEEDED, Record
from services.contract import policy as policies
from services.contract.rules import Slo
from tests.evidence.validation.studies import LEVELS, QUALITY, ladder, profile

SLO = Slo(seconds=5.0)
PICTURES = 200


def run(notation, rate, seconds=1.0, shares=(0, 0, 1), repeat=1):
    """Pictures one after the other that all take so long, at levels by these shares."""
    levels = np.repeat(LEVELS, [round(share * PICTURES) for share in shares])
    levels = np.random.default_rng(7).permutation(levels).tolist()
    requests = tuple(
        Record(
            n,
            "image",
            due=n / rate,
            sent=n / rate,
            started=n / rate,
            finished=n / rate + seconds,
            status=SUCCEEDED,
            level=level,
            levels=(level,),
        )
        for n, level in enumerate(levels)
    )
    return Run(f"{notation}-{rate}", policy(notation), rate, repeat, requests)


def study(*runs, slo=SLO, captions=None):
    """Without a folder."""
    rules = policies.Policy.model_validate(ladder())
    return Study(rules, profile(), slo, runs, captions=captions or {})


def test_a_knee_is_the_last_rate_in_time_and_the_ratio_is_over_the_best_level():
    found = capacity.capacity(
        study(
            *(run("fixed:ddpm-100", rate, seconds) for rate, seconds in ((1, 2), (2, 9))),
            *(run("threshold:4,12", rate, seconds) for rate, seconds in ((1, 2), (3, 4), (4, 9))),
            *(run("planned:5", rate) for rate in (1, 2)),
        )
    )

    assert found.knees == {"fixed:ddpm-100": 1, "threshold:4,12": 3, "planned:5": 2}
    assert found.best_level == "fixed:ddpm-100"
    assert found.ratios == {"threshold:4,12": 3, "planned:5": 2}
    assert found.ratio == 3
    assert found.at_least == ("planned:5",)


def best_fails_at(*rates):
    """With the best level in time at 1 a second and late at these."""
    late = [run("fixed:ddpm-100", rate, 9.0) for rate in rates]
    ours = [run("threshold:4,12", rate) for rate in (3, 4)]
    return capacity.capacity(study(run("fixed:ddpm-100", 1), *late, *ours))


def test_what_is_held_does_not_hang_on_how_coarse_the_rates_are():
    coarse, fine = best_fails_at(2, 3), best_fails_at(1.25)

    assert coarse.ratio == fine.ratio == 4
    assert coarse.ratio_at_least == 2
    assert coarse.held is False
    assert fine.ratio_at_least == pytest.approx(3.2)
    assert fine.held is True
    assert coarse.brackets == {"fixed:ddpm-100": (1, 2), "threshold:4,12": (4, None)}


def test_a_table_that_is_told_the_rate_has_a_knee_and_makes_no_claim():
    found = capacity.capacity(
        study(
            *(run("fixed:ddpm-100", rate, seconds) for rate, seconds in ((1, 2), (2, 9))),
            *(run("threshold:4,12", rate, seconds) for rate, seconds in ((1, 2), (2, 9))),
            *(run("table:optimal", rate) for rate in (1, 2, 6)),
        )
    )

    assert found.knees["table:optimal"] == 6
    assert found.brackets["table:optimal"] == (6, None)
    assert found.ratios == {"threshold:4,12": 1}
    assert (found.ratio, found.ratio_at_least, found.held) == (1, 0.5, False)


def test_a_best_level_that_never_failed_is_not_judged():
    found = capacity.capacity(study(run("fixed:ddpm-100", 1), run("threshold:4,12", 4)))

    assert found.ratio == 4
    assert found.ratio_at_least is None
    assert found.held is None


def test_a_policy_that_sustains_nothing_is_not_held():
    found = capacity.capacity(study(run("fixed:ddpm-100", 2, 9.0), run("threshold:4,12", 4, 9.0)))

    assert found.ratio_at_least == 0
    assert found.held is False


def test_a_best_level_that_sustains_nothing_gives_no_ratio():
    found = capacity.capacity(study(run("fixed:ddpm-100", 2, 9.0), run("threshold:4,12", 4)))

    assert found.knees["fixed:ddpm-100"] is None
    assert found.ratio is None
    assert not found.held


def test_without_a_target_there_is_no_capacity():
    assert capacity.capacity(study(run("planned:5", 1), slo=None)) is None
    mean = Slo(seconds=1.0, percentile="mean")
    assert capacity.capacity(study(run("planned:5", 1), slo=mean)) is None


def captions(noise):
    """Scores that differ by `noise` about the difference between levels, and by much more between
    captions."""
    chance = np.random.default_rng(5)
    hard = chance.normal(0, 8, 100)
    return {
        name: quality + hard + chance.normal(0, noise, 100) for name, quality in QUALITY.items()
    }


def test_a_margin_is_the_shares_times_the_differences():
    scores = captions(noise=0.2)

    (found,) = margins.margins(
        study(run("threshold:4,12", 2, shares=(0.25, 0.5, 0.25)), captions=scores)
    )

    expected = 0.25 * (QUALITY["ddpm-100"] - QUALITY["ddim-3"]) + 0.5 * (
        QUALITY["ddim-25"] - QUALITY["ddim-3"]
    )
    assert found.margin.value == pytest.approx(expected)
    assert found.over == "fixed:ddim-3"
    assert found.held


def test_its_interval_is_of_paired_captions_and_of_shares():
    scores = captions(noise=0.5)
    (all_best,) = margins.margins(
        study(run("threshold:4,12", 2, shares=(1, 0, 0)), captions=scores)
    )
    (mixed,) = margins.margins(
        study(run("threshold:4,12", 2, shares=(0.5, 0, 0.5)), captions=scores)
    )

    # Paired: √2 · 0.5/√100, whatever lies between captions; its shares are certain.
    half = 1.96 * np.sqrt(2) * 0.5 / 10
    assert all_best.margin.high - all_best.margin.low == pytest.approx(2 * half, rel=0.2)
    # Half of that, and of the shares √(¼/200) times the difference, as independent errors.
    gap = QUALITY["ddpm-100"] - QUALITY["ddim-3"]
    both = np.hypot(half / 2, 1.96 * gap * np.sqrt(0.25 / PICTURES))
    assert mixed.margin.high - mixed.margin.low == pytest.approx(2 * both, rel=0.25)


def test_a_difference_that_captions_do_not_show_is_not_held():
    noisy = captions(noise=80.0)

    (found,) = margins.margins(study(run("threshold:4,12", 2, shares=(0, 1, 0)), captions=noisy))

    assert not found.held


def test_without_scores_of_captions_levels_are_independent():
    (found,) = margins.margins(study(run("threshold:4,12", 2, shares=(1, 0, 0))))

    half = 0.01 * np.hypot(QUALITY["ddpm-100"], QUALITY["ddim-3"])
    assert found.margin.high - found.margin.low == pytest.approx(2 * half, rel=0.1)


def test_fixed_levels_and_tables_that_are_told_the_rate_have_no_margin():
    assert margins.margins(study(run("fixed:ddim-3", 2), run("table:optimal", 2))) == []


def contest(planned, hand_set):
    """Planned against thresholds at one rate."""
    (found,) = margins.contests(study(planned, hand_set, captions=captions(0.2)))
    return found


def test_planned_rules_are_compared_where_both_were_run():
    found = contest(
        run("planned:5", 2, 3.0, (0.8, 0.2, 0)), run("threshold:4,12", 2, 1.0, (0.2, 0.8, 0))
    )

    assert found.quality.value == pytest.approx(0.6 * (QUALITY["ddpm-100"] - QUALITY["ddim-25"]))
    assert found.p95_response.value == pytest.approx(2.0)
    assert found.held
    other = study(run("planned:5", 2), run("threshold:4,12", 3))
    assert margins.contests(other) == []


def test_planned_rules_must_be_in_time_and_no_worse():
    late = contest(run("planned:5", 2, 9.0, (1, 0, 0)), run("threshold:4,12", 2))
    worse = contest(run("planned:5", 2), run("threshold:4,12", 2, shares=(1, 0, 0)))

    assert not late.held
    assert not worse.held
