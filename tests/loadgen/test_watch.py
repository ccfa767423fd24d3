"""A run keeps every change of level, though each look at the policy shows a few decisions."""

import asyncio
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from loadgen import level_changes, watch
from loadgen.clock import ServerClock
from loadgen.watch import watched
from tests.loadgen.stub import QUEUES, SHOWN, SLOWER, Stub, serving
from tests.waiting import wait_until

MOST = SHOWN // len(QUEUES)
"""Decisions for each queue that one look shows."""


def known() -> ServerClock:
    clock = ServerClock()
    clock.note(0.0, 0.01, 1000.0)
    return clock


def kept(
    path: Path, stub: Stub, meanwhile: Callable[[], None], clock: ServerClock | None = None
) -> Path:
    """Where the level changes of what happens meanwhile belong."""

    async def run() -> None:
        async with serving(stub), watched(stub.url, clock or known(), path):
            await asyncio.to_thread(meanwhile)

    asyncio.run(run())
    return level_changes.beside(path)


def alternate(stub: Stub, times: int) -> None:
    for n in range(times):
        stub.held["pin"] = {"level": list(SLOWER)[n % 2]}
        stub.decide(f"{n}")


def test_more_changes_than_an_answer_shows_are_all_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0.01)
    stub = Stub()

    def meanwhile() -> None:
        for _ in range(4):
            alternate(stub, MOST - 1)
            seen = stub.looks
            # The look after the next began after the decisions.
            wait_until(lambda seen=seen: stub.looks >= seen + 2, "the policy was looked at")

    changes = level_changes.load(kept(tmp_path / "run.jsonl", stub, meanwhile))
    levels = [each["level"] for each in stub.decided if each["queue"] == "images"]
    moved = [b for a, b in pairwise(levels) if a != b]
    assert len(moved) > 2 * MOST
    for queue in QUEUES:
        found = [each for each in changes if each.queue == queue]
        assert [each.level for each in found[1:]] == moved
        assert found[0].time <= 0
        assert [each.time for each in found] == sorted(each.time for each in found)


def test_what_is_not_known_in_full_is_not_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stub = Stub()
    path = kept(tmp_path / "run.jsonl", stub, lambda: alternate(stub, MOST + 5))
    assert not path.exists()
    told = capsys.readouterr().err
    assert "run.levels.json is not written: " in told
    assert "decisions on the level of images were not seen" in told


def test_of_an_earlier_run_nothing_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stub = Stub(shows_policy=False)
    (tmp_path / "run.levels.json").write_text("[]")
    assert not kept(tmp_path / "run.jsonl", stub, lambda: None).exists()
    assert "did not show its policy" in capsys.readouterr().err


def test_where_no_job_ended_the_clock_is_not_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not kept(tmp_path / "run.jsonl", Stub(), lambda: None, ServerClock()).exists()
    assert "no job ended" in capsys.readouterr().err


@pytest.mark.parametrize("odd", ["noon", None, 3])
def test_a_time_that_is_none_spoils_no_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], odd: object
) -> None:
    stub = Stub()

    def meanwhile() -> None:
        stub.decided[-1]["at"] = odd

    assert not kept(tmp_path / "run.jsonl", stub, meanwhile).exists()
    assert "did not show its policy" in capsys.readouterr().err


def test_a_file_that_cannot_be_written_spoils_no_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "runs"
    folder.mkdir()
    kept(folder / "run.jsonl", Stub(), folder.rmdir)
    assert "run.levels.json is not written: " in capsys.readouterr().err


def test_a_gateway_that_is_away_for_a_while_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0.01)
    stub = Stub()

    def meanwhile() -> None:
        alternate(stub, 1)
        stub.shows_policy, seen = False, stub.looks
        wait_until(lambda: stub.looks >= seen + 3, "it was looked at in vain")
        alternate(stub, 3)
        stub.shows_policy = True

    changes = level_changes.load(kept(tmp_path / "run.jsonl", stub, meanwhile))
    assert [each.level for each in changes if each.queue == "images"] == [
        "fast",
        "quality",
        "fast",
        "quality",
    ]
