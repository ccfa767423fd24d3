"""Drawing a token, against what the definitions say."""

import torch

from worker.language.phrases import RUN, Phrases
from worker.language.sampling import Sampling, draw

SCORES = torch.tensor([2.0, 1.0, 0.0, -1.0])


def _drawn(sampling: Sampling, written: list[int], times: int = 400) -> list[int]:
    generator = torch.Generator().manual_seed(1)
    return [draw(SCORES, written, sampling, generator) for _ in range(times)]


def test_temperature_zero_takes_the_likeliest() -> None:
    assert set(_drawn(Sampling(0, 0.1, 1.0), [], 5)) == {0}


def test_frequencies_follow_the_softmax() -> None:
    drawn = torch.tensor(_drawn(Sampling(1.0, 1.0, 1.0), [], 4000))
    shares = torch.bincount(drawn, minlength=4) / 4000
    assert torch.allclose(shares, SCORES.softmax(0), atol=0.03)


def test_the_nucleus_leaves_the_tail_out() -> None:
    # softmax: 0.64, 0.24, 0.09, 0.03; the first two make up 0.88.
    assert set(_drawn(Sampling(1.0, 0.85, 1.0), [])) == {0, 1}
    assert set(_drawn(Sampling(1.0, 0.60, 1.0), [])) == {0}


def test_the_penalty_divides_positive_and_multiplies_negative_scores() -> None:
    assert set(_drawn(Sampling(0, 1.0, 4.0), [0], 3)) == {1}
    low = torch.tensor([-1.0, -1.5])
    assert draw(low, [0], Sampling(0, 1.0, 2.0), torch.Generator()) == 1


def test_the_same_seed_draws_the_same() -> None:
    assert _drawn(Sampling(), []) == _drawn(Sampling(), [])


def test_a_run_that_was_used_may_not_be_completed() -> None:
    line = list(range(10, 10 + RUN))
    used = Phrases([line, [*line[:-1], 99]])
    assert used.completing([5, *line[:-1]]) == [line[-1], 99]
    assert used.completing(line[: RUN - 2]) == []
    assert used.completing([7, 7, 7]) == []


def test_a_line_may_not_repeat_its_own_run() -> None:
    start = list(range(RUN - 1))
    assert Phrases().completing([*start, 50, *start]) == [50]
