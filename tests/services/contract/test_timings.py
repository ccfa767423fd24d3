"""Which repeats count, and the law that is found in them."""

import pytest

from services.contract.profile import ProfileError, Timing
from services.contract.timings import alone_and_together, batch_law, kept


def timing(batch: int, *seconds: float, steps: int = 10, **setting: object) -> Timing:
    return Timing(queue="images", setting=setting, steps=steps, batch=batch, seconds=seconds)


def test_what_strays_from_the_median_is_left_out() -> None:
    """The median is 10, the median distance from it 1: farther than 3.5/0.6745 = 5.19 is out."""
    assert kept((9.0, 10.0, 11.0, 10.0, 15.2, 4.7, 11.0)) == (9.0, 10.0, 11.0, 10.0, 11.0)
    assert kept((9.0, 10.0, 11.0, 10.0, 15.1, 4.9, 11.0)) == (
        9.0,
        10.0,
        11.0,
        10.0,
        15.1,
        4.9,
        11.0,
    )


def test_of_few_repeats_none_is_left_out() -> None:
    assert kept((1.0, 1.0, 1.01, 99.0)) == (1.0, 1.0, 1.01, 99.0)


def test_repeats_that_are_alike_to_the_digit_leave_none_out() -> None:
    assert kept((1.0, 1.0, 1.0, 1.0, 1.5)) == (1.0, 1.0, 1.0, 1.0, 1.5)


def test_the_law_is_that_of_a_step() -> None:
    """τ(1) = 3, τ(2) = 4, τ(4) = 6 milliseconds."""
    law = batch_law([timing(1, 0.03), timing(2, 0.04), timing(4, 0.12, steps=20)], cap=8)
    assert (law.tau0, law.tau1, law.cap) == (pytest.approx(0.002), pytest.approx(0.001), 8)


def test_no_term_of_the_law_is_negative() -> None:
    """τ(1) = 1, τ(2) = 3 go through the origin by least squares at 7/5."""
    steep = batch_law([timing(1, 1.0, steps=1), timing(2, 3.0, steps=1)], cap=2)
    assert (steep.tau0, steep.tau1) == (0, pytest.approx(1.4))
    falling = batch_law([timing(1, 3.0, steps=1), timing(2, 1.0, steps=1)], cap=2)
    assert (falling.tau0, falling.tau1) == (2, 0)


def test_one_number_of_jobs_is_no_law() -> None:
    with pytest.raises(ProfileError, match=r"two different numbers.*\[4\]"):
        batch_law([timing(4, 1.0), timing(4, 2.0, steps=3)], cap=8)


def test_only_work_that_had_company_is_compared() -> None:
    """Two steps alone are mostly encoding and decoding, which no company is measured beside."""
    ten, quick = timing(1, 1.0, sampler="ddim"), timing(1, 0.2, steps=2, sampler="ddim")
    other = timing(1, 1.0, sampler="ddpm")
    beside = timing(4, 1.5, sampler="ddim")
    assert alone_and_together([ten, quick, other, beside]) == (ten, beside)


def test_a_story_is_the_same_work_however_many_tokens_it_took() -> None:
    alone, beside = timing(1, 9.0, steps=140, story=0), timing(4, 12.0, steps=143, story=0)
    assert alone_and_together([alone, beside, timing(1, 8.0, story=1)]) == (alone, beside)
