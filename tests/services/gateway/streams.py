"""Reads a stream of server-sent events over a real socket."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

Message = dict[str, Any]


@contextmanager
def opened(url: str, **headers: str) -> Iterator[httpx.Response]:
    """A stream that has begun to answer."""
    with httpx.Client(timeout=20) as client, client.stream("GET", url, headers=headers) as answer:
        yield answer


def messages(answer: httpx.Response) -> Iterator[Message]:
    """The events of a stream as they arrive: id, event and data of each."""
    fields: Message = {}
    for line in answer.iter_lines():
        name, _, value = line.partition(": ")
        if line:
            fields[name] = value
            continue
        if "data" in fields:
            yield fields | {"data": json.loads(fields["data"])}
        fields = {}
