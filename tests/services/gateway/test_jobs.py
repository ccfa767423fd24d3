"""GET and DELETE of jobs: what a client sees through a job's life."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis

from services.contract import keys, transitions
from services.contract import level as levels
from services.contract import policy as policies
from services.contract.jobs import Progress
from services.gateway import create_app
from tests.conftest import ROOT
from tests.services.gateway.conftest import RETENTION, Owner

IMAGE = {"kind": "image", "prompt": "a fox in the snow"}


def submit(client: FlaskClient, **more: Any) -> str:
    """The id of a new job."""
    return client.post("/v1/jobs", json=IMAGE | more).json["id"]


def get(client: FlaskClient, job_id: str) -> dict[str, Any]:
    """What a client sees of a job."""
    answer = client.get(f"/v1/jobs/{job_id}")
    assert answer.status_code == 200
    return answer.json


def test_a_waiting_job(client: FlaskClient) -> None:
    submit(client)
    job_id = submit(client, deadline_seconds=60)
    job = get(client, job_id)
    assert (job["id"], job["status"], job["position"], job["attempts"]) == (job_id, "queued", 1, 0)
    assert job["request"]["prompt"] == IMAGE["prompt"]
    assert job["timings"] == {
        "waited_seconds": None,
        "service_seconds": None,
        "total_seconds": None,
    }
    created = datetime.fromisoformat(job["created_at"])
    assert created.utcoffset().total_seconds() == 0
    assert (datetime.fromisoformat(job["deadline_at"]) - created).total_seconds() == 60


def test_a_running_job_tells_its_level_and_progress(
    client: FlaskClient, redis: Redis, owner: Owner
) -> None:
    owner.perform(submit(client))
    job = owner.claim(submit(client))
    policy = policies.load(ROOT / "policy.toml")
    applied = levels.resolve("fast", None, policy, "balanced", 0.0)
    transitions.report(redis, job, "level", {}, level=applied)
    progress = Progress(phase="drawing", done=3, total=8)
    transitions.report(redis, job, "progress", {}, progress=progress)
    seen = get(client, job.id)
    assert (seen["status"], seen["position"], seen["attempts"]) == ("running", None, 1)
    assert seen["worker"] == "w1"
    assert seen["level"]["name"] == "fast"
    assert seen["level"]["settings"]["image"] == policy.levels[2].image.model_dump()
    assert seen["level"]["reason"] == "the request names it"
    assert seen["progress"] == {"phase": "drawing", "done": 3, "total": 8}
    assert 0 < seen["eta_seconds"] <= 2.0


def test_a_finished_job_tells_where_its_time_went(client: FlaskClient, owner: Owner) -> None:
    job_id = submit(client)
    assert get(client, job_id)["worker"] is None
    owner.perform(job_id)
    job = get(client, job_id)
    assert job["worker"] == "w1"
    assert (job["status"], job["result"], job["error"]) == ("succeeded", {"seed": 7}, None)
    timings = job["timings"]
    parts = timings["waited_seconds"] + timings["service_seconds"]
    assert timings["total_seconds"] == pytest.approx(parts)
    assert (job["position"], job["eta_seconds"]) == (None, None)


@pytest.mark.parametrize("job_id", ["1", "x" * 32, "A" * 32, "0" * 33, "%2e%2e"])
@pytest.mark.parametrize("call", ["", "/events", "/artifacts/a.png"])
def test_an_id_that_is_none_is_named(client: FlaskClient, job_id: str, call: str) -> None:
    answer = client.get(f"/v1/jobs/{job_id}{call}")
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json["errors"]] == ["id"]


@pytest.mark.parametrize("call", ["", "/events", "/artifacts/a.png"])
def test_an_unknown_job_is_not_found(client: FlaskClient, call: str) -> None:
    answer = client.get(f"/v1/jobs/{'0' * 32}{call}")
    assert (answer.status_code, answer.json["type"]) == (404, "/docs#not-found")


def test_cancelling_a_waiting_job_ends_it(client: FlaskClient) -> None:
    job_id = submit(client)
    first = client.delete(f"/v1/jobs/{job_id}")
    assert (first.status_code, first.json["status"]) == (200, "cancelled")
    again = client.delete(f"/v1/jobs/{job_id}")
    assert (again.status_code, again.json["status"]) == (200, "cancelled")


def test_cancelling_a_running_job_asks_its_worker(
    client: FlaskClient, redis: Redis, owner: Owner
) -> None:
    job = owner.claim(submit(client))
    answer = client.delete(f"/v1/jobs/{job.id}")
    assert (answer.status_code, answer.json["status"]) == (202, "running")
    assert transitions.renew(redis, job, lease=RETENTION) == "cancel"


def test_a_finished_job_cannot_be_cancelled(client: FlaskClient, owner: Owner) -> None:
    job_id = submit(client)
    owner.perform(job_id)
    answer = client.delete(f"/v1/jobs/{job_id}")
    assert (answer.status_code, answer.json["type"]) == (409, "/docs#already-finished")
    assert get(client, job_id)["status"] == "succeeded"


def test_other_wrong_calls_are_problems_too(client: FlaskClient) -> None:
    nowhere = client.get("/v1/nothing")
    assert (nowhere.status_code, nowhere.mimetype) == (404, "application/problem+json")
    wrong = client.patch("/v1/jobs")
    assert (wrong.status_code, wrong.json["type"]) == (405, "/docs#method-not-allowed")
    assert {"GET", "POST"} <= set(wrong.headers["Allow"].split(", "))


def test_what_fails_inside_stays_inside(
    client: FlaskClient, redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    job_id = submit(client)
    redis.hset(keys.job(job_id), "kind", "secret")
    answer = client.get(f"/v1/jobs/{job_id}")
    assert (answer.status_code, answer.json["type"]) == (500, "/docs#internal")
    assert "secret" not in answer.text
    (line,) = [line for line in caplog.records if line.message == "request failed"]
    assert line.request in answer.json["detail"]
    assert line.request == answer.headers["X-Request-ID"]


def test_the_settings_of_the_environment_are_the_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("STORYTELLER_POLICY", str(ROOT / "policy.toml"))
    monkeypatch.setenv("STORYTELLER_MAX_PROMPT_CHARACTERS", "5")
    client = create_app().test_client()
    answer = client.post("/v1/jobs", json=IMAGE)
    assert answer.json["errors"] == [{"field": "prompt", "message": "longer than 5 characters"}]
