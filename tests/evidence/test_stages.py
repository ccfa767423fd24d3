"""The stages as data: every command line is one that its program takes."""

import argparse
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.queueing.__main__ import _parser as queueing
from evidence.__main__ import _parser as evidence
from evidence.asked import Asked
from evidence.plan import BadPlan, read
from evidence.rates import Loads
from evidence.stages import NotReached, Session, Stage, chosen, shown
from evidence.stages_live import SWEEP, live
from loadgen.claim import SAME
from loadgen.commands import run, sweep
from services.contract import profile
from tests.conftest import ROOT
from worker.study.options import parser as worker_study

OUT = "docs/studies/x"
PROFILE = profile.load(ROOT / "profiles" / "two-cores.json")
STAGES = Asked(read("laptop"), ROOT / OUT, OUT).stages
NAMES = [stage.name for stage in STAGES]
RULES = ("shared", "jsq")


def _loadgen() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser()
    subparsers = found.add_subparsers()
    for command in (run, sweep):
        command.add(subparsers)
    return found


def _lines(stage: Stage) -> Iterator[tuple[str, ...]]:
    for session in stage.sessions:
        yield from (command.filled("http://127.0.0.1:1", PROFILE) for command in session.commands)


def _parsers(module: str, command: str) -> argparse.ArgumentParser:
    known = {
        "worker.study": lambda: worker_study(""),
        "controller.queueing": lambda: queueing(command),
        "loadgen": _loadgen,
        "evidence": lambda: evidence(command),
    }
    return known[module]()


@pytest.mark.parametrize("stage", STAGES, ids=NAMES)
def test_every_command_is_one_that_its_program_takes(stage: Stage) -> None:
    lines = list(_lines(stage))
    assert lines
    for _, module, *rest in lines:
        _parsers(module, rest[0]).parse_args(rest)


@pytest.mark.parametrize("stage", STAGES, ids=NAMES)
def test_what_a_stage_needs_comes_before_it(stage: Stage) -> None:
    assert set(stage.needs) <= set(NAMES[: NAMES.index(stage.name)])


@pytest.mark.parametrize("stage", STAGES[:-3], ids=NAMES[:-3])
def test_a_measured_stage_writes_into_its_own_folder(stage: Stage) -> None:
    for line in _lines(stage):
        folder = Path(line[[*line].index("--out" if "--out" in line else "--save-result") + 1])
        assert f"{OUT}/{stage.name}" in (str(folder), *map(str, folder.parents))


def _of(name: str) -> Stage:
    return STAGES[NAMES.index(name)]


def test_dispatch_differs_in_the_rule_alone() -> None:
    shared, jsq, *_ = _of("dispatch").sessions
    assert (shared.stack.formation, shared.commands[0].arguments[:-1]) == (
        jsq.stack.formation,
        jsq.commands[0].arguments[:-1],
    )
    assert shared.stack.formation == {"image-worker": 2}
    first, second = shared.stack.settings, jsq.stack.settings
    assert {**first, "dispatch": "jsq"} == second
    assert first["dispatch"] == "shared"


def test_a_machine_that_drifts_favours_neither_rule_of_dispatch() -> None:
    sessions = _of("dispatch").sessions
    assert [each.stack.settings["dispatch"] for each in sessions] == [
        *("shared", "jsq", "jsq", "shared"),
    ]
    places = {rule: [i for i, s in enumerate(sessions) if s.folder == rule] for rule in RULES}
    assert sum(places["shared"]) == sum(places["jsq"])


def test_the_second_stack_of_a_rule_adds_the_next_repeats_to_the_first_ones() -> None:
    """Its sweep asks for all so far in the same folder, with the seeds of the other rule."""
    lines = list(_lines(_of("dispatch")))
    parsed = [_loadgen().parse_args(line[2:]) for line in lines]
    asked = read("laptop").dispatch.repeats
    for rule in RULES:
        first, second = (each for each in parsed if each.out == Path(f"{OUT}/dispatch/{rule}"))
        assert (first.repeats, second.repeats) == (asked, 2 * asked)
    assert len({(each.seed, each.rates, each.duration) for each in parsed}) == 1


def test_rates_wait_for_the_studys_profile() -> None:
    *_, command = _of("live").sessions[0].commands
    assert command.needs_profile
    assert any(isinstance(each, Loads) for each in command.arguments)
    with pytest.raises(ValueError, match="profile"):
        command.filled("", None)


def test_the_best_level_alone_is_tried_at_more_rates_under_the_same_load() -> None:
    parser, best, every = _loadgen(), *list(_lines(_of("live")))
    alone, all_ = (parser.parse_args(line[2:]) for line in (best, every))
    assert alone.policies == ["fixed:ddpm-100"]
    assert len(alone.rates.split(",")) == len(read("laptop").live.best_loads)
    assert not set(alone.rates.split(",")) & set(all_.rates.split(","))
    assert alone.out == all_.out
    assert [getattr(alone, name) for name in SAME] == [getattr(all_, name) for name in SAME]


def test_every_live_sweep_has_the_same_loops_beside_its_runs() -> None:
    found = [_loadgen().parse_args(line[2:]).reference for line in _lines(_of("live"))]
    assert len(set(found)) == 1
    asked = read("laptop").live.reference
    names = [f"{level}-{many}" for level in asked.levels for many in asked.together]
    assert [loop.name for loop in found[0]] == names
    assert min(loop.requests for loop in found[0]) >= asked.pictures
    for stage in (_of("calibration"), _of("dispatch"), _live(reference=None)["live"]):
        assert not any("--reference" in line for line in _lines(stage))


def _with(part: str, **other: object) -> dict[str, Stage]:
    """The stages by name, with something else in a part of the plan."""
    plan = read("laptop")
    plan = plan.model_copy(update={part: getattr(plan, part).model_copy(update=other)})
    return {stage.name: stage for stage in Asked(plan, ROOT / OUT, OUT).stages}


def _live(**other: object) -> dict[str, Stage]:
    """With something else in the live sweep."""
    return _with("live", **other)


def test_the_same_loops_are_on_both_sides_of_the_live_runs() -> None:
    before, after = (list(_lines(_of(name))) for name in ("calibration", "recalibration"))
    loops = [line for line in before if "sweep" not in line]
    moved = [
        tuple(each.replace("/calibration/", "/recalibration/") for each in line) for line in loops
    ]
    assert after == moved != loops
    assert _of("calibration").sessions[0].stack == _of("recalibration").sessions[0].stack
    names = NAMES.index("calibration"), NAMES.index("live"), NAMES.index("recalibration")
    assert sorted(names) == list(names)


def test_validation_waits_for_the_loops_that_the_plan_has() -> None:
    assert {"calibration", "recalibration"} <= set(_of("validation").needs)
    for less in ({"again": False}, {"together": ()}):
        stages = _with("calibration", **less)
        assert "recalibration" not in stages
        assert "calibration" in stages["validation"].needs
        assert "recalibration" not in stages["validation"].needs


def _option(line: tuple[str, ...], name: str) -> str:
    return line[line.index(name) + 1]


def test_rates_that_are_given_are_sent_as_they_are() -> None:
    (command,) = _live(rates=(1.0, 2.5), reference=None)["live"].sessions[0].commands
    assert command.filled("URL", None)[len(SWEEP) : len(SWEEP) + 2] == ("--rates", "1,2.5")


@pytest.mark.parametrize("rates", ["auto", (1.0, 2.5)])
def test_the_optimum_is_solved_for_the_rates_and_the_aim_that_are_run(rates: object) -> None:
    stages = _live(rates=rates, aim=3.5)
    (solved,), (*_, run) = (list(_lines(stages[name])) for name in ("optimal", "live"))
    assert _option(solved, "--rate") == _option(run, "--rates")
    policies = _option(run, "--policies").split(",")
    assert policies[-2:] == ["planned:3.5", f"table:{_option(solved, '--out')}"]
    assert _option(solved, "--slo") == "p95=3.5s"
    assert "optimal" in stages["live"].needs
    assert not stages["optimal"].derived


@pytest.mark.parametrize("name", ["optimal", "frontier"])
def test_theory_is_of_as_many_workers_as_are_run(name: str) -> None:
    stages = _live(workers=3)
    (solved,) = _lines(stages[name])
    assert _option(solved, "--workers") == "3"
    assert stages["live"].sessions[0].stack.formation == {"image-worker": 3}


def test_a_folder_that_loadgen_would_split_is_refused_before_anything_is_run() -> None:
    with pytest.raises(BadPlan, match=r"/a,b, but commas .* without a comma"):
        live(read("laptop"), "/a,b")


def test_without_the_optimum_nothing_is_solved() -> None:
    stages = _live(policies=("fixed:ddim-3", "planned"))
    assert "optimal" not in stages
    assert "optimal" not in stages["live"].needs


def test_only_a_study_that_is_kept_replaces_the_projects_report() -> None:
    outside = Asked(read("laptop"), Path("/elsewhere"), "/elsewhere").stages[-1]
    assert "docs/report" in STAGES[-1].sessions[0].commands[0].arguments
    assert "/elsewhere/report" in outside.sessions[0].commands[0].arguments


A, B, C = (Stage(name, (Session(()),), needs) for name, needs in [("a", ()), ("b", "a"), ("c", "")])


def test_stages_are_chosen_in_their_order_and_all_without_a_choice() -> None:
    assert chosen([A, B, C], ["c", "a"], set()) == [A, C]
    assert chosen([A, B, C], [], set()) == [A, B, C]
    assert chosen([A, B, C], ["b"], {"a"}) == [B]


def test_a_stage_whose_need_is_neither_done_nor_chosen_is_refused() -> None:
    with pytest.raises(NotReached, match="b needs a"):
        chosen([A, B, C], ["b", "c"], set())
    with pytest.raises(NotReached, match="no stage x: there are a, b, c"):
        chosen([A, B, C], ["x"], set())


def test_a_command_is_shown_as_one_would_type_it() -> None:
    assert shown(["-m", "x", "a b"], {"N": "1 2"}) == "N='1 2' python -m x 'a b'"
    assert shown(["-m", "x"], {}) == "python -m x"
