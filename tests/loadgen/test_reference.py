"""`python -m loadgen sweep --reference`: closed loops beside the runs, on a stub of the gateway."""

import argparse
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from loadgen.began import of_run
from loadgen.intensity import BadLoad
from loadgen.record import Record, read
from loadgen.reference import Loop, check, loops
from tests.loadgen.stub import Stub, up
from tests.waiting import wait_until

LOOPS = "fast:1:5,quality:3:4"
SENT = (5 + 1) + (4 + 3)
RUN = 6
SWEEP = ("--rates", "50,90", "--policies", "fixed:fast", "--num-prompts", str(RUN), "--rest", "0")


def command(stub: Stub, out: Path, *more: str) -> list[str]:
    where = ("--url", stub.url, "--out", str(out), "--json", *SWEEP, "--reference", LOOPS, *more)
    return [sys.executable, "-m", "loadgen", "sweep", *where]


def sweep(stub: Stub, out: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(stub, out, *more), capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Stub, Path]:
    out = tmp_path_factory.mktemp("sweep")
    with up(Stub(service=0.002)) as stub:
        done = sweep(stub, out)
    assert (done.returncode, done.stderr) == (0, "")
    return stub, out


def test_loops_are_kept_before_every_run_and_after_the_last(played: tuple[Stub, Path]) -> None:
    _, out = played
    found = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    places = ["before-fixed_fast-50-1", "before-fixed_fast-90-1", "after-fixed_fast-90-1"]
    assert {name for name in found if name.startswith("reference/")} == {
        f"reference/{place}/{loop}{ending}"
        for place in places
        for loop in ("fast-1", "quality-3")
        for ending in (".jsonl", ".began.json")
    }


def test_they_have_a_level_of_their_own_and_are_the_same_each_time(
    played: tuple[Stub, Path],
) -> None:
    stub, _ = played
    turn = SENT + RUN
    assert len(stub.asked) == 2 * turn + SENT
    starts = 0, turn, 2 * turn
    first, second, third = (
        sorted(stub.asked[at : at + SENT], key=lambda each: (each["level"], each["seed"]))
        for at in starts
    )
    assert first == second == third
    assert [each["level"] for each in first] == ["fast"] * 6 + ["quality"] * 7
    assert not any("level" in each for at in starts[:2] for each in stub.asked[at + SENT :][:RUN])


def test_the_policy_of_a_run_is_put_in_force_after_its_loops(played: tuple[Stub, Path]) -> None:
    stub, _ = played
    rules = [put["submitted"] for put in stub.put if "rules" in put]
    assert rules == [SENT, 2 * SENT + RUN]


@pytest.mark.parametrize("loop", loops(LOOPS))
def test_a_loop_has_as_many_outstanding_as_asked(played: tuple[Stub, Path], loop: Loop) -> None:
    _, out = played
    records = read(out / "reference" / "before-fixed_fast-50-1" / f"{loop.name}.jsonl")
    assert len(records) == loop.requests + loop.outstanding
    assert [each.number for each in records if each.warmup] == list(range(loop.outstanding))
    assert _most_outstanding(records) == loop.outstanding


def _most_outstanding(records: list[Record]) -> int:
    return max(
        sum(other.sent <= each.sent < other.finished for other in records) for each in records
    )


def test_what_began_when_tells_which_loops_are_beside_a_run(played: tuple[Stub, Path]) -> None:
    _, out = played
    at = {path.parent.name: of_run(path) for path in out.glob("reference/*/fast-1.jsonl")}
    runs = [of_run(out / f"fixed_fast-{rate}-1.jsonl") for rate in (50, 90)]
    first, second = (at[f"before-fixed_fast-{rate}-1"] for rate in (50, 90))
    assert first < runs[0] < second < runs[1] < at["after-fixed_fast-90-1"]


def test_a_sweep_that_goes_on_has_loops_beside_what_is_new_alone(tmp_path: Path) -> None:
    with up(Stub(service=0.001)) as stub:
        assert sweep(stub, tmp_path).returncode == 0
        sent = len(stub.asked)
        (tmp_path / "fixed_fast-90-1.jsonl").unlink()
        again = json.loads(sweep(stub, tmp_path).stdout.splitlines()[-1])
        assert len(stub.asked) == sent + RUN + 2 * SENT
        assert sweep(stub, tmp_path).returncode == 0
    assert again["complete"] is True
    assert len(stub.asked) == sent + RUN + 2 * SENT


def test_loops_of_an_earlier_call_are_not_taken_for_those_of_the_next(tmp_path: Path) -> None:
    with up(Stub(service=0.001)) as stub:
        assert sweep(stub, tmp_path).returncode == 0
        before = tmp_path / "reference" / "before-fixed_fast-90-1"
        (before / "fast-1.jsonl").rename(before / "fast-1.jsonl.gz")
        (tmp_path / "fixed_fast-90-1.jsonl").unlink()
        assert sweep(stub, tmp_path).returncode == 0
    assert sorted(path.name for path in before.glob("*.jsonl*")) == [
        *("fast-1.jsonl", "quality-3.jsonl"),
    ]


def test_a_loop_that_is_not_done_in_time_is_not_kept_and_the_runs_go_on(tmp_path: Path) -> None:
    with up(Stub(service=0.1)) as stub:
        done = sweep(stub, tmp_path, "--patience", "0.5", "--reference", "quality:1:8")
    assert done.returncode == 0
    assert "quality-1: not all done within --patience" in done.stderr
    assert len(list(tmp_path.glob("*.jsonl"))) == 2
    assert list(tmp_path.glob("reference/*/*.jsonl")) == []
    assert len(list(tmp_path.glob("reference/*/quality-1.part"))) == 3


def test_a_loop_that_is_interrupted_is_not_kept(tmp_path: Path) -> None:
    with up(Stub(service=0.02)) as stub:
        running = subprocess.Popen(command(stub, tmp_path), stdout=subprocess.PIPE, text=True)
        wait_until(lambda: len(stub.asked) >= 8, "the second loop began")
        running.send_signal(signal.SIGINT)
        output, _ = running.communicate(timeout=60)
    assert json.loads(output.splitlines()[-1])["complete"] is False
    before = tmp_path / "reference" / "before-fixed_fast-50-1"
    assert sorted(path.name for path in before.glob("*")) == [
        *("fast-1.began.json", "fast-1.jsonl", "quality-3.began.json", "quality-3.part"),
    ]
    assert stub.held == {"pin": None, "override": None}


def test_a_level_that_the_ladder_has_not_is_refused_before_anything_is_sent(
    tmp_path: Path,
) -> None:
    with up(Stub()) as stub:
        done = sweep(stub, tmp_path, "--reference", "finest:1:5")
    assert (done.returncode, stub.asked) == (2, [])
    assert "no level finest; the ladder has quality, fast" in done.stderr


@pytest.mark.parametrize(
    "text", ["", "fast", "fast:1", "fast:0:5", "fast:1:0", ":1:5", "fast:1:5,"]
)
def test_what_is_no_loop_is_refused_with_how_to_write_one(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="write LEVEL:OUTSTANDING:REQUESTS"):
        loops(text)


def test_two_loops_of_one_file_are_refused() -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="two of these loops have one name"):
        loops("fast:1:5,fast:1:6")


def test_levels_of_the_ladder_are_no_fault() -> None:
    check(loops(LOOPS), ("quality", "fast"))
    with pytest.raises(BadLoad, match="quality"):
        check(loops(LOOPS), ("fast",))
