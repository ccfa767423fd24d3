"""Which repeats count, and the law and the crowding that are found in them."""

import numpy as np
import pytest

from services.contract.profile import ProfileError, Timing
from services.contract.timings import alone_and_together, batch_law, crowding, kept, reference


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


def test_levels_with_little_company_are_no_part_of_a_law_that_was_measured_at_more() -> None:
    law = [timing(b, 0.02 + 0.01 * b, sampler="ddim") for b in (1, 2, 4)]
    quick = [timing(b, 0.05 * b, steps=2, sampler="ddim") for b in (1, 4)]
    assert alone_and_together([*law, *quick]) == tuple(law)


def test_a_law_is_of_the_work_that_is_marked_where_others_had_as_much_company() -> None:
    plain = [timing(b, 0.1 + 0.02 * b, sampler="ddim") for b in (1, 3)]
    quick = [timing(b, 0.05 * b, steps=2, sampler="ddim") for b in (1, 3)]
    marked = [each.model_copy(update={"reference": True}) for each in plain]
    law = batch_law(reference([*quick, *marked]), cap=8)
    assert law == batch_law(plain, cap=8)
    assert law != batch_law(alone_and_together([*quick, *plain]), cap=8)
    assert reference([*quick, *plain]) == (*quick, *plain), "as before there were marks"
    assert reference([marked[0], *quick]) == (), "what had no company has no law"


@pytest.mark.parametrize("batches", [(1, 8), (1, 2, 4, 8), (2, 8)])
def test_what_company_adds_is_the_planted_share(batches: tuple[int, ...]) -> None:
    """S(b) = 60 + 20·b milliseconds: each other job adds a quarter of the 80 alone."""
    planted = [timing(b, 0.06 + 0.02 * b, 0.06 + 0.02 * b, steps=3) for b in batches]
    assert crowding(planted) == pytest.approx(0.25)


def test_a_job_alone_weighs_as_much_as_eight_together() -> None:
    """A tenth off 1 + b/2 either way: the line of least relative errors by numpy's weights."""
    points = [(1, 1.65), (2, 1.8), (8, 5.5)]
    alpha, beta = np.polynomial.polynomial.polyfit(
        *zip(*points, strict=True), 1, w=[1 / seconds for _, seconds in points]
    )
    found = crowding([timing(b, seconds, steps=1) for b, seconds in points])
    assert alpha > 0
    assert found == pytest.approx(beta / (alpha + beta))


def test_company_neither_helps_nor_costs_more_than_a_job() -> None:
    assert crowding([timing(1, 1.0), timing(8, 0.9)]) == 0.0
    assert crowding([timing(1, 1.0), timing(8, 9.0)]) == 1.0


def test_stories_of_different_lengths_are_on_one_line() -> None:
    """Per token 0.08·(1 + (b - 1)/10) seconds."""
    told = [
        timing(b, 0.08 * tokens * (1 + (b - 1) / 10), steps=tokens, story=story)
        for story, tokens in enumerate((140, 90))
        for b in (1, 8)
    ]
    assert crowding(told) == pytest.approx(0.1)


def test_without_company_nothing_is_known_of_it() -> None:
    assert crowding([timing(1, 1.0), timing(8, 3.0, steps=5), timing(1, 1.1, story=0)]) is None
    assert crowding([]) is None
