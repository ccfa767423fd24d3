"""A device that is lost ends its worker, and none of the jobs."""

import json
from pathlib import Path

import pytest
import torch
from redis import Redis

from services.contract import queues, tickets, transitions
from services.contract.jobs import Job, Status
from tests.processes import running
from tests.services.contract.making import RETENTION, accept, state
from tests.waiting import wait_until
from worker import device
from worker.tasks import EXIT_DEVICE_LOST, connect

SECONDS = 60


@pytest.mark.parametrize(
    ("error", "lost", "memory"),
    [
        (torch.AcceleratorError("CUDA error: device-side assert triggered"), True, False),
        (torch.AcceleratorError("an illegal memory access was encountered"), True, False),
        (RuntimeError("CUDA error: uncorrectable ECC error encountered\nCUDA kernel"), True, False),
        (RuntimeError("CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling"), True, False),
        (RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"), True, False),
        (RuntimeError("CUDA driver error: an illegal memory access was encountered"), True, False),
        (RuntimeError("Triton Error [CUDA]: an illegal memory access"), True, False),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"), False, True),
        (torch.AcceleratorError("CUDA error: out of memory"), False, True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling"), False, True),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"), False, True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_NOT_SUPPORTED when calling"), False, False),
        (RuntimeError("CUDA error: CUBLAS_STATUS_INVALID_VALUE when calling"), False, False),
        (RuntimeError("cuDNN error: CUDNN_STATUS_BAD_PARAM"), False, False),
        (RuntimeError("cuDNN error: CUDNN_STATUS_NOT_SUPPORTED"), False, False),
        (RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"), False, True),
        (RuntimeError("Triton Error [CUDA]: out of memory"), False, True),
        (RuntimeError("Triton Error [CUDA]: invalid argument"), False, False),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False, False),
        (ValueError("the prompt says CUDA error"), False, False),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_lost_and_what_only_was_too_large(
    error: Exception, lost: bool, memory: bool
) -> None:
    assert (device.lost(error), device.memory_ran_out(error)) == (lost, memory)


def _published(redis: Redis, redis_url: str, prompt: str) -> str:
    job_id = accept(redis, prompt=prompt)
    tickets.publish(connect(redis_url), state(redis, job_id))
    return job_id


def _running(redis: Redis, redis_url: str, prompt: str) -> str:
    job_id = _published(redis, redis_url, prompt)
    wait_until(lambda: state(redis, job_id).status is Status.RUNNING, "the job runs", SECONDS)
    return job_id


def _workers(redis: Redis) -> int:
    return queues.load(redis).queues["images"].workers


def test_the_worker_ends_and_every_job_is_for_another(
    redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    settings = {"redis_url": redis_url, "home": tmp_path}
    with running(tmp_path / "worker.log", "tests.worker.rehearsal", **settings) as worker:
        wait_until(lambda: _workers(redis) == 1, "ready", SECONDS)
        beside = _running(redis, redis_url, "a fox")
        breaking = _published(redis, redis_url, "assert")
        assert worker.process.wait(SECONDS) == EXIT_DEVICE_LOST, worker.text()

    assert "device-side assert triggered" in _critical(worker.text())
    left: Job = state(redis, beside)
    assert (left.status, left.attempts) == (Status.QUEUED, 0), "handed back"
    assert transitions.reclaim(redis, attempts=3, retention=RETENTION) == [breaking]
    taken: Job = state(redis, breaking)
    assert (taken.status, taken.attempts) == (Status.QUEUED, 1), "its attempt counts"


def _critical(log: str) -> str:
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    return "".join(line["message"] for line in lines if line["severity"] == "critical")
