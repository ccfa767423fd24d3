"""Files out: written whole or not at all, one folder for each attempt at a job."""

import hashlib
import mimetypes
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from redis import Redis

from services.contract import keys
from services.contract.jobs import Artifact, Job

ORPHAN_SECONDS = 3600.0


class Shelf:
    """The folder of all artifacts; every attempt writes under `<job>/<token>/`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, job: Job, name: str, data: bytes) -> Artifact:
        """Write a file and describe it. A reader never sees half of it."""
        path = Path(job.id, str(job.token), name)
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{name}.partial")
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(target)
        return Artifact(
            name=name,
            path=path.as_posix(),
            media_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
            bytes=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
        )

    def read(self, artifact: Artifact) -> bytes:
        """The file's bytes. Raises FileNotFoundError where the folder is not the writer's."""
        return (self.folder / artifact.path).read_bytes()

    def sweep(self, redis: Redis, over: Callable[[], bool] = lambda: False) -> int:
        """Delete the folders of jobs whose record has expired, until `over()`; how many it were."""
        before = time.time() - ORPHAN_SECONDS
        swept = 0
        for path in list(self.folder.glob("*")):
            if over():
                break
            if _changed_at(path) < before and not redis.exists(keys.job(path.name)):
                shutil.rmtree(path, ignore_errors=True)
                swept += 1
        return swept


def _changed_at(path: Path) -> float:
    """Seconds since the epoch; now for a folder that another worker has just swept away."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return time.time()
