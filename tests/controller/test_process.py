"""`python -m controller` as an operator runs it: its end, its successor, its Redis."""

import subprocess
import time
from contextlib import contextmanager
from functools import partial

from redis import ConnectionError as NoRedis
from redis import Redis

from services.contract import keys, level
from services.contract.connection import CLIENT_OPTIONS
from tests.conftest import free_port, redis_binary
from tests.services.contract.making import EXPIRED, accept, cancel, running, state
from tests.waiting import wait_until


def _level(redis):
    found = level.read(redis, "images")
    return found and found.level.name


def _leads(controller):
    return "this controller leads" in controller.text()


def test_the_level_follows_the_depth_and_lost_jobs_come_back(redis, launch, tmp_path):
    launch()
    wait_until(lambda: _level(redis) == "best", "a level is in force")
    assert (tmp_path / "alive" / "controller").exists()
    lost = running(redis, lease=EXPIRED)
    ids = [accept(redis) for _ in range(4)]
    wait_until(lambda: _level(redis) == "fast", "the level falls")
    wait_until(lambda: state(redis, lost.id).status == "queued", "the lost job waits again")
    wait_until(lambda: redis.llen("images\x06\x163"), "its ticket is there")
    for job_id in [*ids, lost.id]:
        cancel(redis, job_id)
    wait_until(lambda: _level(redis) == "best", "the level comes back")
    path = [entry["level"] for entry in level.decisions(redis, 99)]
    assert path[:2] == ["best", "good"]


def test_told_to_stop_it_steps_down_and_ends_well(redis, launch):
    controller = launch()
    wait_until(lambda: _level(redis), "it leads")
    begun = time.monotonic()

    assert controller.stop() == 0

    assert time.monotonic() - begun < level.LEADER_SECONDS
    assert redis.get(keys.LEADER) is None
    assert "stopped" in controller.text()


def test_when_the_leader_is_killed_another_takes_over(redis, launch):
    first = launch("first")
    wait_until(partial(_leads, first), "the first leads")
    second = launch("second")
    wait_until(lambda: "standing by" in second.text(), "the second stands by")
    first.kill()

    wait_until(partial(_leads, second), "the second leads", level.LEADER_SECONDS + 5)

    wait_until(lambda: level.read(redis, "images").epoch == 2, "the second decides")


@contextmanager
def _redis_server(port, folder):
    command = [redis_binary(), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    server = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        server.kill()
        server.wait(10)


def test_it_outlives_its_redis(launch, tmp_path):
    port = free_port()
    address = f"redis://127.0.0.1:{port}/0"
    controller = launch(redis_url=address)
    wait_until(lambda: "Redis does not answer" in controller.text(), "it starts without Redis")
    with Redis.from_url(address, **CLIENT_OPTIONS) as client:
        for _ in range(2):
            with _redis_server(port, tmp_path):
                wait_until(partial(_answered, client), "it leads in a new Redis")
                lost = accept(client)
                client.hset(keys.job(lost), "queued_at", "1")
                wait_until(lambda: client.llen("images\x06\x163"), "it publishes in a new Redis")
            wait_until(
                lambda: (
                    controller.text().count("does not answer")
                    > controller.text().count("answers again")
                ),
                "it misses its Redis",
            )

    assert controller.process.poll() is None
    assert controller.text().count("Redis does not answer") == 3
    assert controller.text().count("Redis answers again") == 2
    assert "Traceback" not in controller.text()
    assert controller.stop() == 0


def _answered(client):
    try:
        return _level(client) == "best"
    except NoRedis:
        return False
