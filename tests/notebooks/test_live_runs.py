"""The notebook's last section, on runs that the simulator made up and so must predict."""

import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from nbformat import NotebookNode

from controller.queueing.simulation import live
from controller.queueing.simulation.arrivals import Poisson
from controller.queueing.simulation.run import simulate
from controller.queueing.simulation.scenario import Horizon
from loadgen import policies, record
from loadgen.record import SUCCEEDED, Record
from services.contract import policy, profile
from tests.notebooks.running import after, code, numbers, part, plots, printed, read, run

ROOT = Path(__file__).parents[2]
NOTEBOOK = read(ROOT / "notebooks" / "queue_aware_sampling.ipynb")
SECTION = ("setup", "live-read", "live-compare", "live-plot", "live-depth")
OUTSIDE = 0.05
"""Seconds that each made-up job takes besides the engine."""
POLICY = """
profile = "profile/profile.json"
[rules]
kind = "threshold"
thresholds = [4, 12]
[[levels]]
name = "ddpm-100"
image = { sampler = "ddpm", steps = 100, guidance_scale = 3.0 }
story = { max_tokens = 192 }
[[levels]]
name = "ddim-25"
image = { sampler = "ddim", steps = 25, guidance_scale = 3.0 }
story = { max_tokens = 192 }
[[levels]]
name = "ddim-3"
image = { sampler = "ddim", steps = 3, guidance_scale = 3.0 }
story = { max_tokens = 192 }
"""

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder that the notebook takes for the project's, with a study and no runs in it."""
    (tmp_path / "pyproject.toml").touch()
    study = tmp_path / "docs" / "studies" / "2026-12-01-evidence"
    for name in ("live", "calibration", "profile"):
        (study / name).mkdir(parents=True)
    (study / "policy.toml").write_text(POLICY)
    text = (ROOT / "profiles" / "two-cores.json").read_text()
    (study / "profile" / "profile.json").write_text(text)
    return tmp_path


def _make_up(folder: Path, notation: str, rate: float, seed: int) -> None:
    """A run's records, as the simulator has them, with some seconds for what it leaves out."""
    asked = policies.policy(notation)
    ladder = policy.load(folder.parent / "policy.toml")
    ours = ladder.model_copy(update={"rules": asked.rules})
    measured = profile.load(folder.parent / "profile" / "profile.json")
    made = live.scenario(ours, measured, "images", arrivals=Poisson(rate), workers=1)
    first = ours.index(asked.rules.level) if asked.rules.level else 0
    starting = replace(made.switching, initial=first)
    found = simulate(replace(made, switching=starting, horizon=Horizon(jobs=300)), seed)
    with gzip.open(folder / f"{asked.slug}-{rate:g}-1.jsonl.gz", "wt") as file:
        for number, came in enumerate(found.arrival):
            visited = [ladder.names[found.level[number]], ladder.names[found.last_level[number]]]
            times = {"due": came, "started": found.start[number] + OUTSIDE / 2}
            times["finished"] = found.finish[number] + OUTSIDE
            seen = {name: float(time) for name, time in times.items()}
            levels = tuple(dict.fromkeys(visited))
            told = {"status": SUCCEEDED, "level": visited[-1], "levels": levels}
            record.write(file, Record(number, "image", **seen, **told))


LAW = {"phi0": 0.06, "phi1": 0.02, "tau0": 0.011, "tau1": 0.004}
"""Seconds of a picture and of a step, OUTSIDE / 2 of them before work starts."""


def _go_round(folder: Path, level: str, company: int) -> None:
    """A closed loop in which each picture takes what the law says beside so many others."""
    steps, way = int(level.split("-")[1]), OUTSIDE / 2
    together = company + 1
    each = LAW["phi0"] + LAW["phi1"] * together + steps * (LAW["tau0"] + LAW["tau1"] * together)
    folder.mkdir(exist_ok=True)
    with (folder / f"{level}-{company + 1}.jsonl").open("w") as file:
        for number in range(20 * (company + 1)):
            sent = each * (number // (company + 1))
            seen = {"due": sent, "sent": sent, "started": sent + way, "finished": sent + each}
            told = {"status": SUCCEEDED, "level": level, "levels": (level,), "steps": steps}
            record.write(file, Record(number, "image", **seen, **told))


def _section(project: Path) -> NotebookNode:
    return run(part(NOTEBOOK, SECTION), project)


def test_what_the_simulator_made_up_is_predicted(project: Path) -> None:
    study = project / "docs" / "studies" / "2026-12-01-evidence"
    for seed, level in enumerate(("ddpm-100", "ddim-25", "ddim-3")):
        _make_up(study / "calibration", f"fixed:{level}", 0.1, seed)
    for seed, (notation, rate) in enumerate(
        [("fixed:ddim-25", 4.0), ("fixed:ddim-3", 10.0), ("threshold:4,12", 8.0)], start=10
    ):
        _make_up(study / "live", notation, rate, seed)
    found = _section(project)
    said = printed(found, "live-read")
    assert said.startswith("3 runs in docs/studies/2026-12-01-evidence/live")
    for level in ("ddpm-100", "ddim-25", "ddim-3"):
        assert after(said, f"{level}: ") == pytest.approx(1000 * OUTSIDE, abs=10)
    median, worst = np.array(numbers(printed(found, "live-compare"))[:2])
    assert 0 <= median <= worst <= 12
    assert plots(found) == {"live-plot", "live-depth"}


def test_closed_loops_tell_what_a_served_picture_takes(project: Path) -> None:
    study = project / "docs" / "studies" / "2026-12-01-evidence"
    for level in ("ddpm-100", "ddim-25", "ddim-3"):
        for company in (0, 2):
            _go_round(study / "calibration" / "loops", level, company)
    _make_up(study / "live", "fixed:ddim-25", 4.0, seed=10)
    said = printed(run(part(NOTEBOOK, ("setup", "live-read")), project), "live-read")
    assert "by closed loops" in said
    for name, seconds in LAW.items():
        assert after(said, f"{name}: ") == pytest.approx(1000 * seconds, rel=0.02)
    assert "pictures alone" not in said


def test_without_runs_the_section_says_so_and_goes_on(project: Path) -> None:
    found = _section(project)
    assert "No live runs are recorded yet" in printed(found, "live-read")
    assert plots(found) == set()
    assert all(cell.execution_count for cell in code(found))


def test_without_a_study_the_section_says_so_and_goes_on(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "docs" / "studies").mkdir(parents=True)
    assert "No live runs are recorded yet" in printed(_section(tmp_path), "live-read")
