"""The controller's live model, as /v1/queue, the jobs and /metrics tell it."""

import pytest
from flask.testing import FlaskClient
from redis import Redis

from services.contract import forecast as forecasts
from services.contract import keys
from services.contract.forecast import Rate
from tests.services.gateway.conftest import Owner, publish
from tests.services.gateway.expecting import forecast

IMAGE = {"kind": "image", "prompt": "a fox"}
MODEL = forecast(10.0, 4.0, 1.0).model_copy(
    update={"level": 1, "arrivals": Rate(value=0.2, error=0.05)}
)


@pytest.fixture
def modelled(client: FlaskClient, redis: Redis, owner: Owner) -> FlaskClient:
    """A gateway with two images outstanding, one of them running, and a model of 4 s each."""
    forecasts.put(redis, "images", MODEL)
    first = client.post("/v1/jobs", json=IMAGE).json["id"]
    client.post("/v1/jobs", json=IMAGE)
    owner.claim(first)
    return client


def test_the_queue_tells_what_the_model_predicts(modelled: FlaskClient) -> None:
    queue = modelled.get("/v1/queue").json
    images = queue["queues"]["images"]
    assert images["predicted_wait_seconds"] == pytest.approx(2 * 4.0)
    assert queue["predicted_wait_seconds"] == pytest.approx(2 * 4.0), "no story is outstanding"
    newcomer = images["predicted_response"]
    assert newcomer["mean_seconds"] == pytest.approx(3 * 4.0)
    assert 0 < newcomer["p10_seconds"] < newcomer["mean_seconds"] < newcomer["p90_seconds"]
    assert images["estimated_arrival_rate"] == {"value": 0.2, "error": 0.05}


def test_without_a_model_the_queue_does_not_pretend(client: FlaskClient, redis: Redis) -> None:
    images = client.get("/v1/queue").json["queues"]["images"]
    assert images["predicted_response"] is None
    assert images["estimated_arrival_rate"] is None
    assert images["calibration"] is None


def test_each_job_has_its_estimate(modelled: FlaskClient, redis: Redis) -> None:
    ids = redis.zrange(keys.JOBS, 0, -1)
    running, waiting = (modelled.get(f"/v1/jobs/{job_id}").json for job_id in ids)
    assert (running["position"], waiting["position"]) == (None, 0)
    assert running["eta_seconds"] == pytest.approx(4.0)
    assert waiting["eta_seconds"] == pytest.approx(2 * 4.0)


def test_the_policy_shows_the_model_itself(modelled: FlaskClient) -> None:
    queues = modelled.get("/v1/policy").json["queues"]
    assert queues["images"]["forecast"] == MODEL.model_dump(mode="json")
    assert queues["stories"]["forecast"] is None


def test_estimates_are_held_against_what_came(modelled: FlaskClient, owner: Owner) -> None:
    job_id = modelled.post("/v1/jobs", json=IMAGE).json["id"]
    owner.redis.hincrbyfloat(keys.job(job_id), "created_at", -6.0)
    owner.perform(job_id)
    found = modelled.get("/v1/queue").json["queues"]["images"]["calibration"]
    assert found["count"] == 1
    assert found["median_ratio"] == pytest.approx(6 / 12, abs=0.05)
    assert (found["mean_relative_error"], found["bias_seconds"]) == (
        pytest.approx(1.0, abs=0.1),
        pytest.approx(6.0, abs=0.5),
    )
    assert found["within_quarter"] == 0.0
    metrics = modelled.get("/metrics").text
    assert 'storyteller_eta_within_quarter{queue="images"} 0.0' in metrics
    assert 'storyteller_eta_ratio_median{queue="images"} 0.5' in metrics
    assert 'storyteller_eta_relative_error_mean{queue="images"} ' in metrics


def test_metrics_tell_what_is_predicted(modelled: FlaskClient) -> None:
    lines = modelled.get("/metrics").text.splitlines()
    for expected in (
        'storyteller_predicted_wait_seconds{queue="images"} 8.0',
        'storyteller_predicted_wait_seconds{queue="stories"} 0.0',
        'storyteller_estimated_arrival_rate{queue="images"} 0.2',
        'storyteller_estimated_arrival_rate_error{queue="images"} 0.05',
    ):
        assert expected in lines
    assert not [line for line in lines if line.startswith("storyteller_eta_")]
    assert not [line for line in lines if 'arrival_rate{queue="stories"}' in line]


def test_estimates_follow_the_level_in_force_at_once(modelled: FlaskClient, redis: Redis) -> None:
    """The model, of a second ago, still has `balanced`."""
    publish(redis, "images", 2)
    images = modelled.get("/v1/queue").json["queues"]["images"]
    assert images["predicted_wait_seconds"] == pytest.approx(2 * 1.0)


def test_when_no_controller_leads_estimates_go_by_the_fallback(
    modelled: FlaskClient, redis: Redis
) -> None:
    forecasts.put(redis, "images", MODEL.model_copy(update={"level": 0}))
    publish(redis, "images", 0, lease=-1.0)
    images = modelled.get("/v1/queue").json["queues"]["images"]
    assert images["predicted_wait_seconds"] == pytest.approx(2 * 4.0), "balanced"


def test_a_model_of_a_shorter_ladder_keeps_its_own_level(
    modelled: FlaskClient, redis: Redis
) -> None:
    forecasts.put(redis, "images", forecast(7.0))
    publish(redis, "images", 2)
    images = modelled.get("/v1/queue").json["queues"]["images"]
    assert images["predicted_wait_seconds"] == pytest.approx(2 * 7.0)
