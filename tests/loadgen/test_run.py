"""`python -m loadgen run` as its user runs it."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from loadgen.record import read
from tests.loadgen.stub import Stub, up
from tests.waiting import wait_until

SECONDS = 60


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "loadgen", "run", *arguments]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), capture_output=True, text=True, timeout=SECONDS, check=False
    )


def test_a_run_prints_its_figures_and_keeps_its_records(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with up(Stub(service=0.01)) as stub:
        load = ("--request-rate", "40", "--num-prompts", "30", "--goodput", "e2el:5000")
        done = run("--url", stub.url, *load, "--save-result", str(path), "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert "30 sent · 30 accepted · 30 succeeded" in done.stdout
    found = json.loads(done.stdout.splitlines()[-1])
    assert (found["succeeded"], found["goal_met"], found["loop"]) == (30, 1.0, "open")
    assert set(found["e2e"]) == {"mean", "p50", "p95", "p99"}
    assert [record.number for record in sorted(read(path), key=lambda r: r.number)] == [*range(30)]


def test_a_closed_loop_says_that_it_is_closed() -> None:
    with up(Stub(service=0.01)) as stub:
        done = run("--url", stub.url, "--concurrency", "2", "--num-prompts", "6", "--json")
    assert json.loads(done.stdout.splitlines()[-1])["loop"] == "closed"
    assert "closed loop" in done.stdout


def test_ctrl_c_keeps_what_was_measured(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with up(Stub(service=0.01)) as stub:
        load = ("--request-rate", "5", "--num-prompts", "1000")
        running = subprocess.Popen(
            command("--url", stub.url, *load, "--save-result", str(path), "--json"),
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        wait_until(lambda: path.exists() and path.read_text().count("\n") > 2, "some are done")
        running.send_signal(signal.SIGINT)
        output, _ = running.communicate(timeout=SECONDS)
    assert running.returncode == 0
    found = json.loads(output.splitlines()[-1])
    assert found["succeeded"] >= 3
    assert found["succeeded"] + found["timeout"] == len(read(path)) < 1000


@pytest.mark.parametrize(
    ("arguments", "status", "complaint"),
    [
        (("--request-rate", "0"), 2, "more than 0 a second"),
        (("--percentiles", "50,x"), 2, "write 50,95,99"),
        (("--goodput", "10"), 2, "e2el:10000"),
        (("--url", "http://127.0.0.1:9"), 1, "nothing answers at http://127.0.0.1:9"),
        (("--save-result", "/nowhere/run.jsonl"), 2, "/nowhere/run.jsonl"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(
    arguments: tuple[str, ...], status: int, complaint: str
) -> None:
    with up(Stub()) as stub:
        done = run("--url", stub.url, *arguments)
    assert done.returncode == status
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr
