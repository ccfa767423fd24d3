"""`python -m controller` with options, and what it says of mistakes."""

import json
import os
import subprocess
import sys

import pytest

from controller.__main__ import main
from services.contract import forecast, keys, level, transitions
from services.contract.jobs import Status
from services.contract.transitions import Outcome, Service
from tests.conftest import free_port
from tests.controller.situations import policy_text, profile
from tests.processes import ROOT, environment
from tests.services.contract.making import EXPIRED, accept, running, state
from tests.waiting import wait_until


def _level(redis):
    found = level.read(redis, "images")
    return found and found.level.name


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


def _contents(redis):
    """Everything that is in Redis; a dump would tell a hash from itself after a rehash."""
    readers = {
        "string": redis.get,
        "hash": redis.hgetall,
        "list": lambda key: redis.lrange(key, 0, -1),
        "set": redis.smembers,
        "zset": lambda key: redis.zrange(key, 0, -1, withscores=True),
        "stream": redis.xrange,
    }
    return {key: readers[redis.type(key)](key) for key in redis.scan_iter("*")}


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
    before = _contents(redis)

    done = _run("--dry-run", **options)

    assert done.returncode == 0
    assert "stories: depth 0, oldest 0.0 s: level None -> best (depth 0 is below 2)" in done.stdout
    assert "level None -> good (depth 2 reached 2)" in done.stdout
    assert "\n1 expired leases, " in done.stdout
    assert _contents(redis) == before
    assert state(redis, lost.id).status == "running"


def test_a_dry_run_beside_a_leader_tells_what_it_believes(redis, launch, options):
    launch()
    wait_until(lambda: _level(redis), "it leads")
    job = running(redis)
    applied = level.as_applied(level.read(redis, "images"))
    transitions.report(redis, job, "level", {}, level=applied)
    outcome = Outcome(Status.SUCCEEDED, service=Service(2.0, 2.0))
    transitions.finish(redis, job, outcome, retention=60)
    wait_until(lambda: forecast.read(redis, "images"), "it publishes what it learned")

    done = _run("--dry-run", "--json", **options)

    found = json.loads(done.stdout)["queues"]
    assert found["stories"]["forecast"] is None
    images = found["images"]["forecast"]
    assert images["thresholds"] == [2, 4]
    assert images["arrivals"]["error"] > 0
    assert [round(each["service_seconds"], 6) for each in images["levels"]] == [2.0] * 3


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('profile = "none.json"', "cannot read the profile"),
        ('profile = "measured.json"', "no stories cost for the level 'best'"),
    ],
)
def test_rules_that_predict_need_a_profile_that_has_what_they_ask(
    options, tmp_path, monkeypatch, capsys, text, complaint
):
    (tmp_path / "measured.json").write_text(profile(8, 2, 1).model_dump_json())
    rules = f'{text}\n[rules]\nkind = "slo"\nslo = {{ seconds = 9 }}\n'
    options["policy"].write_text(policy_text("best", "good", "fair", rules=rules))
    monkeypatch.setattr(sys, "argv", ["controller"])
    monkeypatch.setattr(os, "environ", environment(**options))

    assert main() == 2
    assert complaint in capsys.readouterr().err


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
