"""Files are put whole, and go when their job's record has gone."""

import os
import time
from pathlib import Path

from redis import Redis

from tests.services.contract.making import running
from worker.artifacts import ORPHAN_SECONDS, Shelf


def test_a_file_is_read_as_it_was_put(redis: Redis, tmp_path: Path) -> None:
    shelf, job = Shelf(tmp_path), running(redis)
    artifact = shelf.put(job, "image-0.png", b"picture")
    assert shelf.read(artifact) == b"picture"
    assert (artifact.media_type, artifact.bytes) == ("image/png", 7)
    assert [path.name for path in (tmp_path / artifact.path).parent.iterdir()] == ["image-0.png"]


def test_only_old_files_of_jobs_that_are_gone_are_swept(redis: Redis, tmp_path: Path) -> None:
    shelf, job = Shelf(tmp_path), running(redis)
    shelf.put(job, "image-0.png", b"picture")
    (tmp_path / "gone").mkdir()
    (tmp_path / "gone but new").mkdir()
    old = time.time() - ORPHAN_SECONDS - 60
    for name in (job.id, "gone"):
        os.utime(tmp_path / name, (old, old))
    assert shelf.sweep(redis) == 1
    assert {path.name for path in tmp_path.iterdir()} == {job.id, "gone but new"}


def test_a_shelf_that_another_worker_sweeps_too_is_no_error(redis: Redis, tmp_path: Path) -> None:
    (tmp_path / "gone").symlink_to(tmp_path / "swept a moment ago")
    assert Shelf(tmp_path).sweep(redis) == 0
    assert Shelf(tmp_path / "not there yet").sweep(redis) == 0


def test_a_sweep_ends_before_the_next_folder(redis: Redis, tmp_path: Path) -> None:
    old = time.time() - ORPHAN_SECONDS - 60
    for name in ("one", "two", "three"):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (old, old))
    assert Shelf(tmp_path).sweep(redis, lambda: len(list(tmp_path.iterdir())) == 1) == 2
    assert len(list(tmp_path.iterdir())) == 1
