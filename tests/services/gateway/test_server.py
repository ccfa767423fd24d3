"""The gateway as a process: starting, refusing, stopping, and bodies over real sockets."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import httpx
import pytest
from redis import Redis

from services.contract import heartbeat, keys
from services.gateway.__main__ import main
from tests.conftest import ROOT
from tests.services.gateway.conftest import Running, environment, start
from tests.services.gateway.streams import messages, opened
from tests.waiting import wait_until

IMAGE = {"kind": "image", "prompt": "a fox"}


def run(variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """The gateway's command, expected to end by itself."""
    return subprocess.run(
        [sys.executable, "-m", "services.gateway"],
        env=os.environ | variables,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_a_port_in_use_is_one_clear_line(redis_url: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = run(environment(redis_url, tmp_path, GATEWAY_PORT=port))
    assert ended.returncode == 1
    assert re.fullmatch(
        rf"gateway: 127.0.0.1:{port} is in use; set STORYTELLER_GATEWAY_PORT .*\n", ended.stderr
    )


def told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], variables: dict[str, str]
) -> tuple[int, str]:
    """The exit status and the one line that the gateway's main says in this environment."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    status = main()
    (line,) = capsys.readouterr().err.splitlines()
    return status, line


def test_a_foreign_address_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    variables = environment("", tmp_path, GATEWAY_HOST="192.0.2.1")
    status, line = told(monkeypatch, capsys, variables)
    assert status == 1
    assert "STORYTELLER_GATEWAY_HOST" in line


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GATEWAY_PORT", "http"),
        ("GATEWAY_PROT", "8000"),
        ("POLICY", "nowhere.toml"),
        ("FALLBACK_LEVEL", "best"),
    ],
)
def test_a_wrong_setting_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    name: str,
    value: str,
) -> None:
    variables = environment("", tmp_path, **{name: value})
    status, line = told(monkeypatch, capsys, variables)
    assert status == 2
    assert f"STORYTELLER_{name}" in line


def test_the_import_is_quick_and_light() -> None:
    script = (
        "import sys, time; import services.gateway.__main__; "
        "print(time.process_time(), *sys.modules)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    seconds, *names = ended.stdout.split()
    loaded = {name.partition(".")[0] for name in names}
    assert not loaded & {"celery", "kombu", "torch", "diffusers", "transformers", "numpy"}
    # Seconds of processor, not of the clock: other work on the machine counts little.
    assert float(seconds) < 1.5


@pytest.fixture
def own(redis: Redis, redis_url: str, tmp_path: Path) -> Iterator[Running]:
    """A gateway process that the test may stop."""
    running = start(tmp_path, redis_url)
    yield running
    if running.process.poll() is None:
        running.process.kill()
    running.process.wait(10)


def test_sigterm_ends_streams_and_waits_for_the_rest(own: Running) -> None:
    job = httpx.post(own.url + "/v1/jobs", json=IMAGE).json()
    with opened(own.url + job["urls"]["events"]) as answer:
        stream = messages(answer)
        assert next(stream)["event"] == "queued"
        own.process.send_signal(signal.SIGTERM)
        assert list(stream) == []
    assert own.process.wait(15) == 0
    log = own.log.read_text()
    assert "Traceback" not in log
    assert '"severity": "error"' not in log


def test_a_living_gateway_beats(server: Running) -> None:
    beats = server.home / "alive" / "gateway"
    first = wait_until(lambda: beats.exists() and beats.stat().st_mtime, "a first beat")
    wait_until(lambda: beats.stat().st_mtime > first, "another beat")
    assert heartbeat.age(beats) < heartbeat.STALE_SECONDS


def test_every_line_of_the_log_is_json_and_names_the_job(server: Running, redis: Redis) -> None:
    job = httpx.post(server.url + "/v1/jobs", json=IMAGE).json()
    httpx.get(server.url + job["urls"]["self"])
    lines = server.log.read_text().splitlines()
    assert all(re.fullmatch(r'\{"time": .*"process": "gateway".*\}', line) for line in lines)
    assert any(f'"job": "{job["id"]}"' in line for line in lines)


def chunks(size: int) -> Iterator[bytes]:
    """A body that does not tell its length."""
    for _ in range(size // 65536 + 1):
        yield b" " * 65536


@pytest.mark.parametrize("chunked", [False, True])
def test_ten_megabytes_get_an_answer(server: Running, redis: Redis, chunked: bool) -> None:
    # This client sends all before it listens, and fails if the connection is reset meanwhile.
    client = HTTPConnection(server.url.removeprefix("http://"), timeout=20)
    body = chunks(10_000_000) if chunked else b" " * 10_000_000
    headers = {"Content-Type": "application/json"}
    client.request("POST", "/v1/jobs", body, headers, encode_chunked=chunked)
    with client.getresponse() as answer:
        problem = json.load(answer)
    client.close()
    assert (answer.status, problem["type"]) == (413, "/docs#body-too-large")
    assert problem["errors"][0]["field"] == "body"
    assert redis.zcard(keys.JOBS) == 0


def test_too_large_is_said_before_the_body_has_come(server: Running) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as client:
        head = "POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        client.sendall(f"{head}Content-Length: 10000000\r\n\r\n".encode())
        assert b" 413 " in client.recv(4096).splitlines()[0]


def test_a_chunked_body_within_the_limit_is_read(server: Running, redis: Redis) -> None:
    answer = httpx.post(
        server.url + "/v1/jobs",
        content=iter([b'{"kind": "image", ', b'"prompt": "a fox"}']),
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 202
