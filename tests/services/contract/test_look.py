"""Load and level together: what each says by itself, at one moment."""

import pytest

from services.contract import level, queues
from services.contract.level import Pin
from services.contract.look import look
from tests.services.contract.making import accept, running


def _scripts(redis) -> int:
    return redis.info("commandstats")["cmdstat_evalsha"]["calls"]


def test_a_look_says_what_load_and_standing_say(redis):
    accept(redis, "story")
    running(redis, count=3)
    level.pin(redis, "images", Pin("fast", "ada", "a demonstration", 12.5), seconds=60)
    found, load = look(redis), queues.load(redis)

    assert found.standing == level.standing(redis)
    assert found.standing["images"][1].level == "fast"
    assert found.load.now == pytest.approx(load.now, abs=5)
    ages = {name: {"oldest_age": queue.oldest_age} for name, queue in load.queues.items()}
    assert load.queues == {
        name: queue.model_copy(update=ages[name]) for name, queue in found.load.queues.items()
    }


def test_a_look_is_one_round_trip(redis):
    look(redis)
    before = _scripts(redis)
    look(redis)

    assert _scripts(redis) == before + 1


def test_what_stands_is_read_again_as_soon_as_it_changes(redis):
    held = Pin("fast", "ada", "a demonstration", 12.5)
    for pinned in (held, Pin("quality", "bob", "another", 13.5)):
        level.pin(redis, "images", pinned, seconds=60)
        assert look(redis).standing["images"][1] == pinned
    level.unpin(redis, "images")
    assert look(redis).standing["images"] == (None, None, None)
