"""Keys: every one is listed and documented, and only those that say so live for ever."""

import re
from fnmatch import fnmatch
from pathlib import Path

import pytest

from services.contract import (
    dispatch,
    forecast,
    keys,
    level,
    queues,
    rule_override,
    sizes,
    transitions,
)
from services.contract.forecast import Forecast, Pace
from services.contract.jobs import Status
from services.contract.policy import load
from services.contract.transitions import Admission, Outcome, Service
from tests.services.contract.making import RETENTION, accept, cancel, finish, request, running

ROOT = Path(__file__).parents[3]


def _row(key):
    def matches(row):
        return fnmatch(key, keys.PREFIX + re.sub(r"{\w+}", "*", row.pattern))

    def literal(row):
        return len(re.sub(r"{\w+}", "", row.pattern))

    # The most literal pattern is the closest: `job:*` matches the events of a job too.
    return max((row for row in keys.KEYS if matches(row)), key=literal)


@pytest.fixture
def everything(redis):
    """A database in which every key of the list exists."""
    ladder = load(ROOT / "policy.toml")
    choice = level.Choice(0, ladder.levels[0], "test", {})
    level.publish(redis, level.lead(redis, "a"), "images", choice, lease=10)
    level.pin(redis, "images", level.Pin("fast", "me", "test", 2e9), seconds=60)
    override = rule_override.RuleOverride(rules=ladder.rules, by="me", reason="test", until=2e9)
    rule_override.put(redis, "images", override, seconds=60)
    level.acknowledge(redis, "worker-1", 1)
    forecast.put(redis, "images", Forecast(at=1.0, level=0, paces=(Pace(seconds=2.0),)))
    queues.check_in(redis, "images", "worker-1")
    dispatch.open_station(redis, "images", "worker-1")
    sizes.announce(redis, "worker-1", sizes.Sizes(multiple=16, minimum=16))
    terms = Admission(9, RETENTION, idempotency_key="k")
    transitions.accept(redis, request(deadline_seconds=60), terms)
    book = running(redis, "storybook")
    accept(redis, count=2)
    dispatch.assign(redis, transitions.get(redis, accept(redis, parent=book.id)))
    drawn = running(redis)
    outcome = Outcome(Status.SUCCEEDED, service=Service(1.0, 1.0))
    transitions.finish(redis, drawn, outcome, retention=RETENTION)
    return redis


def test_each_listed_key_exists_with_its_type(everything):
    types = {"hash", "stream", "set", "list", "string"}
    names = {"sorted set": "zset"} | {name: name for name in types}
    found = {_row(key).pattern: everything.type(key) for key in everything.keys("*")}

    assert found == {row.pattern: names[row.type] for row in keys.KEYS}


def test_only_keys_that_say_so_live_for_ever(everything):
    for key in everything.keys("*"):
        immortal = everything.ttl(key) == -1
        assert not immortal or "none" in _row(key).lifetime or "record" in _row(key).lifetime, key
        assert immortal or not _row(key).lifetime.startswith("none:"), key


def test_an_unfinished_job_outlives_any_outage(redis):
    book = running(redis, "storybook")
    accept(redis, parent=book.id)

    assert {redis.ttl(key) for key in redis.scan_iter(f"{keys.PREFIX}job:*")} == {-1}


@pytest.mark.parametrize("end", ["succeeded", "failed", "cancelled", "cancelled while waiting"])
def test_a_finished_job_is_mortal_with_all_it_has(redis, end):
    if end == "cancelled while waiting":
        cancel(redis, accept(redis))
    else:
        book = running(redis, "storybook")
        accept(redis, parent=book.id)
        finish(redis, book, Status(end))

    for key in redis.scan_iter(f"{keys.PREFIX}job:*"):
        assert 0 < redis.ttl(key) <= RETENTION, key


def _documented():
    lines = (ROOT / "docs" / "redis.md").read_text().splitlines()
    cells = [
        re.split(r"\s*\|\s*", line.strip("| "))
        for line in lines
        if line.startswith(f"| `{keys.PREFIX}")
    ]
    return [tuple(cell.strip("`") for cell in row) for row in cells]


def test_the_document_lists_the_same_keys(redis):
    assert _documented() == [
        (keys.PREFIX + row.pattern, row.type, row.holds, row.lifetime) for row in keys.KEYS
    ]


def test_the_names_that_python_builds_are_listed(redis):
    names = [keys.job("x"), keys.events("x"), keys.children("x"), keys.waiting("images", "low")]
    names += [
        keys.running("stories"),
        keys.samples("images"),
        keys.arrivals("images"),
        keys.sisters("images"),
        keys.workers("images"),
        keys.sizes("worker-1"),
        keys.stations("images"),
        keys.assigned("worker-1"),
    ]
    names += [
        keys.idempotency("x"),
        keys.policy("images"),
        keys.pin("images"),
        keys.rule_override("images"),
        keys.forecast("images"),
        keys.POLICY_EPOCH,
        keys.TOTALS,
    ]
    names += [keys.POLICY_DECISIONS, keys.POLICY_APPLIED, keys.LEADER, keys.JOBS, keys.DEADLINES]

    assert {_row(name).pattern for name in names} == {row.pattern for row in keys.KEYS}
