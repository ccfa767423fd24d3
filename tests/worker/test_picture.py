"""An image job whose engine closes is another worker's, not a failure."""

import threading
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace

import pytest
from redis import Redis

from services.contract import policy
from tests.conftest import ROOT
from tests.services.contract.making import running
from worker.artifacts import Shelf
from worker.batching.engine import EngineClosed
from worker.claims import Claim
from worker.interruptions import Stopping
from worker.levels import Levels
from worker.picture import Studio, perform_image


def _closed(*_: object, **__: object) -> Future:
    future: Future = Future()
    future.set_exception(EngineClosed("stopping"))
    return future


def test_a_job_that_the_closing_engine_gave_up_is_handed_back(redis: Redis, tmp_path: Path) -> None:
    levels = Levels(
        redis, "images", policy.load(ROOT / "policy.toml"), fallback="fast", worker="worker-1"
    )
    claim = Claim(redis, running(redis), threading.Event())
    engine = SimpleNamespace(submit=_closed, denoiser=SimpleNamespace(name="test"))
    with pytest.raises(Stopping):
        perform_image(claim, Studio(engine, levels, Shelf(tmp_path)))
    assert claim.level.name == "fast"
