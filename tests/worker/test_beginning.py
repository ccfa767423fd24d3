"""The picture that a job starts from: found, or an error that says what to do."""

import io
from pathlib import Path

import pytest
from PIL import Image
from redis import Redis

from services.contract import transitions
from services.contract.jobs import Job, Status
from services.contract.transitions import Outcome
from tests.services.contract.making import NOBODY, RETENTION, accept, finish, request, running
from worker.artifacts import Shelf
from worker.beginning import NoBeginning, starting_picture


def png(mode: str, colour: object) -> bytes:
    """A picture of two pixels."""
    file = io.BytesIO()
    Image.new(mode, (2, 1), colour).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """An empty shelf."""
    return Shelf(tmp_path)


def drawn(redis: Redis, shelf: Shelf, *files: bytes) -> Job:
    """A finished image job."""
    job = running(redis)
    put = [shelf.put(job, f"image-{index}.png", data) for index, data in enumerate(files)]
    outcome = Outcome(Status.SUCCEEDED, artifacts=tuple(put))
    transitions.finish(redis, job, outcome, retention=RETENTION)
    return job


@pytest.mark.parametrize(("mode", "colour"), [("RGB", (255, 0, 0)), ("RGBA", (255, 0, 0, 9))])
def test_it_is_the_first_picture_of_the_job_in_rgb(
    redis: Redis, shelf: Shelf, mode: str, colour: tuple[int, ...]
) -> None:
    job = drawn(redis, shelf, png(mode, colour), png("RGB", "blue"))
    picture = starting_picture(redis, shelf, request(start_from=job.id))
    assert (picture.mode, picture.size) == ("RGB", (2, 1))
    assert picture.getpixel((0, 0)) == (255, 0, 0)


def test_a_drawing_from_noise_has_none(redis: Redis, shelf: Shelf) -> None:
    assert starting_picture(redis, shelf, request()) is None


def _waiting(redis: Redis, shelf: Shelf) -> str:
    return accept(redis)


def _failed(redis: Redis, shelf: Shelf) -> str:
    job = running(redis)
    finish(redis, job, Status.FAILED)
    return job.id


def _story(redis: Redis, shelf: Shelf) -> str:
    job = running(redis, "story")
    finish(redis, job)
    return job.id


def _lost_file(redis: Redis, shelf: Shelf) -> str:
    job = drawn(redis, shelf, png("RGB", "red"))
    (shelf.folder / job.id / str(job.token) / "image-0.png").unlink()
    return job.id


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda *_: NOBODY, f"no job {NOBODY} any more.*name an image job"),
        (_waiting, "is still queued; wait"),
        (_failed, "has failed"),
        (_story, "is a story"),
        (lambda redis, shelf: drawn(redis, shelf).id, r"has no image-0\.png"),
        (_lost_file, "not among this worker's artifacts; let all workers share STORYTELLER_HOME"),
    ],
    ids=["unknown", "waiting", "failed", "story", "no-picture", "lost-file"],
)
def test_what_cannot_be_started_from_says_what_to_do(
    redis: Redis, shelf: Shelf, make: object, reason: str
) -> None:
    asked = request(start_from=make(redis, shelf))
    with pytest.raises(NoBeginning, match=f"start_from: .*{reason}.*leave start_from out"):
        starting_picture(redis, shelf, asked)
