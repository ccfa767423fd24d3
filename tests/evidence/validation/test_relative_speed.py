"""How fast the machine was in a run, of probes whose law is known."""

import numpy as np
import pytest

from evidence.validation.relative_speed import CHANCE, Paces, Probes, relative_speed, variation
from tests.evidence.validation.machines import EVERY, USUAL


def probes(seconds, under_way=1):
    """Twice a second, with so many pictures under way."""
    seconds = np.array(seconds, float)
    company = np.broadcast_to(np.asarray(under_way, np.int64), seconds.shape)
    return Probes(EVERY * np.arange(len(seconds)), seconds, company)


def slowed_by(company):
    """What a probe takes with so many pictures under way: each slows it by a tenth."""
    return USUAL * (0.9 + 0.1 * company)


def test_probes_without_a_picture_under_way_are_left_out_and_the_others_know_how_many():
    at = np.arange(6.0)

    found = Probes.during(at, at, np.array([0.5, 1.5]), np.array([4.5, 2.5]))

    assert found.at.tolist() == [1, 2, 3, 4]
    assert found.under_way.tolist() == [1, 2, 1, 1]
    assert found.since(1.0).at.tolist() == [0, 1, 2, 3]


def test_a_speed_that_changes_within_the_run_is_uneven():
    even = relative_speed(probes([USUAL] * 60), probes([USUAL] * 60))
    halves = relative_speed(probes([USUAL] * 60), probes([USUAL] * 30 + [1.3 * USUAL] * 30))
    blip = relative_speed(probes([USUAL] * 60), probes([USUAL] * 59 + [1.5 * USUAL]))

    ends = (even.ratio.low, even.ratio.value, even.ratio.high, 1 + even.variation.value)
    assert ends == pytest.approx((1, 1, 1, 1))
    assert not even.differs
    assert not even.uneven
    assert halves.uneven
    assert halves.ratio.value == pytest.approx(1.15)
    assert not blip.uneven
    assert not blip.differs


def test_too_few_probes_tell_nothing():
    assert relative_speed(probes([USUAL] * 60), probes([USUAL] * 9)) is None
    assert relative_speed(probes([USUAL] * 9), probes([USUAL] * 60)) is None
    assert relative_speed(None, probes([USUAL] * 60)) is None
    assert relative_speed(probes([USUAL] * 12), probes([USUAL] * 10)).variation is None


def calibration():
    """One, four and eight pictures under way, one after the other."""
    company = np.repeat([1, 4, 8], 40)
    return probes(slowed_by(company), company)


@pytest.mark.parametrize("ratio", [1.0, 1.2])
def test_pictures_under_way_are_not_taken_for_the_speed_of_the_machine(ratio):
    company = np.random.default_rng(1).integers(1, 9, 100)

    found = relative_speed(calibration(), probes(ratio * slowed_by(company), company))

    assert found.ratio.value == pytest.approx(ratio)
    assert found.ratio.low == pytest.approx(found.ratio.high)
    assert found.paces.ratios == pytest.approx(np.full(100, ratio))
    assert found.differs == (ratio > 1)
    assert not found.uneven


def test_beyond_the_most_of_the_calibration_its_most_counts():
    found = relative_speed(calibration(), probes(slowed_by(np.full(60, 8)), 20))

    assert found.ratio.value == pytest.approx(1.0)


def test_numbers_with_few_probes_count_as_one_where_none_has_enough():
    reference = probes([USUAL] * 9 + [3 * USUAL] * 9, [1] * 9 + [2] * 9)

    found = relative_speed(reference, probes([2 * USUAL] * 60, 2))

    assert found.ratio.value == pytest.approx(1.0)
    assert found.ratio.low < 1.0 < found.ratio.high


def test_an_interval_holds_the_ratio_as_often_as_it_says():
    held = 0
    for seed in range(200):
        chance = np.random.default_rng(seed)
        company = chance.permutation(np.repeat([1, 4, 8], 30))
        one, other = chance.gamma(40, 1 / 40, (2, 90))
        reference = probes(slowed_by(company) * one, company)
        now = chance.integers(1, 9, 90)
        found = relative_speed(reference, probes(1.1 * slowed_by(now) * other, now))
        held += found.ratio.low <= 1.1 <= found.ratio.high

    assert 0.88 <= held / 200 <= 0.99


NOISE = 0.16
"""Coefficient of variation of a single probe: of ten together 5 %."""


def paces(chance, between=0.0, each=10, spans=12):
    """So many probes in each five seconds, the speeds of which vary by `between`."""
    at = 5.0 * np.repeat(np.arange(spans), each) + np.tile(np.arange(each) / 2, spans)
    speeds = 1 + between * np.repeat(chance.standard_normal(spans), each)
    return Paces(at, speeds * chance.gamma(1 / NOISE**2, NOISE**2, len(at)))


@pytest.mark.parametrize("each", [3, 10])
def test_noise_of_single_probes_is_no_unevenness(each):
    found = [variation(paces(np.random.default_rng(seed), each=each)) for seed in range(400)]

    assert sum(one.p < CHANCE for one in found) <= 3 * CHANCE * len(found)
    assert np.mean([one.p for one in found]) == pytest.approx(0.5, abs=0.06)


def test_what_speeds_vary_by_is_found_beneath_the_noise():
    found = [variation(paces(np.random.default_rng(seed), 0.1)) for seed in range(400)]

    assert np.mean([one.value**2 for one in found]) == pytest.approx(0.1**2, rel=0.15)


def test_five_seconds_are_those_of_the_clock():
    """At a low load pictures, and so probes, are few and far between."""
    found = Paces(np.array([1.0, 2.0, 41.0, 42.0, 80.0]), np.array([1.0, 3.0, 5.0, 7.0, 9.0]))

    assert found.smooth.at.tolist() == [1.5, 41.5, 80.0]
    assert found.smooth.ratios.tolist() == [2.0, 6.0, 9.0]
    lone = Paces(np.array([1.0, 40.0]), np.array([1.0, 2.0]))
    assert variation(lone) is None
