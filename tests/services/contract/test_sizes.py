"""What can be drawn: by one worker, and by all of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contract import queues, sizes
from services.contract.sizes import Sizes

SIZES = st.builds(Sizes, multiple=st.integers(1, 64), minimum=st.integers(1, 300),
                  maximum=st.integers(1, 2048))  # fmt: skip


@given(each=st.lists(SIZES, min_size=1, max_size=4), side=st.integers(1, 2100))
def test_all_can_draw_what_each_can(each: list[Sizes], side: int) -> None:
    whole = sizes.shared(each)
    assert whole is not None
    assert whole.allow(side) == all(one.allow(side) for one in each)


@pytest.mark.parametrize(
    ("drawn", "told"),
    [
        (Sizes(multiple=16, minimum=16), "a multiple of 16 from 16 to 2048"),
        (Sizes(multiple=24, minimum=64, maximum=512), "a multiple of 24 from 72 to 512"),
        (Sizes(multiple=16, minimum=600, maximum=512), "leave it out"),
    ],
)
def test_a_client_is_told_what_is_allowed(drawn: Sizes, told: str) -> None:
    assert told in drawn.allowed


def test_only_workers_that_live_and_told_count(redis) -> None:
    assert sizes.known(redis) is None
    sizes.announce(redis, "gone", Sizes(multiple=64, minimum=64))
    queues.check_in(redis, "images", "silent")
    assert sizes.known(redis) is None

    for worker, multiple in (("w1", 16), ("w2", 24)):
        sizes.announce(redis, worker, Sizes(multiple=multiple, minimum=16))
        queues.check_in(redis, "images", worker)
    assert sizes.known(redis) == Sizes(multiple=48, minimum=16)
