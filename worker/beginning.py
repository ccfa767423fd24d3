"""The picture that an image job starts from instead of noise."""

import io

from PIL import Image
from redis import Redis

from services.contract import transitions
from services.contract.jobs import Artifact, ImageRequest, Job, Status
from worker.artifacts import Shelf

PICTURE = "image-0.png"


class NoBeginning(RuntimeError):
    """The picture to start from cannot be had."""


def starting_picture(redis: Redis, shelf: Shelf, request: ImageRequest) -> Image.Image | None:
    """The first picture (RGB) of the job that `start_from` names; None where it names none.

    Raises NoBeginning, saying what to do, when there is no such job, when it is no image job,
    has not succeeded, or when its file is gone.
    """
    if request.start_from is None:
        return None
    job = transitions.get(redis, request.start_from)
    if job is None:
        raise _missing(f"there is no job {request.start_from} any more")
    return _opened(shelf, _first_picture(job))


def _first_picture(job: Job) -> Artifact:
    if job.kind != "image":
        raise _missing(f"job {job.id} is a {job.kind}, not an image job")
    if not job.finished:
        raise _missing(f"job {job.id} is still {job.status}", "wait until it has succeeded")
    if job.status is not Status.SUCCEEDED:
        raise _missing(f"job {job.id} has {job.status}")
    found = [artifact for artifact in job.artifacts if artifact.name == PICTURE]
    if not found:
        raise _missing(f"job {job.id} has no {PICTURE}")
    return found[0]


def _opened(shelf: Shelf, artifact: Artifact) -> Image.Image:
    try:
        with Image.open(io.BytesIO(shelf.read(artifact))) as picture:
            return picture.convert("RGB")
    except FileNotFoundError as error:
        reason = f"{artifact.path} is not among this worker's artifacts"
        raise _missing(reason, "let all workers share STORYTELLER_HOME") from error


def _missing(reason: str, remedy: str = "") -> NoBeginning:
    remedy = remedy or "name an image job that has succeeded and is still kept"
    return NoBeginning(f"start_from: {reason}; {remedy}, or leave start_from out")
