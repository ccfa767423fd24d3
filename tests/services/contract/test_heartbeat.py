"""A living process touches its file; the check finds one that has fallen silent."""

import os
import subprocess
import sys
import time

from services.contract import heartbeat
from tests.processes import ROOT, environment


def _check(home, process="controller"):
    return subprocess.run(
        [sys.executable, "-m", "services.contract.heartbeat", process],
        cwd=ROOT,
        env=environment(home=home),
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_beat_is_young(tmp_path):
    path = tmp_path / "alive" / "controller"
    assert heartbeat.age(path) == float("inf")
    heartbeat.beat(path)
    assert 0 <= heartbeat.age(path) < 5


def test_beating_again_makes_it_young_again(tmp_path):
    path = tmp_path / "controller"
    heartbeat.beat(path)
    os.utime(path, (time.time() - 100, time.time() - 100))
    assert heartbeat.age(path) > 90
    heartbeat.beat(path)
    assert heartbeat.age(path) < 5


def test_the_check_passes_while_the_process_lives(tmp_path):
    heartbeat.beat(tmp_path / "alive" / "controller")
    assert _check(tmp_path).returncode == 0


def test_the_check_fails_once_it_is_silent(tmp_path):
    path = tmp_path / "alive" / "controller"
    heartbeat.beat(path)
    os.utime(path, (time.time() - 100, time.time() - 100))

    found = _check(tmp_path)

    assert found.returncode == 1
    assert "controller has been silent for 100 s" in found.stderr


def test_the_check_fails_for_a_process_that_never_was(tmp_path):
    assert _check(tmp_path, "image-worker").returncode == 1
