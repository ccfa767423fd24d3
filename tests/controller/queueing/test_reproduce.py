"""The original study, run again: its published figures are the oracle."""

import argparse
import csv
import json

import numpy as np
import pytest

from controller.queueing.commands import reproduce
from controller.queueing.original.ablations import ablate, variants
from controller.queueing.original.arrivals import Given
from controller.queueing.original.dominance import dominated, prices
from controller.queueing.original.ladders import always, ladder, three_level
from controller.queueing.original.replications import Cell, replicated
from controller.queueing.original.reproduction import compare, inside
from controller.queueing.original.study import Interval, Rung, published
from controller.queueing.refusal import BadInput
from controller.queueing.simulation.arrivals import Poisson
from controller.queueing.simulation.run import simulate

STUDY = published()
OWN = ladder("mixed", (100, 50, 20))


@pytest.fixture(scope="module")
def comparisons():
    return list(compare(STUDY, seeds=100))


def test_there_are_36_published_latencies(comparisons):
    assert len(comparisons) == 36


def test_given_its_arrivals_every_published_interval_holds_our_mean(comparisons):
    counts = inside(comparisons)["conditioned"]
    assert (counts["response"], counts["wait"]) == (36, 36)


def test_without_its_arrivals_about_half_of_them_do(comparisons):
    assert 13 <= inside(comparisons)["unconditioned"]["response"] <= 22


@pytest.mark.parametrize("dataset", ["cifar10", "flowers", "faces"])
def test_the_lines_through_its_profiling_give_its_service_times(dataset):
    fixed = STUDY.published[dataset][0.3]
    for rung in OWN:
        expected = fixed[rung.name].service.mean
        assert STUDY.datasets[dataset].seconds(rung) == pytest.approx(expected, rel=5e-6)


def test_a_rung_that_was_not_judged_is_refused():
    with pytest.raises(BadInput, match="did not judge ddim-30: its steps are 10, 20"):
        STUDY.datasets["faces"].fid.at(Rung("ddim", 30))


def test_decide_without_memory_is_the_studys_rule():
    cell = Cell(STUDY.datasets["cifar10"], OWN, three_level(OWN, (2, 5)), 60.0)
    levels: set[int] = set()
    for seed in range(20):
        run = simulate(cell.scenario(Poisson(0.9)), seed)
        found = [int((run.finish[:job] > arrival).sum()) for job, arrival in enumerate(run.arrival)]
        by_rule = [0 if q < 2 else 1 if q < 5 else 2 for q in found]
        assert run.level.tolist() == by_rule
        levels |= set(by_rule)
    assert levels == {0, 1, 2}


def test_thresholds_that_cross_are_no_policy():
    with pytest.raises(ValueError, match="increase"):
        three_level(OWN, (4, 3))


def test_given_counts_are_those_of_equal_shares():
    given = Given(total=114, runs=5, seconds=60.0)
    counts = [len(given.first(1000, np.random.default_rng(seed))) for seed in range(2000)]
    error = np.sqrt(114 * 0.2 * 0.8 / len(counts))
    assert np.mean(counts) == pytest.approx(22.8, abs=3 * error)
    assert np.var(counts) == pytest.approx(114 * 0.2 * 0.8, rel=0.1)


def test_given_arrivals_are_in_order_within_the_horizon_and_evenly_spread():
    given = Given(total=5000, runs=1, seconds=60.0)
    times = given.first(10_000, np.random.default_rng(1))
    assert len(times) == 5000
    assert (np.diff(times) >= 0).all()
    assert 0 <= times[0] < times[-1] <= 60
    assert times.mean() == pytest.approx(30.0, abs=3 * 60 / np.sqrt(12 * 5000))


def test_runs_in_which_nobody_came_do_not_count():
    cell = Cell(STUDY.datasets["cifar10"], OWN, always(1, 3), 1.0)
    outcome = replicated(cell, Poisson(0.5), seeds=50)
    assert outcome.service.mean == pytest.approx(0.9764, abs=1e-4)
    assert outcome.shares[1].mean == 1.0


def test_an_interval_holds_its_end_as_far_as_published_digits_tell():
    interval = Interval(2.0, 0.5)
    assert interval.holds(2.5)
    assert interval.holds(2.500009)
    assert not interval.holds(2.51)
    assert interval.has_an_end_in(2.4, 2.6)
    assert not interval.has_an_end_in(1.6, 2.4)


def test_the_sweep_has_every_combination_whose_thresholds_do_not_cross():
    assert len(variants()) == 8 * 3 * 3
    assert len(set(variants())) == len(variants())
    assert all(first < second for (first, second), _, _ in variants())


@pytest.fixture(scope="module")
def cells():
    """By data set, rate and variant."""
    return {(each.dataset, each.rate, each.variant): each for each in ablate(STUDY, seeds=3)}


def test_higher_thresholds_cost_time(cells):
    for dataset, rate in [("cifar10", 0.9), ("faces", 0.6)]:
        own = [
            cells[dataset, rate, (pair, (100, 50, 20), "mixed")].outcome.response.mean
            for pair in [(1, 3), (2, 5), (4, 8)]
        ]
        assert own == sorted(own)
        assert own[0] < own[2]


def test_effective_quality_is_between_that_of_the_rungs(cells):
    for (dataset, _, variant), cell in cells.items():
        fids = [STUDY.datasets[dataset].fid.at(rung) for rung in ladder(variant.mix, variant.steps)]
        assert min(fids) - 1e-9 <= cell.fid <= max(fids) + 1e-9
        assert sum(share.mean for share in cell.outcome.shares) == pytest.approx(1.0)


def test_the_rung_that_costs_more_and_gives_less_is_named():
    found = dominated(prices(STUDY.datasets["cifar10"], OWN))
    ((worse, by),) = found
    assert (worse.rung.name, by.rung.name) == ("ddpm-100", "ddim-20")
    assert worse.seconds > 5 * by.seconds
    assert worse.fid > by.fid


def test_on_flowers_ddpm_keeps_its_place():
    names = [each.rung.rung.name for each in dominated(prices(STUDY.datasets["flowers"], OWN))]
    assert names == ["ddim-50"]


def test_the_command_prints_and_writes(tmp_path, capsys):
    parser = argparse.ArgumentParser()
    reproduce.add(parser.add_subparsers())
    options = parser.parse_args(
        ["reproduce", "--seeds", "2", "--ablations", "--out", str(tmp_path)]
    )
    findings = options.run(options)
    text = capsys.readouterr().out
    assert text.count("three-level") == 9
    assert "cifar10: ddpm-100 (FID 173.2 in 2.16 s) has no place in the ladder" in text
    assert json.loads(json.dumps(findings, allow_nan=False))["published"] == 36
    written = json.loads((tmp_path / "reproduction.json").read_text())
    assert written["inside"] == findings["inside"]
    with (tmp_path / "reproduction.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 36
    with (tmp_path / "ablations.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 9 * 72


def test_a_folder_that_cannot_be_written_is_refused_before_the_work(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    parser = argparse.ArgumentParser()
    reproduce.add(parser.add_subparsers())
    options = parser.parse_args(["reproduce", "--out", str(tmp_path / "file" / "folder")])
    with pytest.raises(BadInput, match="cannot write to the folder"):
        options.run(options)
    assert capsys.readouterr().out == ""


def test_one_replication_is_refused():
    parser = argparse.ArgumentParser()
    reproduce.add(parser.add_subparsers())
    options = parser.parse_args(["reproduce", "--seeds", "1"])
    with pytest.raises(BadInput, match="seeds"):
        options.run(options)
