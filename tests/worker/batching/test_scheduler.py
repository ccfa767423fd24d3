"""Who is admitted, and who steps: by priority, in order, and nobody for ever last."""

import random
from dataclasses import dataclass

import pytest

from worker.batching.limit import RECOVERY_TURNS, Limit
from worker.batching.scheduler import PATIENCE, PRIORITIES, Scheduler

SMALL, LARGE = (4, 8, 8), (4, 16, 16)


@dataclass(eq=False)
class Image:
    name: str = ""
    priority: str = "normal"
    group: tuple[int, ...] = SMALL
    steps: int = 1
    arrived: int = 0


def queue(cap: int, *images: Image) -> Scheduler[Image]:
    scheduler: Scheduler[Image] = Scheduler(cap)
    for image in images:
        scheduler.add(image)
    return scheduler


def order_of_service(scheduler: Scheduler[Image]) -> list[str]:
    names = []
    while len(scheduler):
        scheduler.admit()
        for image in scheduler.choose():
            names.append(image.name)
            scheduler.remove(image)
    return names


def test_equal_priorities_are_served_in_order_of_arrival() -> None:
    assert order_of_service(queue(1, *(Image(name) for name in "abcd"))) == list("abcd")


def test_a_higher_priority_goes_first_and_keeps_its_own_order() -> None:
    images = [Image(f"{priority}{n}", priority) for n in (1, 2) for priority in PRIORITIES[::-1]]
    expected = ["high1", "high2", "normal1", "normal2", "low1", "low2"]
    assert order_of_service(queue(1, *images)) == expected


def test_a_low_priority_is_overtaken_by_a_bounded_number() -> None:
    stream = [Image(str(n), "high") for n in range(10 * PATIENCE)]
    served = order_of_service(queue(1, Image("low", "low"), *stream))
    assert served.index("low") == 2 * PATIENCE - 1


def test_no_more_than_the_cap_are_in_flight_and_they_step_together() -> None:
    images = [Image(name) for name in "abc"]
    scheduler = queue(2, *images)
    assert scheduler.admit() == images[:2]
    assert scheduler.admit() == []
    assert scheduler.choose() == images[:2]


def test_one_may_join_while_others_are_under_way() -> None:
    early, late = Image("early"), Image("late")
    scheduler = queue(2, early)
    scheduler.admit()
    assert scheduler.choose() == [early]
    scheduler.add(late)
    scheduler.admit()
    assert scheduler.choose() == [early, late]


def test_groups_never_mix_and_take_turns() -> None:
    images = [Image(group=group) for group in (SMALL, LARGE, SMALL)]
    scheduler = queue(3, *images)
    scheduler.admit()
    turns = [scheduler.choose() for _ in range(4)]
    assert turns == [[images[0], images[2]], [images[1]]] * 2


def test_a_stream_of_new_groups_does_not_starve_one_under_way() -> None:
    old = Image("old")
    scheduler = queue(2, old)
    scheduler.admit()
    scheduler.choose()
    steps_of_old = 0
    for side in range(100):
        scheduler.add(Image("new", group=(4, 1, side)))
        scheduler.admit()
        for image in scheduler.choose():
            if image is old:
                steps_of_old += 1
            else:
                scheduler.remove(image)
    assert steps_of_old >= 49


def test_one_that_is_removed_is_gone_waiting_or_running() -> None:
    images = [Image(name) for name in "abc"]
    scheduler = queue(1, *images)
    scheduler.admit()
    scheduler.remove(images[0])
    scheduler.remove(images[1])
    scheduler.remove(images[1])
    assert list(scheduler) == [images[2]]
    assert scheduler.admit() == [images[2]]


def test_under_a_random_load_everybody_finishes_and_the_wait_is_bounded() -> None:
    rng, scheduler = random.Random(3), queue(4)
    waits: dict[str, list[int]] = {priority: [] for priority in PRIORITIES}
    turn = 0
    while turn < 3000 or len(scheduler):
        if turn < 3000 and rng.random() < 0.25:
            group, priority = rng.choice([SMALL, SMALL, LARGE]), rng.choice(PRIORITIES)
            scheduler.add(Image("", priority, group, rng.randint(1, 8), turn))
        for image in scheduler.admit():
            waits[image.priority].append(turn - image.arrived)
        for image in scheduler.choose():
            image.steps -= 1
            if not image.steps:
                scheduler.remove(image)
        turn += 1
        assert turn < 10_000
    means = [sum(waits[priority]) / len(waits[priority]) for priority in PRIORITIES]
    assert means == sorted(means)
    assert sum(map(len, waits.values())) > 600


def test_a_cap_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="cap of 0"):
        Scheduler(0)


def test_where_not_all_fit_any_more_they_take_turns() -> None:
    images = [Image(name) for name in "abcde"]
    scheduler = queue(5, *images)
    scheduler.admit()
    scheduler.limit(SMALL).too_many(5)
    turns = ["".join(image.name for image in scheduler.choose()) for _ in range(5)]
    assert turns == ["ab", "cd", "ea", "bc", "de"]


def test_where_large_ones_do_not_fit_small_ones_step_together_all_the_same() -> None:
    images = [Image(str(n), group=group) for n in range(4) for group in (SMALL, LARGE)]
    scheduler = queue(8, *images)
    scheduler.admit()
    scheduler.limit(LARGE).too_many(2)
    assert [len(scheduler.choose()) for _ in range(6)] == [4, 1] * 3


def test_a_group_that_does_well_is_forgotten_and_one_that_does_not_is_remembered() -> None:
    scheduler = queue(8)
    scheduler.limit(LARGE).too_many(4)
    for side in range(100):
        scheduler.limit((4, 1, side)).went_well()
    assert scheduler.limit(LARGE).now == 2
    assert len(scheduler._limits) <= 2


def test_the_limit_halves_and_recovers_step_by_step_to_the_cap() -> None:
    limit = Limit(12)
    limit.too_many(12)
    limit.too_many(6)
    seen = [limit.now]
    for _ in range(3 * RECOVERY_TURNS):
        limit.went_well()
        if limit.now != seen[-1]:
            seen.append(limit.now)
    assert seen == [3, 6, 12]


def test_one_image_always_fits_as_far_as_the_limit_knows() -> None:
    limit = Limit(1)
    limit.too_many(1)
    assert limit.now == 1
