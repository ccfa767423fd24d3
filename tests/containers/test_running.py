"""The containers at work: a book from end to end, and what must survive a stop."""

import base64
import html
import json

import pytest

from tests.containers.stack import JOB_SECONDS, SERVICES, Stack
from tests.waiting import wait_until

PNG = b"\x89PNG\r\n\x1a\n"

pytestmark = [pytest.mark.containers, pytest.mark.timeout(3600)]


def test_every_container_is_healthy(stack: Stack) -> None:
    states = {
        name: [container["State"]["Health"]["Status"] for container in stack.containers(name)]
        for name in SERVICES
    }
    assert states == {name: ["healthy"] for name in SERVICES}


def test_a_prompt_becomes_an_illustrated_book(stack: Stack) -> None:
    job_id = stack.submit(
        kind="storybook", prompt="a fox in the snow", pages=2, seed=1, level="balanced"
    )
    stack.finished(job_id)
    story = json.loads(stack.artifact(job_id, "story.json"))
    book = stack.artifact(job_id, "storybook.html").decode()
    assert len(story["pages"]) == 2
    assert html.escape(story["title"]) in book
    for page in range(2):
        picture = stack.artifact(job_id, f"image-{page}.png")
        assert picture.startswith(PNG)
        assert base64.b64encode(picture).decode() in book


def test_two_image_workers_serve_one_queue(stack: Stack) -> None:
    stack.up("--no-recreate", "--scale", "image-worker=2")
    workers = stack.containers("image-worker")
    assert [worker["State"]["Health"]["Status"] for worker in workers] == ["healthy"] * 2
    jobs = [stack.submit(kind="image", prompt="a bear", level="fast", seed=n) for n in range(6)]
    for job_id in jobs:
        assert stack.finished(job_id)["attempts"] == 1
    for worker in workers:
        assert stack.log_lines(worker["Id"], *jobs), "one of two workers drew nothing"
    stack.up("--no-recreate", "--scale", "image-worker=1")


def test_a_stopped_worker_hands_its_job_back(stack: Stack) -> None:
    job_id = stack.submit(kind="image", prompt="an owl under the moon", level="quality", count=4)
    stack.wait_for(job_id, "running")
    stack.compose("stop", "image-worker")
    handed_back = stack.job(job_id)
    assert handed_back["status"] == "queued"
    assert handed_back["attempts"] == 0, "a stop is not the job's fault and counts as no attempt"
    stack.up("--no-recreate")
    assert stack.finished(job_id)["attempts"] == 1


def test_jobs_outlive_a_restart_of_redis(stack: Stack) -> None:
    job_id = stack.submit(kind="image", prompt="a penguin", level="fast", seed=7)
    before = stack.finished(job_id)
    stack.compose("restart", "redis")
    wait_until(stack.ready, "ready again after Redis restarted", 60)
    assert stack.job(job_id) == before
    stack.finished(stack.submit(kind="image", prompt="a penguin", level="fast", seed=8))


def test_the_load_profile_sends_load_and_says_what_came_of_it(stack: Stack) -> None:
    said = stack.compose("run", "--rm", "--no-deps", "load", seconds=JOB_SECONDS)
    assert "3 sent · 3 accepted · 3 succeeded" in said
