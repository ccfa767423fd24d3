"""GET of artifacts: the right file, with the right headers, and no other file."""

import hashlib
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from redis import Redis

from services.contract import transitions
from services.contract.jobs import Artifact
from services.contract.settings import Settings
from tests.services.gateway.conftest import Owner

PNG = b"\x89PNG not really, but these very bytes"


def written(
    settings: Settings, name: str, media_type: str, body: bytes, path: str = ""
) -> Artifact:
    """A file among the artifacts, and how a record lists it."""
    path = path or f"job/{name}"
    file = settings.artifacts / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(body)
    digest = hashlib.sha256(body).hexdigest()
    return Artifact(name=name, path=path, media_type=media_type, bytes=len(body), sha256=digest)


@pytest.fixture
def job_id(client: FlaskClient) -> str:
    """A new job."""
    return client.post("/v1/jobs", json={"kind": "image", "prompt": "a fox"}).json["id"]


def test_a_listed_file_is_served_under_its_url(
    client: FlaskClient, settings: Settings, owner: Owner, job_id: str
) -> None:
    owner.finish(owner.claim(job_id), written(settings, "image-0.png", "image/png", PNG))
    (listed,) = client.get(f"/v1/jobs/{job_id}").json["artifacts"]
    answer = client.get(listed["url"], buffered=True)
    assert (answer.status_code, answer.mimetype, answer.data) == (200, "image/png", PNG)
    assert answer.headers["ETag"] == f'"{listed["sha256"]}"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in answer.headers["Cache-Control"]
    assert "path" not in listed


def test_a_file_already_held_is_not_sent_again(
    client: FlaskClient, settings: Settings, owner: Owner, job_id: str
) -> None:
    artifact = written(settings, "image-0.png", "image/png", PNG)
    owner.finish(owner.claim(job_id), artifact)
    url = f"/v1/jobs/{job_id}/artifacts/image-0.png"
    held = client.get(url, headers={"If-None-Match": f'"{artifact.sha256}"'}, buffered=True)
    assert (held.status_code, held.data) == (304, b"")
    part = client.get(url, headers={"Range": "bytes=1-3"}, buffered=True)
    assert (part.status_code, part.data) == (206, b"PNG")
    beyond = client.get(url, headers={"Range": "bytes=9999-"}, buffered=True)
    assert (beyond.status_code, beyond.mimetype) == (416, "application/problem+json")


def test_a_running_job_shows_what_it_has(
    client: FlaskClient, redis: Redis, settings: Settings, owner: Owner, job_id: str
) -> None:
    job = owner.claim(job_id)
    artifact = written(settings, "page-1.png", "image/png", PNG)
    transitions.report(redis, job, "picture", {}, artifacts=[artifact.model_dump()])
    answer = client.get(f"/v1/jobs/{job_id}/artifacts/page-1.png", buffered=True)
    assert (answer.status_code, answer.data) == (200, PNG)
    assert "no-cache" in answer.headers["Cache-Control"]


def test_a_book_has_an_origin_of_its_own_and_reaches_nothing(
    client: FlaskClient, settings: Settings, owner: Owner, job_id: str
) -> None:
    body = b"<!doctype html><script>alert(1)</script>"
    owner.finish(owner.claim(job_id), written(settings, "storybook.html", "text/html", body))
    answer = client.get(f"/v1/jobs/{job_id}/artifacts/storybook.html", buffered=True)
    rules = dict(
        rule.strip().split(" ", 1) for rule in answer.headers["Content-Security-Policy"].split(";")
    )
    assert rules["default-src"] == "'none'"
    assert "connect-src" not in rules
    assert rules["sandbox"] == "allow-scripts"
    assert rules["form-action"] == "'none'"


def test_a_name_the_record_does_not_list_is_not_found(
    client: FlaskClient, settings: Settings, owner: Owner, job_id: str
) -> None:
    owner.finish(owner.claim(job_id), written(settings, "image-0.png", "image/png", PNG))
    answer = client.get(f"/v1/jobs/{job_id}/artifacts/image-9.png")
    assert answer.status_code == 404
    assert "image-0.png" in answer.json["detail"]


def test_a_file_that_was_deleted_is_not_found(
    client: FlaskClient, settings: Settings, owner: Owner, job_id: str
) -> None:
    artifact = written(settings, "image-0.png", "image/png", PNG)
    owner.finish(owner.claim(job_id), artifact)
    (settings.artifacts / artifact.path).unlink()
    assert client.get(f"/v1/jobs/{job_id}/artifacts/image-0.png").status_code == 404


@pytest.mark.parametrize("absolute", [False, True])
def test_no_record_leads_out_of_the_folder(
    client: FlaskClient,
    settings: Settings,
    owner: Owner,
    job_id: str,
    tmp_path: Path,
    absolute: bool,
) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    settings.artifacts.mkdir(parents=True)
    path = str(secret) if absolute else "../secret"
    artifact = Artifact(name="a", path=path, media_type="text/plain", bytes=6, sha256="0" * 64)
    owner.finish(owner.claim(job_id), artifact)
    answer = client.get(f"/v1/jobs/{job_id}/artifacts/a")
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


@pytest.mark.parametrize("name", ["../secret", "..%2fsecret", "%2e%2e%2fsecret", "%00"])
def test_no_name_leads_out_of_the_folder(client: FlaskClient, job_id: str, name: str) -> None:
    answer = client.get(f"/v1/jobs/{job_id}/artifacts/{name}")
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
