"""Join the shortest queue with real workers: who dies or stops costs nobody a job."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis as redis_py

from services.contract import dispatch, events, keys, queues, transitions
from services.contract.dispatch import Rule
from services.contract.jobs import JOB_REQUEST, Job
from services.contract.queues import WORKER_HORIZON_SECONDS
from services.contract.transitions import Admission
from tests.processes import Running, start
from tests.waiting import wait_until
from tests.worker.rehearsal import CONCURRENCY, CUE
from worker.tasks import connect

RETENTION = 600
SECONDS = 60.0

Start = Callable[..., Running]


@pytest.fixture
def launch(redis_url: str, tmp_path: Path) -> Iterator[Start]:
    """Starts processes that join the shortest queue, and kills what runs after the test."""
    terms = {"redis_url": redis_url, "home": tmp_path, "lease_seconds": 2, "ageing_seconds": 1}
    with ExitStack() as stack:

        def launch_one(module: str, rule: Rule = "jsq") -> Running:
            log = tmp_path / f"{len(list(tmp_path.glob('*.log')))}-{module}.log"
            process = start(log, module, dispatch=rule, **terms)
            stack.callback(process.kill)
            return process

        yield launch_one


@pytest.fixture
def submit(redis: redis_py.Redis, redis_url: str) -> Callable[..., str]:
    """Accepts a job and publishes its ticket, as the gateway does."""
    app = connect(redis_url)

    def submit_one(rule: Rule = "jsq", **options: object) -> str:
        request = JOB_REQUEST.validate_python({"kind": "image", "prompt": "a fox", **options})
        job_id, _ = transitions.accept(redis, request, Admission(1000, RETENTION))
        dispatch.publish(app, redis, _job(redis, job_id), rule)
        return job_id

    return submit_one


def _job(redis: redis_py.Redis, job_id: str) -> Job:
    found = transitions.get(redis, job_id)
    assert found is not None
    return found


def _workers(redis: redis_py.Redis, count: int) -> list[str]:
    """The live workers, once there are so many."""
    wait_until(lambda: len(queues.live_workers(redis, "images")) == count, "ready", SECONDS)
    return sorted(queues.live_workers(redis, "images"))


def _named(worker: Running, names: list[str]) -> str:
    """What a process is called: its log says so."""
    (name,) = [name for name in names if name in worker.text()]
    return name


def _running(redis: redis_py.Redis, count: int) -> None:
    wait_until(lambda: queues.load(redis).queues["images"].running == count, "running", SECONDS)


def _done(redis: redis_py.Redis, ids: list[str]) -> list[Job]:
    """The jobs, once all have succeeded; each must have been seen to succeed once."""
    wait_until(lambda: all(_job(redis, job_id).finished for job_id in ids), "all done", SECONDS)
    for job_id in ids:
        types = [event.type for event in events.after(redis, job_id)]
        assert types.count("succeeded") == 1
    return [_job(redis, job_id) for job_id in ids]


def _nothing_left(redis: redis_py.Redis) -> None:
    """No job is assigned any more, and no ticket lies anywhere."""
    wait_until(lambda: not redis.keys(keys.assigned("*")), "nothing is assigned", SECONDS)
    lists = dispatch.ticket_lists(redis, "images")
    wait_until(lambda: not redis.exists(*lists), "no ticket is left", SECONDS)


def _fall_silent(redis: redis_py.Redis, name: str) -> None:
    """As if the worker had been dead for as long as it takes to be taken for dead."""
    redis.zadd(keys.workers("images"), {name: redis.time()[0] - WORKER_HORIZON_SECONDS - 1})


def test_jobs_spread_and_those_of_a_killed_worker_are_done_once(
    redis: redis_py.Redis, launch: Start, submit: Callable[..., str]
) -> None:
    launch("controller")
    both = [launch("tests.worker.rehearsal") for _ in range(2)]
    names = _workers(redis, 2)
    ids = [submit() for _ in range(10)]
    _running(redis, 2 * CONCURRENCY)
    assert [dispatch.outstanding(redis, name) for name in names] == [5, 5]

    dead = _named(both[0], names)
    both[0].kill()
    _fall_silent(redis, dead)
    redis.set(CUE, "now")
    done = _done(redis, ids)
    assert sorted(job.attempts for job in done) == [1] * (10 - CONCURRENCY) + [2] * CONCURRENCY
    assert Counter(job.worker for job in done).keys() == set(names) - {dead}
    _nothing_left(redis)


def test_a_worker_that_stops_hands_on_all_it_had(
    redis: redis_py.Redis, launch: Start, submit: Callable[..., str]
) -> None:
    both = [launch("tests.worker.rehearsal") for _ in range(2)]
    names = _workers(redis, 2)
    ids = [submit() for _ in range(8)]
    _running(redis, 2 * CONCURRENCY)

    stopped = _named(both[0], names)
    assert both[0].stop() == 0, both[0].text()
    (stays,) = set(names) - {stopped}
    counts = dispatch.outstanding(redis, stopped), dispatch.outstanding(redis, stays)
    assert counts == (0, 8)
    redis.set(CUE, "now")
    assert [job.attempts for job in _done(redis, ids)] == [1] * 8


def test_tickets_outlive_the_lack_of_workers_and_a_change_of_the_rule(
    redis: redis_py.Redis, launch: Start, submit: Callable[..., str]
) -> None:
    ids = [submit() for _ in range(CONCURRENCY)]
    worker = launch("tests.worker.rehearsal")
    (name,) = _workers(redis, 1)
    _running(redis, CONCURRENCY)
    ids += [submit() for _ in range(3)]
    assert dispatch.outstanding(redis, name) == CONCURRENCY + 3

    worker.kill()
    _fall_silent(redis, name)
    launch("controller", "shared")
    launch("tests.worker.rehearsal", "shared")
    ids.append(submit("shared"))
    redis.set(CUE, "now")
    assert {job.worker for job in _done(redis, ids)}.isdisjoint({name})
    _nothing_left(redis)


def test_a_job_that_waited_long_goes_first_in_its_workers_queue(
    redis: redis_py.Redis, launch: Start, submit: Callable[..., str]
) -> None:
    launch("controller")
    launch("tests.worker.rehearsal")
    _workers(redis, 1)
    busy = [submit() for _ in range(CONCURRENCY)]
    _running(redis, CONCURRENCY)
    old = submit(priority="low")
    wait_until(lambda: _job(redis, old).priority == "high", "the old job rose", SECONDS)

    young = [submit(priority="normal") for _ in range(3 * CONCURRENCY)]
    redis.set(CUE, "now")
    started = {job.id: job.started_at for job in _done(redis, [*busy, old, *young])}
    assert old in sorted([old, *young], key=started.get)[:CONCURRENCY]
