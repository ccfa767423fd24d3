"""The notebook runs from top to bottom on recorded data, and what it prints is so."""

import re
from pathlib import Path

import numpy as np
import pytest
from nbformat import NotebookNode

from services.contract import profile
from services.contract.profile import Cost, Timing
from services.contract.timings import kept
from tests.notebooks.running import after, alike, code, numbers, plots, printed, read, row, run

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "notebooks" / "queue_aware_sampling.ipynb"
PROFILE = max((ROOT / "docs" / "studies").glob("*-profile")) / "profile.json"
LARGEST = 1_500_000
PLOTS = {
    *("cost-plot", "worth-plot", "wait-plot", "fixed-sweep", "follow-timeline", "follow-sweep"),
    *("follow-residency", "original-plot", "batch-plot", "plan-plot", "plan-frontier"),
}

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def executed() -> NotebookNode:
    """The notebook after its cells have run."""
    return run(read(NOTEBOOK), ROOT)


def test_every_cell_runs_and_none_complains(executed: NotebookNode) -> None:
    assert all(cell.execution_count for cell in code(executed))
    outputs = [output for cell in code(executed) for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    assert not [output.text for output in outputs if output.get("name") == "stderr"]


def test_every_plot_is_drawn(executed: NotebookNode) -> None:
    assert plots(executed) >= PLOTS


def test_the_cost_of_a_step_is_the_line_through_the_kept_repeats(executed: NotebookNode) -> None:
    timings = [each for each in profile.load(PROFILE).timings if _is_ddim_alone(each)]
    points = [(each.steps, seconds) for each in timings for seconds in kept(each.seconds)]
    beta, alpha = np.polyfit(*zip(*points, strict=True), 1)
    said = printed(executed, "cost-fit").split("ddim: ")[1]
    assert after(said, "S(n) =") == pytest.approx(alpha, abs=1e-4)
    assert after(said, " s + ") == pytest.approx(beta, abs=1e-5)


def _is_ddim_alone(timing: Timing) -> bool:
    alone = timing.queue == "images" and timing.batch == 1
    return alone and timing.setting["sampler"] == "ddim"


def test_the_wait_is_that_of_pollaczek_and_khinchine(executed: NotebookNode) -> None:
    said = printed(executed, "wait-simulate")
    rows = [numbers(line) for line in said.splitlines() if line.endswith(("True", "False"))]
    assert len(rows) == 12
    for _, scv, load, formula, simulated, low, high in rows:
        assert formula == pytest.approx(load / (1 - load) * (1 + scv) / 2, abs=6e-4)
        assert simulated == pytest.approx(formula, rel=0.1)
        assert low <= simulated <= high


@pytest.mark.parametrize("level", ["ddpm-100", "ddim-25", "ddim-3"])
def test_a_level_for_ever_is_stable_below_its_service_rate(
    executed: NotebookNode, level: str
) -> None:
    said = printed(executed, "fixed-sweep").split(f"{level}: ")[1]
    assert after(said, "λ =") == pytest.approx(1 / _cost(level).seconds.value, abs=0.01)


def _cost(name: str) -> Cost:
    """Of the first level that draws with this sampler and so many steps."""
    sampler, steps = name.split("-")
    images = [(rung.level.image, rung.costs["images"]) for rung in profile.load(PROFILE).rungs]
    return next(
        cost for image, cost in images if (image.sampler, image.steps) == (sampler, int(steps))
    )


@pytest.mark.parametrize("figure", ["mean response (s)", "mean number", "effective quality"])
def test_the_closed_form_is_what_the_simulation_finds(executed: NotebookNode, figure: str) -> None:
    theory, simulated, *_ = row(printed(executed, "follow-predict"), figure)
    assert simulated == pytest.approx(theory, rel=0.02)


def test_the_published_means_come_out_given_the_jobs_that_came(executed: NotebookNode) -> None:
    said = printed(executed, "original-compare")
    held = dict(re.findall(r"^(\w+): (\d+) of 12", said, re.MULTILINE))
    assert int(held["conditioned"]) >= 11
    assert int(held["unconditioned"]) < int(held["conditioned"])
    assert "more runs, conditioned: 36 of 36" in said
    assert after(said, "0.9/s:") == 304 / 5


def test_a_full_batch_does_the_work_that_the_law_says(executed: NotebookNode) -> None:
    law = profile.load(PROFILE).law("images")
    slowdown = (law.tau0 + law.tau1 * law.cap) / (law.tau0 + law.tau1)
    said = printed(executed, "batch-fit")
    assert after(said, "τ1") == pytest.approx(law.tau1, rel=0.01)
    assert after(said, "takes") == pytest.approx(slowdown, abs=0.01)
    assert after(said, "does") == pytest.approx(law.cap / slowdown, abs=0.01)


def test_the_plan_keeps_its_promise_and_is_near_the_optimum(executed: NotebookNode) -> None:
    said = printed(executed, "plan-plan")
    p95, low, high, *_ = numbers(said.split("\np95")[1])
    assert low <= p95 <= high <= after(said, "p95=")
    table = printed(executed, "plan-contenders")
    planned, optimal = (row(table, name)[3] for name in ("planned", "optimal"))
    assert planned == pytest.approx(optimal, abs=0.1)


def test_the_stored_output_is_that_of_the_source(executed: NotebookNode) -> None:
    stored = read(NOTEBOOK)
    names = [cell.id for cell in code(stored)]
    stale = [each for each in names if not alike(printed(stored, each), printed(executed, each))]
    assert not stale, f"run: jupyter execute --inplace {NOTEBOOK.relative_to(ROOT)}"


def test_the_stored_plots_are_there_and_not_too_large() -> None:
    assert plots(read(NOTEBOOK)) >= PLOTS
    assert NOTEBOOK.stat().st_size < LARGEST
