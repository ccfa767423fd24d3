"""`python -m controller` as an operator runs it: its end, its successor, its Redis, mistakes."""

import json
import os
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from functools import partial

import pytest
from redis import ConnectionError as NoRedis
from redis import Redis

from controller.__main__ import main
from services.contract import keys, level
from services.contract.connection import CLIENT_OPTIONS
from tests.conftest import free_port, redis_binary
from tests.processes import ROOT, environment, start
from tests.services.contract.making import EXPIRED, accept, cancel, running, state
from tests.waiting import wait_until

POLICY = """
[rules]
thresholds = [2, 4]
hysteresis = 1
dwell_seconds = 0.2
"""
RUNG = """
[[levels]]
name = "{}"
image = {{ sampler = "ddim", steps = 5, guidance_scale = 1.0 }}
story = {{ max_tokens = 99 }}
"""


@pytest.fixture
def options(redis, redis_url, tmp_path):
    """Settings of a controller with a quick ladder."""
    policy = tmp_path / "policy.toml"
    policy.write_text(POLICY + "".join(RUNG.format(name) for name in ("best", "good", "fast")))
    return {
        "redis_url": redis_url,
        "home": tmp_path,
        "policy": policy,
        "fallback_level": "good",
        "controller_seconds": 0.05,
    }


@pytest.fixture
def launch(options, tmp_path):
    """Starts controllers, and stops what is left of them after the test."""
    with ExitStack() as stack:

        def one(name="one", **changed):
            process = start(tmp_path / f"{name}.log", "controller", **options | changed)
            stack.callback(lambda: process.process.poll() is None and process.kill())
            return process

        yield one


def _level(redis):
    found = level.read(redis, "images")
    return found and found.level.name


def _leads(controller):
    return "this controller leads" in controller.text()


def _run(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "controller", *arguments],
        cwd=ROOT,
        env=environment(**options),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


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

    assert time.monotonic() - begun < 5
    assert redis.get(keys.LEADER) is None
    assert "stopped" in controller.text()


def test_when_the_leader_is_killed_another_takes_over(redis, launch):
    first = launch("first")
    wait_until(partial(_leads, first), "the first leads")
    second = launch("second")
    wait_until(lambda: "standing by" in second.text(), "the second stands by")
    first.kill()
    killed = time.monotonic()

    wait_until(partial(_leads, second), "the second leads", level.LEADER_SECONDS + 5)

    assert time.monotonic() - killed < level.LEADER_SECONDS + 3
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


def test_once_decides_and_reconciles_one_time(redis, options):
    lost = running(redis, lease=EXPIRED)

    done = _run("--once", "--json", **options)

    assert done.returncode == 0
    assert json.loads(done.stdout.splitlines()[-1])["queues"]["images"]["would_be"] == "best"
    assert _level(redis) == "best"
    assert state(redis, lost.id).status == "queued"
    assert redis.get(keys.LEADER) is None


def test_a_dry_run_tells_and_changes_nothing(redis, options):
    lost = running(redis, lease=EXPIRED)
    accept(redis)
    before = {key: redis.dump(key) for key in redis.scan_iter("*")}

    done = _run("--dry-run", **options)

    assert done.returncode == 0
    assert "stories: depth 0, oldest 0.0 s: level None -> best (depth 0 is below 2)" in done.stdout
    assert "level None -> good (depth 2 reached 2)" in done.stdout
    assert "\n1 expired leases, " in done.stdout
    assert {key: redis.dump(key) for key in redis.scan_iter("*")} == before
    assert state(redis, lost.id).status == "running"


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        (
            {"fallback_level": "best-of-all"},
            "STORYTELLER_FALLBACK_LEVEL='best-of-all' is not allowed: it must be one of best, good",
        ),
        ({"policy": "/nowhere.toml"}, "Set STORYTELLER_POLICY to a policy file"),
        ({"controller_seconds": "often"}, "STORYTELLER_CONTROLLER_SECONDS='often' is not allowed"),
        ({"controler_seconds": "1"}, "STORYTELLER_CONTROLER_SECONDS is not a setting"),
        ({"controller_seconds": 6}, "must be more than twice STORYTELLER_CONTROLLER_SECONDS=6"),
    ],
)
def test_a_mistake_stops_it_with_a_reason(options, monkeypatch, capsys, changed, complaint):
    monkeypatch.setattr(sys, "argv", ["controller"])
    monkeypatch.setattr(os, "environ", environment(**options | changed))

    assert main() == 2
    assert complaint in capsys.readouterr().err


def test_once_without_redis_says_so(options):
    done = _run("--once", **options | {"redis_url": f"redis://:secret@127.0.0.1:{free_port()}/0"})

    assert done.returncode == 1
    assert "Redis does not answer" in done.stderr
    assert "secret" not in done.stderr
