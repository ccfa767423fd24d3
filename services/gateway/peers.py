"""The connection behind a request: whether the client is still there, and how to leave it well.

gunicorn hands over the socket as `gunicorn.socket`; under any other server nothing is known, and
a client counts as present.
"""

import select
import socket
import time
from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, request

# A client that neither sends nor takes anything for so long gives up its thread.
SILENCE_SECONDS = 10.0
DRAIN_SECONDS = 5.0
DRAIN_BYTES = 32 * 2**20
_PIECE = 65536


def _socket(environ: Mapping[str, Any]) -> socket.socket | None:
    return environ.get("gunicorn.socket")


def is_gone(environ: Mapping[str, Any]) -> bool:
    """True once the client has closed its end."""
    connection = _socket(environ)
    if connection is None:
        return False
    try:
        return _readable(connection) and connection.recv(1, socket.MSG_PEEK) == b""
    except OSError:
        return True


def _readable(connection: socket.socket) -> bool:
    # A socket with a timeout waits in recv whatever its flags say, so ask first.
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))


def register(app: Flask) -> None:
    """Let no request of the app wait for its client without end."""
    app.before_request(lambda: _limit_silence(request.environ))


def _limit_silence(environ: Mapping[str, Any]) -> None:
    """Let reading and writing fail after a silence, or when the client left the network."""
    connection = _socket(environ)
    if connection is None:
        return
    connection.settimeout(SILENCE_SECONDS)
    if hasattr(socket, "TCP_USER_TIMEOUT") and connection.family != socket.AF_UNIX:
        milliseconds = int(SILENCE_SECONDS * 1000)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)


def drain_afterwards(answer: Response, environ: Mapping[str, Any]) -> None:
    """Take in, within bounds, what is left of a refused body once the answer is out.

    Closing with bytes unread resets the connection, and a client that is still sending would
    lose the answer.
    """
    answer.call_on_close(lambda: _drain(environ))


def _drain(environ: Mapping[str, Any]) -> None:
    connection, left = _socket(environ), DRAIN_BYTES
    if connection is None:
        return
    connection.settimeout(DRAIN_SECONDS)
    deadline = time.monotonic() + DRAIN_SECONDS
    try:
        while left > 0 and time.monotonic() < deadline:
            piece = environ["wsgi.input"].read(_PIECE)
            if not piece:
                return
            left -= len(piece)
    except OSError:
        return
