"""/docs in a real browser: it renders every call, and its forms send them."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright
from redis import Redis

from services.contract import keys
from services.gateway.operations import OPERATIONS
from services.gateway.problems import PROBLEMS
from tests.conftest import missing
from tests.services.gateway.conftest import Running


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """A page of a browser without a window."""
    binary = shutil.which("chromium") or shutil.which("google-chrome")
    if binary is None:
        missing("chromium", "install it to look at /docs")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=binary, args=["--no-sandbox"])
        yield browser.new_page()
        browser.close()


def test_the_page_shows_every_call_and_sends_one(redis: Redis, server: Running, page: Page) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{server.url}/docs#submitJob")
    submit = page.locator("#submitJob")
    submit.locator("button").wait_for()
    assert page.locator("details.operation").count() == len(OPERATIONS)
    assert page.locator("#problem-rows tr").count() == len(PROBLEMS)
    assert "Idempotency-Key" in submit.inner_text()
    submit.locator("button").click()
    submit.locator(".output", has_text='"status": "queued"').wait_for()
    assert redis.zcard(keys.JOBS) == 1
    assert complaints == []
    submit.locator("textarea").fill('{"kind": "image"}')
    submit.locator("button").click()
    submit.locator(".output", has_text="/docs#invalid").wait_for()
