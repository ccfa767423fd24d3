"""The work of pictures of which it is known when they were under way."""

import numpy as np
import pytest

from evidence.validation.work import residuals, slope, speeds, works, works_by_level
from services.contract.profile import BatchLaw
from tests.evidence.validation.test_figures import jobs


def test_work_is_time_over_slowdown():
    law = BatchLaw(tau0=0.5, tau1=0.5, cap=2)  # two together take 1.5 times as long

    work, company = works(np.array([0.0, 1.0]), np.array([2.5, 4.0]), law)

    assert work == pytest.approx([1 + 1.5 / 1.5, 1.5 / 1.5 + 1.5])
    assert company == pytest.approx([(1 + 1.5 * 2) / 2.5, (1.5 * 2 + 1.5) / 3])


def test_each_level_is_slowed_in_its_own_way():
    """Twenty pictures in pairs, one of each level: two take 1.5 times as long, or 1.2 times."""
    starts = np.repeat(10.0 * np.arange(10), 2)
    found = jobs(starts, starts + 3.0, level=[0, 1] * 10)
    laws = [BatchLaw(tau0=0.5, tau1=0.5, cap=8), BatchLaw(tau0=0.8, tau1=0.2, cap=8)]

    seconds = {level: each.seconds for level, each in works_by_level(found, laws)}

    assert seconds[0] == pytest.approx(np.full(10, 3 / 1.5))
    assert seconds[1] == pytest.approx(np.full(10, 3 / 1.2))


def test_beyond_the_cap_places_are_shared():
    law = BatchLaw(tau0=0.0, tau1=1.0, cap=2)

    assert speeds(np.array([0, 1, 2, 4]), law) == pytest.approx([1, 1, 1 / 2, 1 / 4])


def test_a_line_is_found_and_what_it_leaves():
    across = np.arange(10.0)
    up = 3 + 2 * across

    assert slope(across, up).value == pytest.approx(2)
    assert residuals(across, up) == pytest.approx(np.zeros(10))
    assert slope(np.ones(10), up).value == 0
