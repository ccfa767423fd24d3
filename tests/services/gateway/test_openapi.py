"""The description, the documentation and the application say the same; the world may check."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis

from services.contract import events, keys, queues, transitions
from services.contract import level as levels
from services.contract import policy as policies
from services.contract.jobs import JOB_REQUEST, PRIORITIES, QUEUES, Status
from services.contract.level import Choice
from services.contract.transitions import Outcome, Service
from services.gateway.operations import OPERATIONS
from services.gateway.problems import PROBLEMS
from tests.conftest import ROOT
from tests.services.gateway.conftest import LEASE, RETENTION, Owner, Running

API = (ROOT / "docs" / "api.md").read_text()
CHECKS_EXCLUDED = "use_after_free"  # a cancelled job is there to be looked at


@pytest.fixture
def description(client: FlaskClient) -> dict[str, Any]:
    """/openapi.json."""
    return client.get("/openapi.json").json


def calls(app: Flask) -> set[tuple[str, str]]:
    """Method and path of everything the application answers, assets aside."""
    return {
        (method.lower(), re.sub(r"<(?:\w+:)?(?:job_)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.endpoint != "static"
    }


def test_every_call_is_described_and_every_description_is_a_call(
    app: Flask, description: dict[str, Any]
) -> None:
    described = {(method, path) for path, item in description["paths"].items() for method in item}
    assert described == calls(app)


def test_the_documentation_names_every_call() -> None:
    documented = set(re.findall(r"^\| `([A-Z]+) (/[^` ?]*)", API, flags=re.MULTILINE))
    assert documented == {(row.method.upper(), row.path) for row in OPERATIONS}


def test_the_documentation_names_every_problem() -> None:
    rows = re.findall(r"^\| `/docs#([a-z-]+)` \| (\d+) \|", API, flags=re.MULTILINE)
    assert dict(rows) == {row.slug: str(row.status) for row in PROBLEMS.values()}


def test_the_documentation_names_every_event() -> None:
    table = API[API.index("| event |") : API.index("The stream ends after")]
    documented = set(re.findall(r"`(\w+)`", re.sub(r"(?m)^(\|[^|]*)\|.*", r"\1", table)))
    scripts = "".join(path.read_text() for path in (ROOT / "services").rglob("*.lua"))
    workers = "".join(path.read_text() for path in (ROOT / "worker").glob("*.py"))
    told = set(re.findall(r"emit\(id, '(\w+)'", scripts))
    told |= set(re.findall(r"\.report\(\s*\"(\w+)\"", workers))
    assert documented == told | events.LAST


@pytest.mark.parametrize("kind", ["StoryRequest", "ImageRequest", "StorybookRequest", "PinRequest"])
def test_the_documentation_names_every_field_of_a_request(
    description: dict[str, Any], kind: str
) -> None:
    fields = description["components"]["schemas"][kind]["properties"]
    assert [name for name in fields if f"`{name}`" not in API] == []


def test_every_reference_leads_to_a_valid_schema(description: dict[str, Any]) -> None:
    schemas = description["components"]["schemas"]
    references = set(re.findall(r"'#/components/schemas/(\w+)'", str(description)))
    assert references <= schemas.keys()
    for schema in schemas.values():
        jsonschema_rs.meta.validate(schema)


def test_a_request_schema_tells_this_servers_limits(description: dict[str, Any]) -> None:
    fields = description["components"]["schemas"]["ImageRequest"]["properties"]
    assert fields["level"]["enum"] == ["auto", "quality", "balanced", "fast"]
    assert fields["prompt"]["maxLength"] == 2000


@pytest.mark.parametrize("example", re.findall(r"-d '({[^']*\"kind\"[^']*})'", API))
def test_the_documentation_shows_requests_that_are_accepted(example: str) -> None:
    JOB_REQUEST.validate_json(example, strict=True)


def test_the_page_takes_nothing_from_elsewhere(client: FlaskClient) -> None:
    page = client.get("/docs")
    assert page.status_code == 200
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assets = re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text)
    assert {Path(asset).suffix for asset in assets} == {".css", ".js"}
    found = {asset: client.get(asset, buffered=True).text for asset in assets}
    for text in list(found.values()):
        for name in re.findall(r'from "\./(\w+\.js)"', text):
            found[name] = client.get(f"/static/{name}", buffered=True).text
    assert len(found) == len(list((ROOT / "services" / "gateway" / "static").iterdir()))
    for text in found.values():
        assert not re.search(r"https?://|^<!doctype", text)


def perform_all(redis: Redis, stop: threading.Event) -> None:
    """End every job as soon as it waits, and keep the gateway ready."""
    policy = policies.load(ROOT / "policy.toml")
    choice = Choice(0, policy.levels[0], "the start", {})
    while not stop.wait(0.02):
        epoch = levels.lead(redis, "c1")
        for queue in QUEUES:
            levels.publish(redis, epoch, queue, choice, lease=60.0)
            queues.check_in(redis, queue, "w1")
            for priority in PRIORITIES:
                for job_id in redis.zrange(keys.waiting(queue, priority), 0, -1):
                    perform(redis, job_id)


def perform(redis: Redis, job_id: str) -> None:
    """Start and end a job, unless it was cancelled meanwhile."""
    job = transitions.claim(redis, job_id, "w1", lease=LEASE, retention=RETENTION)
    if job is not None:
        outcome = Outcome(Status.SUCCEEDED, result={}, service=Service(0.1, 0.1))
        transitions.finish(redis, job, outcome, retention=RETENTION)


@pytest.fixture
def served(redis: Redis, owner: Owner, server: Running) -> Iterator[str]:
    """The address of a gateway whose jobs are done at once."""
    stop = threading.Event()
    worker = threading.Thread(target=perform_all, args=(redis, stop))
    worker.start()
    yield server.url
    stop.set()
    worker.join()


def test_generated_requests_find_nothing_the_description_does_not_allow(
    served: str, tmp_path: Path
) -> None:
    command = (
        f"run {served}/openapi.json --max-examples 5 --seed 1 --max-time 25 --request-timeout 20 "
        f"--phases examples,coverage,fuzzing,stateful --exclude-checks {CHECKS_EXCLUDED} "
        "--warnings off --no-color --generation-database none"
    )
    ended = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", *command.split()],
        env=os.environ
        | {
            "SCHEMATHESIS_HOOKS": "tests.services.gateway.beyond_schema",
            "PYTHONPATH": str(ROOT),
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-8000:] + ended.stderr[-2000:]
