"""Queues in the state an estimate needs, and jobs to estimate."""

from typing import Any

from services.contract import policy as policies
from services.contract.forecast import Forecast, Pace, Rate
from services.contract.jobs import JOB_REQUEST, QUEUE_OF, Job, Queue, Status
from services.contract.profile import ONE_AT_A_TIME, BatchLaw
from services.contract.queues import Load, QueueLoad
from services.gateway import outlook
from services.gateway.outlook import Outlook
from tests.conftest import ROOT

POLICY = policies.load(ROOT / "policy.toml")
NOW = 100.0
TOGETHER = BatchLaw(tau0=0.0, tau1=1.0, cap=8)
NOTHING = QueueLoad(waiting=0, running=0, oldest_age=0.0, service_mean=0.0, workers=0)


def outstanding(waiting: int, running: int = 0, **figures: float) -> QueueLoad:
    """So many jobs for one worker; none was measured yet."""
    return NOTHING.model_copy(
        update={"waiting": waiting, "running": running, "oldest_age": 9.0, "workers": 1} | figures
    )


def forecast(
    *seconds: float, scv: float = 1.0, arrivals: float = 0.0, law: BatchLaw = ONE_AT_A_TIME
) -> Forecast:
    """The model of one worker whose jobs take so many seconds, by level; the first is in force."""
    paces = tuple(Pace(seconds=each, scv=scv) for each in seconds)
    return Forecast(at=NOW, level=0, paces=paces, law=law, arrivals=Rate(value=arrivals))


def expected(
    loads: dict[Queue, QueueLoad], models: dict[Queue, Forecast | None] | None = None
) -> Outlook:
    """The outlook at the moment 100; a queue that is not named is empty and has no model."""
    queues: dict[Queue, QueueLoad] = {"stories": NOTHING, "images": NOTHING}
    load = Load(now=NOW, arrival_rate=0.1, queues=queues | loads)
    known = {queue: model for queue, model in (models or {}).items() if model}
    in_force = {queue: known[queue].level if queue in known else 0 for queue in load.queues}
    return outlook.of(load, known, POLICY, in_force)


def request(kind: str, **options: Any) -> Any:
    """A valid request of this kind."""
    return JOB_REQUEST.validate_python({"kind": kind, "prompt": "a fox", **options})


def waiting(kind: str = "image", **options: Any) -> Job:
    """A job that no worker has claimed."""
    return Job(
        id="0" * 32,
        kind=kind,
        queue=QUEUE_OF[kind],
        status=Status.QUEUED,
        priority="normal",
        request=request(kind, **options),
        created_at=10.0,
        queued_at=10.0,
    )


def running(spent: float, kind: str = "image", **options: Any) -> Job:
    """A job that a worker began `spent` seconds ago."""
    changes = {"status": Status.RUNNING, "started_at": NOW - spent}
    return waiting(kind, **options).model_copy(update=changes)
