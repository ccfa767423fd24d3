"""The client's side of a stream that breaks off."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from stack.client import Gateway

EVENTS = (("1-0", "queued"), ("2-0", "page"), ("3-0", "succeeded"))


class Breaking(BaseHTTPRequestHandler):
    """Sends one event a connection, then breaks it off; resumes after Last-Event-ID."""

    asked: list[str | None]

    def do_GET(self) -> None:
        if not self.path.endswith("/events"):
            return self._send(b"{}", "application/json")
        after = self.headers.get("Last-Event-ID")
        self.asked.append(after)
        event_id, kind = next(event for event in EVENTS if event[0] > (after or ""))
        return self._send(f'id: {event_id}\nevent: {kind}\ndata: {{"n": 1}}\n\n'.encode(), "")

    def _send(self, body: bytes, media_type: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", media_type or "text/event-stream")
        # An event stream promises more than it sends: what a broken connection looks like.
        self.send_header("Content-Length", str(len(body) + (0 if media_type else 10)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep the test's output quiet."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    Breaking.asked = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Breaking) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


def test_a_broken_stream_is_taken_up_after_the_last_event(server: ThreadingHTTPServer) -> None:
    with Gateway(f"http://127.0.0.1:{server.server_port}") as gateway:
        events = list(gateway.events("0" * 32))
    assert [(event.id, event.type) for event in events] == list(EVENTS)
    assert Breaking.asked == [None, "1-0", "2-0"]
