"""Clients that stop in the middle give their thread back."""

import logging
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from gunicorn.config import Config
from redis import Redis

from services.contract import keys
from services.contract.settings import load
from services.gateway import __main__ as command
from services.gateway import peers
from services.gateway.server import Log
from tests.conftest import free_port
from tests.services.gateway.conftest import assert_problem, environment


@pytest.fixture
def connection() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A client's end and the server's end."""
    client, server = socket.socketpair()
    with client, server:
        yield client, server


def test_a_body_that_stops_coming_is_given_up(
    client: FlaskClient,
    redis: Redis,
    connection: tuple[socket.socket, socket.socket],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(peers, "SILENCE_SECONDS", 0.1)
    monkeypatch.setattr(peers, "DRAIN_SECONDS", 0.1)
    sender, server = connection
    sender.sendall(b'{"kind": ')
    with server.makefile("rb") as body:
        answer = client.post(
            "/v1/jobs",
            content_type="application/json",
            content_length=100,
            environ_overrides={"gunicorn.socket": server, "wsgi.input": body},
        )
        assert answer.status_code == 408
        assert_problem(answer, "request-timeout", "body")
        answer.close()
    assert redis.zcard(keys.JOBS) == 0


def test_a_file_that_nobody_takes_is_given_up(
    client: FlaskClient,
    connection: tuple[socket.socket, socket.socket],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(peers, "SILENCE_SECONDS", 0.1)
    _, server = connection
    client.get("/livez", environ_overrides={"gunicorn.socket": server})
    with pytest.raises(TimeoutError):
        server.sendall(b"x" * 50_000_000)


@pytest.mark.parametrize(
    ("error", "level"),
    [(BlockingIOError(11, "no head"), "INFO"), (TimeoutError("no body"), "INFO"),
     (OSError(5, "broken"), "ERROR")],
)  # fmt: skip
def test_silence_is_one_line_of_the_log_and_other_errors_are_told_in_full(
    caplog: pytest.LogCaptureFixture, error: OSError, level: str
) -> None:
    caplog.set_level(logging.INFO)
    log = Log(Config())
    try:
        raise error
    except OSError:
        log.exception("Socket error processing request.")
    (record,) = caplog.records
    assert record.levelname == level
    assert bool(record.exc_info) is (level == "ERROR")


def test_a_head_that_stops_coming_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "HEAD_SECONDS", 1)
    settings = load(environment("", tmp_path, GATEWAY_PORT=str(free_port())))
    with (
        command.listen(settings) as listener,
        socket.create_connection((settings.gateway_host, settings.gateway_port)) as sender,
    ):
        sender.sendall(b"GET /live")
        accepted, _ = listener.accept()
        with accepted:
            accepted.setblocking(True)
            assert accepted.recv(100) == b"GET /live"
            with pytest.raises(BlockingIOError):
                accepted.recv(100)
