"""A stack of one's own: what it waits for, and that it is stopped whatever happens."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from services.contract.settings import PREFIX
from stack import own
from stack.own import NotReady, Own, running
from stack.redis_server import in_use


class _Gateway:
    """What `_lacking` asks of one."""

    def __init__(self, **workers: int) -> None:
        self._workers = workers

    def queue(self) -> Mapping[str, object]:
        return {"queues": {name: {"workers": count} for name, count in self._workers.items()}}


def test_all_workers_of_a_formation_are_waited_for() -> None:
    formation = {"image-worker": 2}
    lacking = own._lacking(_Gateway(images=1, stories=1), formation)
    assert lacking == "1 of 2 processes image-worker"
    assert own._lacking(_Gateway(images=2, stories=1), formation) is None
    assert own._lacking(_Gateway(images=1, stories=0), {}) == "1 of 1 processes story-worker"


def test_of_the_callers_settings_none_applies(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(PREFIX + "REDIS_URL", "redis://far:1/2")
    monkeypatch.setenv("UNRELATED", "kept")
    settings = own._settings(Own(tmp_path / "prepared", {"dispatch": "jsq"}), tmp_path)
    found = own._environment(settings)
    assert PREFIX + "REDIS_URL" not in found
    assert found["UNRELATED"] == "kept"
    assert found[PREFIX + "DISPATCH"] == "jsq"
    assert found[PREFIX + "HOME"] == str(tmp_path)
    assert (tmp_path / "models").resolve().is_dir()


def test_what_does_not_start_says_why(tmp_path: Path) -> None:
    asked = Own(tmp_path / "models", {"device": "tpu"})
    with pytest.raises(NotReady, match="STORYTELLER_DEVICE='tpu'"), running(asked, tmp_path / "l"):
        pytest.fail("nothing can be ready")


def test_it_is_stopped_when_the_block_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[int] = []

    def ready(_gateway: object, _formation: object, process: object, _log: Path) -> None:
        started.append(process.pid)

    monkeypatch.setattr(own, "_await_ready", ready)
    # It sleeps in place of the stack: what is tested is that it ends with the block.
    monkeypatch.setattr(sys, "executable", str(_sleeper(tmp_path)))
    with pytest.raises(KeyboardInterrupt), running(Own(tmp_path / "models"), tmp_path / "l"):
        raise KeyboardInterrupt
    with pytest.raises(ProcessLookupError):
        os.kill(started[0], 0)


def _sleeper(folder: Path) -> Path:
    script = folder / "sleeper"
    script.write_text("#!/bin/sh\nexec sleep 60\n")
    script.chmod(0o755)
    return script


def test_a_stack_that_ended_by_itself_ruins_the_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "breaks"
    script.write_text("#!/bin/sh\necho so it went\nexit 3\n")
    script.chmod(0o755)

    def ready(_gateway: object, _formation: object, process: object, _log: Path) -> None:
        process.wait(30)

    monkeypatch.setattr(own, "_await_ready", ready)
    monkeypatch.setattr(sys, "executable", str(script))
    begun = []
    with (
        pytest.raises(NotReady, match=r"by itself with exit status 3[^$]*so it went"),
        running(Own(tmp_path / "models"), tmp_path / "l"),
    ):
        begun.append("the block")
    assert begun


def test_a_gateway_that_stumbles_while_it_starts_is_waited_for() -> None:
    class Stumbles(_Gateway):
        def missing(self) -> None:
            return None

        def queue(self) -> Mapping[str, object]:
            raise httpx.ReadTimeout("too slow")

    assert "too slow" in own._missing(Stumbles(), {})


def test_it_listens_on_this_machine_alone_whatever_is_asked(tmp_path: Path) -> None:
    found = own._settings(Own(tmp_path / "m", {"gateway_host": "10.0.0.7"}), tmp_path)
    assert found["gateway_host"] == "127.0.0.1"


def test_ports_are_its_own(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first, second = (own._settings(Own(tmp_path / "m"), tmp_path / name) for name in "ab")
    ports = [int(each[name]) for each in (first, second) for name in ("gateway_port", "redis_port")]
    assert len(set(ports)) == 4
    assert not any(in_use("127.0.0.1", port) for port in ports)
