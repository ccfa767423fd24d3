"""`python -m loadgen run` as its user runs it."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from loadgen.record import Record, read
from tests.loadgen.stub import Stub, up
from tests.waiting import wait_until

SECONDS = 60
MICROSECONDS = 1e-5
"""What times lose as text."""


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


def test_where_nothing_succeeds_the_figures_are_told_and_the_status_is_1(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with up(Stub(never=True)) as stub:
        load = ("--request-rate", "50", "--num-prompts", "5", "--patience", "0.2")
        done = run("--url", stub.url, *load, "--save-result", str(path), "--json")
    assert done.returncode == 1
    assert "none of 5 requests succeeded: 5 timeout" in done.stderr
    assert "5 sent · 5 accepted · 0 succeeded" in done.stdout
    assert json.loads(done.stdout.splitlines()[-1])["status"] == 1
    assert len(read(path)) == 5


def test_a_server_that_refuses_all_is_told_with_its_reason() -> None:
    with up(Stub(capacity=0)) as stub:
        load = ("--target", "openai", "--request-rate", "50", "--num-prompts", "5")
        done = run("--url", stub.url, *load, "--json")
    assert done.returncode == 1
    assert "none of 5 requests succeeded: 5 rejected" in done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["rejected"] == 5


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


def test_the_changes_of_level_are_kept_beside_the_records(tmp_path: Path) -> None:
    path, changes = tmp_path / "run.jsonl", tmp_path / "run.levels.json"
    load = ("--request-rate", "20", "--num-prompts", "40")
    # No job ends before the decision, so the run does not either.
    with up(Stub(service=0.001, never=True)) as stub:
        running = subprocess.Popen(
            command("--url", stub.url, *load, "--save-result", str(path)), stdout=subprocess.PIPE
        )
        wait_until(lambda: len(stub.asked) > 3, "it runs")
        before = len(stub.asked)
        stub.held["pin"] = {"level": "quality"}
        stub.decide("somebody pins")
        after = len(stub.asked)
        stub.never = False
        running.communicate(timeout=SECONDS)
    images = [each for each in json.loads(changes.read_text()) if each["queue"] == "images"]
    assert [(each["level"], each["reason"]) for each in images] == [
        ("fast", "the start"),
        ("quality", "somebody pins"),
    ]
    assert images[0]["time"] <= 0
    check_between(images[1]["time"], read(path), before, after)


def check_between(time: float, records: list[Record], before: int, after: int) -> None:
    """At that time at least `before` were sent and at most `after` answered, by the records' clock,
    which is right to half of the shortest exchange."""
    wrong = min(record.accepted - record.sent for record in records) / 2 + MICROSECONDS
    sent = sorted(record.sent for record in records)
    answered = [*sorted(record.accepted for record in records), float("inf")]
    assert sent[before - 1] - wrong <= time <= answered[after] + wrong


def test_a_table_of_records_is_written_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "run.parquet"
    with up(Stub(service=0.01)) as stub:
        load = ("--request-rate", "40", "--num-prompts", "10")
        done = run("--url", stub.url, *load, "--save-result", str(path))
    assert (done.returncode, done.stderr) == (0, "")
    assert [record.number for record in read(path)] == [*range(10)]
    beside = {"run.levels.json", "run.began.json"}
    assert {each.name for each in tmp_path.iterdir()} == {"run.parquet", *beside}


def test_a_table_of_an_interrupted_run_leaves_its_lines_too(tmp_path: Path) -> None:
    path, lines = tmp_path / "run.parquet", tmp_path / "run.parquet.jsonl"
    with up(Stub(service=0.01)) as stub:
        load = ("--request-rate", "5", "--num-prompts", "1000")
        running = subprocess.Popen(
            command("--url", stub.url, *load, "--save-result", str(path)), stdout=subprocess.PIPE
        )
        wait_until(lambda: lines.exists() and lines.read_text().count("\n") > 2, "some are done")
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=SECONDS)
    assert running.returncode == 0
    assert len(read(path)) >= 3
    assert {each.number for each in read(path)} == {each.number for each in read(lines)}


def test_a_table_without_pyarrow_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    with up(Stub()) as stub:
        without = "import sys; sys.modules['pyarrow'] = None; from loadgen.__main__ import main"
        done = subprocess.run(
            [sys.executable, "-c", f"{without}; sys.exit(main())", "run", "--url", stub.url,
             "--save-result", str(tmp_path / "run.parquet")],
            capture_output=True, text=True, timeout=SECONDS, check=False,
        )  # fmt: skip
    assert (done.returncode, stub.asked, list(tmp_path.iterdir())) == (2, [], [])
    assert "pip install pyarrow" in done.stderr


def test_a_trace_that_goes_back_is_refused(tmp_path: Path) -> None:
    trace = tmp_path / "day.csv"
    trace.write_text("time\n3\n2\n")
    with up(Stub()) as stub:
        done = run("--url", stub.url, "--trace", str(trace))
    assert (done.returncode, stub.asked) == (2, [])
    assert "row 2 is due at 2 s, before 3 s" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "complaint"),
    [
        (("--request-rate", "0"), 2, "more than 0 a second"),
        (("--percentiles", "50,x"), 2, "write 50,95,99"),
        (("--goodput", "10"), 2, "e2el:10000"),
        (("--url", "http://127.0.0.1:9"), 1, "nothing answers at http://127.0.0.1:9"),
        (("--save-result", "/nowhere/run.jsonl"), 2, "/nowhere/run.jsonl"),
        (("--save-result", "/nowhere/run.parquet"), 2, "/nowhere/run.parquet"),
        (("--save-result", "run.jsonl.gz"), 2, "name a .jsonl or .parquet"),
        (("--patience", "-1"), 2, "argument --patience: '-1': must be 0 or more"),
        (("--warmup", "x"), 2, "argument --warmup: 'x': must be 0 or more"),
        (("--prompts", sys.executable), 2, "cannot read the prompts"),
        (("--concurrency", "0"), 2, "--concurrency 0: at least 1 must be outstanding"),
        (("--max-concurrency", "-1"), 2, "--max-concurrency -1: at least 1"),
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
