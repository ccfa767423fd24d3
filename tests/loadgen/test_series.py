"""`python -m loadgen sweep` and `compare` as their users run them, on a stub of the gateway."""

import argparse
import gzip
import json
import re
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from loadgen.campaign import Cell
from loadgen.commands import sweep
from loadgen.policies import policy
from loadgen.record import read
from loadgen.series import Series, schedule
from tests.loadgen.stub import Stub, up
from tests.waiting import wait_until

SECONDS = 60
LOAD = ("--num-prompts", "24", "--goodput", "e2el:300", "--rest", "0", "--json")


def command(stub: Stub, name: str, out: Path, *arguments: str) -> list[str]:
    where = ("--url", stub.url, "--out", str(out))
    return [sys.executable, "-m", "loadgen", name, *where, *LOAD, *arguments]


def run(stub: Stub, name: str, out: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(stub, name, out, *arguments),
        capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip


def found(done: subprocess.CompletedProcess[str]) -> dict:
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout.splitlines()[-1])


def wait_for(stub: Stub, requests: int) -> None:
    wait_until(lambda: len(stub.asked) >= requests, f"{requests} requests came")


SWEEP = ("--rates", "10,80", "--policies", "fixed:quality,fixed:fast", "--repeats", "1")


def test_a_sweep_finds_where_each_policy_gives_way_and_goes_on_where_it_was(tmp_path: Path) -> None:
    with up(Stub(service=0.005)) as stub:
        first = found(run(stub, "sweep", tmp_path, *SWEEP))
        sent, put = len(stub.asked), stub.put[:]
        (tmp_path / "fixed_fast-80-1.jsonl").rename(tmp_path / "fixed_fast-80-1.part")
        compress(tmp_path / "fixed_quality-80-1.jsonl")
        again = found(run(stub, "sweep", tmp_path, *SWEEP))
    # At quality a job takes 0.05 s: 80 a second is four times what that serves.
    assert first["knees"] == {"fixed:quality": 10.0, "fixed:fast": 80.0}
    assert first["complete"] is True
    assert (sent, len(stub.asked)) == (4 * 24, 5 * 24)
    assert again["knees"] == first["knees"]
    assert again["left_out"] == []
    names = sorted(path.name for path in tmp_path.glob("*.jsonl*"))
    runs = [f"fixed_{p}-{r}-1" for p in ("fast", "quality") for r in (10, 80)]
    assert names == [f"{run}.jsonl" for run in runs[:3]] + [f"{runs[3]}.jsonl.gz"]
    assert all(len(read(tmp_path / name)) == 24 for name in names)
    check_turns(put)
    check_levels(tmp_path, runs)


def compress(path: Path) -> None:
    path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()


def check_levels(folder: Path, runs: list[str]) -> None:
    """Each run kept which level it began with and held to its end."""
    for run in runs:
        changes = json.loads((folder / f"{run}.levels.json").read_text())
        level = run.split("-")[0].removeprefix("fixed_")
        assert [each["level"] for each in changes] == [level] * 2
        assert all(each["time"] <= 0 for each in changes)


def check_turns(put: list[dict]) -> None:
    """Each run began under its policy once the one before was over; the file rules at the end."""
    rules = [each for each in put if "rules" in each]
    assert [(each["submitted"], each["reason"]) for each in rules] == [
        (0, "fixed:quality"),
        (24, "fixed:fast"),
        (48, "fixed:quality"),
        (72, "fixed:fast"),
    ]
    assert rules[0]["rules"] == {"kind": "fixed", "level": "quality"}
    assert rules[0]["by"] == "loadgen"
    assert put[-1]["level"] == "auto"


def by_seed(asked: list[dict]) -> list[dict]:
    """Requests that are sent at nearly the same time may arrive in another order."""
    return sorted(asked, key=lambda each: each["seed"])


def test_policies_and_repeats_differ_in_nothing_but_what_they_say(tmp_path: Path) -> None:
    more = ("--rates", "40", "--policies", "file,fixed:fast", "--repeats", "2")
    with up(Stub(service=0.001)) as stub:
        found(run(stub, "sweep", tmp_path, *more))
    one, same, other, _ = (by_seed(stub.asked[24 * n : 24 * n + 24]) for n in range(4))
    assert one == same != other
    dues = [
        [r.due for r in read(tmp_path / f"{name}.jsonl")] for name in ("file-40-1", "file-40-2")
    ]
    assert dues[0] != dues[1]


def test_a_policy_that_is_too_slow_is_not_driven_faster(tmp_path: Path) -> None:
    more = ("--rates", "90,99", "--policies", "fixed:quality", "--stop-when", "e2el:200")
    with up(Stub(service=0.01)) as stub:
        done = run(stub, "sweep", tmp_path, *more)
    assert "fixed_quality-99-1: left out, a lower rate was too much" in done.stderr
    assert len(stub.asked) == 24
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["knees"] == {"fixed:quality": None}
    assert told["left_out"] == ["fixed_quality-99-1"]


def test_policies_are_compared_under_the_same_requests(tmp_path: Path) -> None:
    more = ("--request-rate", "30", "--policies", "fixed:quality,fixed:fast")
    with up(Stub(service=0.01)) as stub:
        done = run(stub, "compare", tmp_path, *more)
    policies = found(done)["policies"]
    assert policies["fixed:quality"]["e2e"]["mean"] > 5 * policies["fixed:fast"]["e2e"]["mean"]
    assert by_seed(stub.asked[:24]) == by_seed(stub.asked[24:])
    assert "mean response, s" in done.stdout
    assert re.search(r"time at quality, images *│ 1  *│ 0 ", done.stdout)
    assert stub.put[-1]["level"] == "auto"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_whoever_interrupts_finds_the_policy_of_the_file_again(
    tmp_path: Path, number: signal.Signals
) -> None:
    more = ("--request-rate", "5", "--policies", "fixed:fast,fixed:quality", "--num-prompts", "500")
    with up(Stub(service=0.01)) as stub:
        running = subprocess.Popen(
            command(stub, "compare", tmp_path, *more), stdout=subprocess.PIPE, text=True
        )
        wait_for(stub, 3)
        assert stub.held["override"]["reason"] == "fixed:fast"
        running.send_signal(number)
        output, _ = running.communicate(timeout=SECONDS)
    assert running.returncode == 0
    assert json.loads(output.splitlines()[-1])["complete"] is False
    assert stub.held == {"pin": None, "override": None}
    assert len(read(tmp_path / "fixed_fast-5-1.part")) >= 3
    assert list(tmp_path.glob("*.jsonl")) == []


HASTY = "from loadgen import steering; steering.PUT_PAUSE_SECONDS = 0.01"
"""Whoever tries in vain to return the policy does so in a tenth of a second, not in ten."""


def test_a_gateway_that_goes_away_leaves_what_is_complete(tmp_path: Path) -> None:
    more = ("--request-rate", "60", "--policies", "fixed:fast,fixed:quality")
    hastily = f"{HASTY}; import sys; from loadgen.__main__ import main; sys.exit(main())"
    with up(Stub(service=0.001)) as stub:
        python, _, _, *arguments = command(stub, "compare", tmp_path, *more)
        running = subprocess.Popen(
            [python, "-c", hastily, *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        wait_until((tmp_path / "fixed_fast-60-1.jsonl").exists, "the first is complete")
    _, told = running.communicate(timeout=SECONDS)
    assert running.returncode == 1
    assert "the gateway no longer answers" in told
    assert "Traceback" not in told
    assert len(read(tmp_path / "fixed_fast-60-1.jsonl")) == 24


def test_a_run_whose_gateway_died_is_not_complete(tmp_path: Path) -> None:
    more = ("--request-rate", "20", "--policies", "fixed:fast", "--patience", "0.2")
    with up(Stub(service=0.001)) as stub:
        running = subprocess.Popen(
            command(stub, "compare", tmp_path, *more),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        wait_for(stub, 3)
    _, told = running.communicate(timeout=SECONDS)
    assert running.returncode == 1
    assert "no longer answers" in told
    assert list(tmp_path.glob("*.jsonl")) == []
    assert len(read(tmp_path / "fixed_fast-20-1.part")) == 24


def test_every_rate_has_gaps_of_its_own_the_same_for_all_policies(tmp_path: Path) -> None:
    asked = _sweep_of(tmp_path)
    cells = [Cell(policy(name), rate, n) for name, rate, n in CELLS]
    slow, fast, other, again = (_gaps(Series(asked, cells), cell) for cell in cells)
    assert slow == pytest.approx(other)
    scaled = [2 * gap for gap in fast]
    assert not any(a == pytest.approx(b) for a, b in zip(slow, scaled, strict=True))
    assert not any(a == pytest.approx(b) for a, b in zip(slow, again, strict=True))


CELLS = (("file", 1, 1), ("file", 2, 1), ("fixed:fast", 1, 1), ("file", 1, 2))


def _sweep_of(out: Path) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    sweep.add(parser.add_subparsers())
    load = ("--rates", "1,2", "--num-prompts", "24", "--policies", "file", "--out", str(out))
    return parser.parse_args(["sweep", *load])


def _gaps(series: Series, cell: Cell) -> list[float]:
    due = [each.due for each in schedule(series, cell)]
    return [later - earlier for earlier, later in pairwise(due)]


def test_a_folder_whose_note_is_broken_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "load.json").write_text('{"kind": "ima')
    with up(Stub()) as stub:
        done = run(stub, "sweep", tmp_path, "--rates", "40", "--policies", "file")
    assert (done.returncode, stub.asked) == (2, [])
    assert "does not say what load its folder holds" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_outstanding_is_got_done_at_the_fastest_level_first(tmp_path: Path) -> None:
    more = ("--request-rate", "90", "--policies", "fixed:quality,fixed:fast", "--patience", "0.1")
    with up(Stub(service=0.01)) as stub:
        found(run(stub, "compare", tmp_path, *more))
    drained = [put["submitted"] for put in stub.put if put.get("level") == "fast"]
    assert drained == [24], "only the run at quality left jobs behind"


@pytest.mark.parametrize(
    ("stub", "arguments", "status", "complaint"),
    [
        (Stub(), ("--policies", "fixed:best"), 2, "fixed:best does not fit the ladder"),
        (Stub(), ("--policies", "planned:10"), 2, "no profile to predict with"),
        (Stub(), ("--policies", "best"), 2, "'best' is no policy"),
        (Stub(), ("--policies", "file", "--rates", "0"), 2, "FIRST:LAST:STEP"),
        (Stub(), ("--policies", "file", "--rest", "-1"), 2, "--rest: '-1': must be 0 or more"),
        (Stub(), ("--policies", "file", "--repeats", "0"), 2, "at least 1 repeat"),
        (Stub(), ("--policies", "file", "--level", "fast"), 2, "no request obeys a policy"),
        (Stub(), ("--policies", "file", "--arrivals", "ramp:1:2:3"), 2, "has its own rate"),
        (Stub(), ("--policies", "file", "--url", "http://127.0.0.1:9"), 1, "nothing answers"),
        (Stub(lease_holds=False), ("--policies", "file", "--drain", "0.3"), 2, "no controller"),
        (
            Stub(held={"pin": {"by": "ada", "until": "noon"}, "override": None}),
            ("--policies", "file"),
            2,
            "ada holds the policy of images until noon",
        ),
    ],
)
def test_what_cannot_be_measured_is_refused_before_anything_is_sent(
    tmp_path: Path, stub: Stub, arguments: tuple[str, ...], status: int, complaint: str
) -> None:
    with up(stub):
        done = run(stub, "sweep", tmp_path, "--rates", "1", *arguments)
    assert (done.returncode, stub.asked) == (status, [])
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_of_another_load_is_not_mixed_with_this_one(tmp_path: Path) -> None:
    with up(Stub(service=0.001)) as stub:
        found(run(stub, "sweep", tmp_path, "--rates", "40", "--policies", "file"))
        done = run(stub, "sweep", tmp_path, "--rates", "40", "--policies", "file", "--seed", "2")
    assert done.returncode == 2
    assert "holds runs of another load (seed was 1)" in done.stderr
    assert len(stub.asked) == 24
