"""What a controller works on, without workers: a Redis, jobs that come and end, policies."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from celery import Celery
from redis import Redis

from bench.conditions import ROOT
from services.contract import level, policy, tickets, transitions
from services.contract.connection import CLIENT_OPTIONS
from services.contract.jobs import JOB_REQUEST, QUEUES, Job, Status
from services.contract.ladder import AppliedLevel
from services.contract.profile import BatchLaw, Cost, Interval, Profile, Rung
from services.contract.transitions import Admission, Outcome, Service
from stack import redis_server

KINDS = ("threshold", "slo", "planned")
WAITING, STOP_SECONDS = 10, 20.0
COSTS = {"quality": 8.0, "balanced": 2.0, "fast": 0.7}
RULES = """
profile = "profile.json"
[rules]
kind = "{kind}"
thresholds = [6, 12]
dwell_seconds = 0.0
slo = {{ seconds = 20 }}
"""


@dataclass(frozen=True)
class Stage:
    """A Redis with jobs in both queues, and a folder with a policy of each kind."""

    redis: Redis
    port: int
    folder: Path

    @property
    def address(self) -> str:
        """Of Redis."""
        return f"redis://127.0.0.1:{self.port}/0"

    def policy(self, kind: str) -> Path:
        """The shipped ladder under rules of this kind."""
        return self.folder / f"{kind}.toml"


@contextmanager
def stage() -> Iterator[Stage]:
    """A Redis with ten jobs waiting in each queue, for the length of the block."""
    with TemporaryDirectory() as name, ExitStack() as stack:
        folder, port = Path(name), _free_port()
        stack.enter_context(redis_server.running(port, folder))
        redis = stack.enter_context(Redis.from_url(f"redis://127.0.0.1:{port}/0", **CLIENT_OPTIONS))
        _write_policies(folder)
        made = Stage(redis, port, folder)
        for kind in ("story", "image") * WAITING:
            job = _accepted(redis, kind)
            tickets.publish(_publisher(made), job)
        yield made


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def _publisher(on: Stage) -> Celery:
    app = Celery("bench", set_as_current=False)
    app.conf.update(tickets.celery_settings(on.address))
    return app


def _write_policies(folder: Path) -> None:
    shipped = policy.load(ROOT / "policy.toml")
    text = (ROOT / "policy.toml").read_text()
    ladder = text[text.index("[[levels]]") :]
    rungs = tuple(
        Rung(level=each, costs=dict.fromkeys(QUEUES, _cost_of(COSTS[each.name])))
        for each in shipped.levels
    )
    law = BatchLaw(tau0=0.02, tau1=0.01, cap=8)
    profile = Profile(made_with={}, rungs=rungs, batch=dict.fromkeys(QUEUES, law))
    (folder / "profile.json").write_text(profile.model_dump_json())
    for kind in KINDS:
        (folder / f"{kind}.toml").write_text(RULES.format(kind=kind) + ladder)


def _cost_of(seconds: float) -> Cost:
    near = Interval(value=seconds, low=0.9 * seconds, high=1.1 * seconds)
    quality = Interval(value=20 + seconds, low=20 + seconds, high=20 + seconds)
    return Cost(seconds=near, scv=0.2, quality=quality)


def _accepted(redis: Redis, kind: str) -> Job:
    request = JOB_REQUEST.validate_python({"kind": kind, "prompt": "a fox in the snow"})
    job_id, _ = transitions.accept(redis, request, Admission(10_000, 3600))
    job = transitions.get(redis, job_id)
    if job is None:
        raise RuntimeError("Redis forgot a job that it had just accepted")
    return job


def _done(redis: Redis, kind: str, applied: AppliedLevel) -> None:
    """A job comes, takes what its level costs, and ends: a sample for the controller."""
    accepted = _accepted(redis, kind)
    job = transitions.claim(redis, accepted.id, "bench", lease=60, retention=3600)
    if job is None:
        raise RuntimeError("somebody else claimed the bench's job")
    seconds = COSTS[applied.name]
    transitions.report(redis, job, "level", {}, level=applied)
    outcome = Outcome(Status.SUCCEEDED, service=Service(seconds, seconds))
    transitions.finish(redis, job, outcome, retention=3600)


@contextmanager
def process(*module: str, **settings: object) -> Iterator[subprocess.Popen[bytes]]:
    """`python -m <module…>` with these settings alone, for the length of the block."""
    environment = {key: text for key, text in os.environ.items() if "STORYTELLER_" not in key}
    environment |= {f"STORYTELLER_{name}": str(value) for name, value in settings.items()}
    command = [sys.executable, "-m", *module]
    started = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    try:
        yield started
    finally:
        started.terminate()
        started.wait(STOP_SECONDS)


def work(redis: Redis, seconds: float) -> None:
    """About two jobs a second in each queue, for so long."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for kind, queue in (("story", QUEUES[0]), ("image", QUEUES[1])):
            state = level.read(redis, queue)
            if state is not None:
                _done(redis, kind, level.as_applied(state))
        time.sleep(0.5)
