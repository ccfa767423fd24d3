"""Response times of two real workers under each rule, at the same arrivals: CSV on stdout.

One row a job: rule, rate, seed, number of the job, its worker, seconds from acceptance to the end,
and the jobs that ran at the other worker less those at its own when it was claimed.
"""

import argparse
import csv
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis, RedisError

from services.contract import dispatch, queues, transitions
from services.contract.connection import CLIENT_OPTIONS
from services.contract.dispatch import Rule
from services.contract.jobs import JOB_REQUEST, Job
from services.contract.transitions import Admission
from worker.tasks import connect

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
WORKERS = 2
PATIENCE_SECONDS = 600.0


def _wait(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"nothing came of it in {PATIENCE_SECONDS:g} s")
        time.sleep(0.02)


@contextmanager
def _started(command: list[str], **environment: str) -> Iterator[None]:
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, env={**os.environ, **environment}, **quiet)
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


@contextmanager
def _redis(folder: str) -> Iterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    server = shutil.which("redis-server") or str(Path(sys.executable).parent / "redis-server")
    with _started([server, "--port", str(port), "--save", "", "--dir", folder]):
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def _workers(url: str, folder: str, rule: Rule, cap: int) -> Iterator[None]:
    environment = {
        "PYTHONPATH": str(ROOT),
        "STORYTELLER_REDIS_URL": url,
        "STORYTELLER_HOME": folder,
        "STORYTELLER_POLICY": str(ROOT / "policy.toml"),
        "STORYTELLER_DISPATCH": rule,
        "STORYTELLER_BATCH_CAP": str(cap),
    }
    command = [sys.executable, str(HERE / "pacer.py")]
    with _started(command, **environment), _started(command, **environment):
        yield


def _arrive(redis: Redis, url: str, rule: Rule, arrivals: list[float]) -> list[str]:
    app, begin, ids = connect(url), time.monotonic(), []
    for number, at in enumerate(arrivals):
        request = JOB_REQUEST.validate_python({"kind": "image", "prompt": "a fox", "seed": number})
        time.sleep(max(0.0, begin + at - time.monotonic()))
        job_id, _ = transitions.accept(redis, request, Admission(10**6, 3600))
        dispatch.publish(app, redis, transitions.get(redis, job_id), rule)
        ids.append(job_id)
    return ids


def _imbalance(job: Job, everyone: list[Job]) -> int:
    """Jobs running at other workers less those at its own, when it was claimed."""
    running = [one for one in everyone if one.started_at < job.started_at < one.finished_at]
    own = sum(one.worker == job.worker for one in running)
    return len(running) - 2 * own


def _measure(rule: Rule, rate: float, jobs: int, seed: int, cap: int) -> list[Job]:
    draw = random.Random(seed)
    arrivals, at = [], 0.0
    for _ in range(jobs):
        at += draw.expovariate(rate)
        arrivals.append(at)
    with tempfile.TemporaryDirectory() as folder, _redis(folder) as url:
        redis = Redis.from_url(url, **CLIENT_OPTIONS)
        _wait(lambda: _answers(redis))
        with _workers(url, folder, rule, cap):
            _wait(lambda: len(queues.live_workers(redis, "images")) == WORKERS)
            ids = _arrive(redis, url, rule, arrivals)
            _wait(lambda: queues.load(redis).depth == 0)
            return transitions.get_many(redis, ids)


def _answers(redis: Redis) -> bool:
    try:
        return redis.ping()
    except RedisError:  # it has not started yet
        return False


def main() -> None:
    """Measure both rules at each rate, one after the other, with the same arrivals."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rates", type=float, nargs="+", default=[2.0, 5.0, 7.5])
    parser.add_argument("--jobs", type=int, default=150)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--cap", type=int, default=8)
    given = parser.parse_args()
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["cap", "rule", "rate", "seed", "job", "worker", "response_s", "imbalance"])
    for rate in given.rates:
        for seed in given.seeds:
            for rule in ("shared", "jsq"):
                done = _measure(rule, rate, given.jobs, seed, given.cap)
                names = sorted({job.worker for job in done})
                for number, job in enumerate(done):
                    response = job.finished_at - job.created_at
                    place = names.index(job.worker)
                    row = [given.cap, rule, rate, seed, number, place, f"{response:.4f}"]
                    out.writerow([*row, _imbalance(job, done)])
                sys.stdout.flush()


if __name__ == "__main__":
    main()
