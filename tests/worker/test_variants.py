"""Variants of a model: loaded when wanted, kept within a budget, never taken away."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from torch import nn

from tests.waiting import wait_until
from worker.variants import Variants, footprint

DEADLINE = 20
WIDTHS = {"base": 8, "small": 4, "middle": 6, "large": 32}
BYTES = {name: 4 * (width * width + width) for name, width in WIDTHS.items()}


class Shelf:
    """Loads linear layers of some widths, and counts."""

    def __init__(self, budget: int = 0) -> None:
        self.loads: list[str] = []
        self.variants = Variants(self._load, budget, base="base")

    def use(self, *names: str) -> None:
        for name in names:
            with self.variants.lease(name):
                pass

    def _load(self, name: str) -> nn.Linear:
        self.loads.append(name)
        return nn.Linear(WIDTHS[name], WIDTHS[name])


def test_a_variant_is_loaded_once_when_it_is_first_wanted() -> None:
    shelf = Shelf()
    assert shelf.variants.memory == {}
    shelf.use("small", "small", "base", "small")
    assert shelf.loads == ["small", "base"]


def test_everybody_gets_the_same_one() -> None:
    variants = Shelf().variants
    assert variants.hold("small") is variants.hold("small")


def test_the_memory_of_each_can_be_read() -> None:
    shelf = Shelf()
    shelf.use("base", "large")
    assert shelf.variants.memory == {name: BYTES[name] for name in ("base", "large")}


def test_a_footprint_has_buffers_too() -> None:
    layer = nn.BatchNorm1d(10)
    assert footprint(layer) == 4 * (10 + 10) + 4 * (10 + 10) + 8


def test_over_the_budget_the_least_recently_used_is_forgotten() -> None:
    shelf = Shelf(BYTES["base"] + BYTES["small"] + BYTES["middle"])
    shelf.use("base", "small", "middle", "small", "large")
    assert set(shelf.variants.memory) == {"base"}
    shelf.use("small", "middle", "small")
    shelf.use("base")
    assert set(shelf.variants.memory) == {"base", "small", "middle"}
    assert shelf.loads == ["base", "small", "middle", "large", "small", "middle"]


def test_only_as_many_are_forgotten_as_must_be() -> None:
    shelf = Shelf(BYTES["base"] + BYTES["small"] + BYTES["middle"] - 1)
    shelf.use("base", "middle", "small")
    assert set(shelf.variants.memory) == {"base", "small"}


def test_the_base_is_never_forgotten() -> None:
    shelf = Shelf(1)
    shelf.use("base", "small", "middle")
    assert set(shelf.variants.memory) == {"base"}


def test_one_that_is_held_is_never_forgotten(caplog: pytest.LogCaptureFixture) -> None:
    shelf = Shelf(BYTES["base"])
    held = shelf.variants.hold("small")
    shelf.variants.hold("small")
    shelf.variants.release("small")
    shelf.use("large", "middle")
    assert shelf.variants.hold("small") is held
    assert shelf.loads.count("small") == 1


def test_what_fits_nowhere_is_loaded_all_the_same_and_the_log_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    shelf = Shelf(BYTES["base"] + BYTES["small"])
    shelf.use("base", "small")
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    shelf.variants.hold("small")
    shelf.variants.hold("large")
    assert "STORYTELLER_MODEL_MEMORY_MB" in caplog.text
    shelf.variants.release("large")
    assert set(shelf.variants.memory) == {"base", "small"}


def test_room_is_made_before_one_of_known_size_is_loaded() -> None:
    shelf = Shelf(BYTES["base"] + BYTES["large"])
    shelf.use("large", "base", "small")
    before: dict[str, int] = {}
    load = shelf.variants._load
    shelf.variants._load = lambda name: (before.update(shelf.variants.memory), load(name))[1]
    shelf.use("large")
    assert set(before) == {"base"}


def test_without_a_budget_everything_stays() -> None:
    shelf = Shelf()
    shelf.use(*WIDTHS)
    assert set(shelf.variants.memory) == set(WIDTHS)


def test_a_load_that_fails_can_be_tried_again() -> None:
    shelf = Shelf()
    with pytest.raises(KeyError):
        shelf.variants.hold("unknown")
    assert shelf.variants.memory == {}
    shelf.use("small")
    assert shelf.loads[-1] == "small"


def test_a_block_that_fails_lets_go() -> None:
    shelf = Shelf(1)
    with pytest.raises(RuntimeError), shelf.variants.lease("small"):
        raise RuntimeError
    assert shelf.variants.memory == {}


class SlowShelf(Shelf):
    """Loads `large` only once it is told to go on."""

    def __init__(self, budget: int = 0) -> None:
        super().__init__(budget)
        self.go_on = threading.Event()

    def _load(self, name: str) -> nn.Linear:
        model = super()._load(name)
        assert name != "large" or self.go_on.wait(DEADLINE)
        return model

    @contextmanager
    def loading(self) -> Iterator[None]:
        """`large` is being loaded while the block runs, and was used after it."""
        before = self.loads.count("large")
        thread = threading.Thread(target=self.use, args=("large",))
        thread.start()
        try:
            wait_until(lambda: self.loads.count("large") > before, "the load has begun")
            yield
        finally:
            self.go_on.set()
            thread.join()


def _in_time(work: Callable[[], None]) -> None:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(DEADLINE / 2)
    assert not thread.is_alive()


def test_what_is_there_is_held_and_released_while_another_one_loads() -> None:
    shelf = SlowShelf()
    shelf.use("base")
    with shelf.loading():
        _in_time(lambda: shelf.use("base"))
    assert shelf.loads == ["base", "large"]


def test_the_room_of_one_that_loads_is_not_given_to_what_is_released_meanwhile() -> None:
    shelf = SlowShelf(BYTES["base"] + BYTES["large"])
    shelf.go_on.set()
    shelf.use("base", "large")
    shelf.variants.hold("small")
    shelf.go_on.clear()
    with shelf.loading():
        _in_time(lambda: shelf.variants.release("small"))
        assert set(shelf.variants.memory) == {"base"}
    assert set(shelf.variants.memory) == {"base", "large"}


def test_threads_that_want_the_same_one_load_it_once() -> None:
    shelf = Shelf()
    threads = [threading.Thread(target=shelf.use, args=("large",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    wait_until(lambda: not any(thread.is_alive() for thread in threads), "all have had it")
    assert shelf.loads == ["large"]
