"""The demo's view of the gateway, where what answers is none."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from stack.client import Gateway
from tests.conftest import free_port


class _Stranger(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Answer as any web server does to a path that it does not have."""
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def stranger() -> Iterator[str]:
    """The address of another program's web server."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Stranger) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_stranger_on_the_port_is_named_with_the_setting(stranger: str) -> None:
    with (
        Gateway(stranger) as gateway,
        pytest.raises(httpx.HTTPError, match="STORYTELLER_GATEWAY_PORT"),
    ):
        gateway.missing()


def test_where_nothing_listens_the_gateway_is_missing() -> None:
    with Gateway(f"http://127.0.0.1:{free_port()}") as gateway:
        assert gateway.missing() == "the gateway"
