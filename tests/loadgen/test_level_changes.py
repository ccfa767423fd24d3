"""Level changes of a run, gathered from answers that each show a few decisions."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from loadgen.level_changes import Change, Incomplete, LevelLog, beside, load, save
from loadgen.record import BadRecord

LEVELS = {1: "quality", 2: "fast", 3: "fast", 4: "balanced", 5: "quality"}
"""The level that each version put in force, a version a second from 1 s on."""


def here(moment: float) -> float:
    """The run starts 2.5 s after the server's zero."""
    return moment - 2.5


def iso(second: float) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat()


def shown(newest: int, shows: int, state: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The answer while `newest` is the version of the images: its last `shows` decisions."""
    decisions = [
        {"queue": "images", "version": v, "level": LEVELS[v], "reason": f"why {v}", "at": iso(v)}
        for v in range(newest, max(0, newest - shows), -1)
    ]
    known = {"version": newest, "level": LEVELS.get(newest), "reason": "why", "since": iso(newest)}
    images = state or (known if newest else None)
    return {"queues": {"images": {"state": images}}, "decisions": decisions}


def log(*answers: dict[str, Any]) -> LevelLog:
    found = LevelLog()
    for answer in answers:
        found.hear(answer)
    return found


def test_a_run_starts_with_the_level_that_held_and_goes_on_with_each_change() -> None:
    found = log(shown(2, 9), shown(5, 9)).changes(here)
    assert found == [
        Change("images", -0.5, "fast", "why"),
        Change("images", 1.5, "balanced", "why 4"),
        Change("images", 2.5, "quality", "why 5"),
    ]


def test_looks_that_overlap_make_a_whole() -> None:
    assert log(shown(1, 1), shown(3, 2), shown(5, 2)).changes(here)[1:] == [
        Change("images", -0.5, "fast", "why 2"),
        Change("images", 1.5, "balanced", "why 4"),
        Change("images", 2.5, "quality", "why 5"),
    ]


@pytest.mark.parametrize("looks", [(shown(1, 9), shown(5, 2)), (shown(1, 9), shown(5, 0))])
def test_a_decision_that_nobody_saw_is_noticed(looks: tuple[dict[str, Any], ...]) -> None:
    with pytest.raises(Incomplete, match="on the level of images were not seen"):
        log(*looks).changes(here)


def renumbered(answer: dict[str, Any], later: float) -> dict[str, Any]:
    """The same versions, given anew so many seconds later."""
    decisions = [each | {"at": iso(each["version"] + later)} for each in answer["decisions"]]
    return answer | {"decisions": decisions}


@pytest.mark.parametrize(
    "looks",
    [
        (shown(5, 9), renumbered(shown(2, 9), 9)),
        (shown(1, 9), shown(5, 9), renumbered(shown(2, 9), 9)),
        (shown(3, 9), shown(0, 0), renumbered(shown(5, 9), 9)),
        (shown(1, 9), shown(3, 9), renumbered(shown(4, 9), 9)),
    ],
    ids=["below the first", "below a later one", "lost and regained", "past the old one by now"],
)
def test_a_numbering_that_began_again_is_noticed(looks: tuple[dict[str, Any], ...]) -> None:
    with pytest.raises(Incomplete, match="the level of images began again"):
        log(*looks).changes(here)


def test_the_level_at_the_start_never_begins_after_it() -> None:
    """The clocks are carried over with an error of milliseconds."""
    late = {"version": 2, "level": "fast", "reason": "why", "since": iso(2.504)}
    (only,) = log(shown(2, 9, late), shown(2, 9, late)).changes(here)
    assert (only.time, only.level) == (0.0, "fast")


def test_where_no_controller_has_decided_there_is_no_change() -> None:
    assert log(shown(0, 0), shown(0, 0)).changes(here) == []
    assert [each.level for each in log(shown(0, 0), shown(2, 9)).changes(here)] == [
        "quality",
        "fast",
    ]


def test_what_cannot_be_saved_whole_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(part: Path, text: str) -> int:
        with part.open("w") as file:
            file.write(text[:9])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    path = tmp_path / "run.levels.json"
    with pytest.raises(OSError, match="No space"):
        save(path, log(shown(2, 9)).changes(here))
    assert not path.exists()


def test_what_is_no_policy_is_refused() -> None:
    with pytest.raises(KeyError):
        LevelLog().hear({"ladder": []})


def test_they_are_read_as_they_were_saved(tmp_path: Path) -> None:
    changes = log(shown(2, 9), shown(5, 9)).changes(here)
    path = beside(tmp_path / "file-0.5-1.part")
    assert path.name == "file-0.5-1.levels.json"
    save(path, changes)
    assert load(path) == changes


@pytest.mark.parametrize("text", ['[{"queue": "im', '[{"colour": 1}]', "[1]", "3"])
def test_a_file_that_holds_none_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "run.levels.json"
    path.write_text(text)
    with pytest.raises(BadRecord, match=r"run\.levels\.json is no list of level changes"):
        load(path)
