"""What theory expects of dispatch, against closed forms."""

from pathlib import Path

import pytest

from controller.queueing.engine import Engine
from controller.queueing.sharing import ps
from evidence.report import study
from evidence.report.sources import profile, routed
from services.contract.profile import BatchLaw, Profile
from tests.evidence.report import studies


def profiled(folder: Path, scv: float = 0.04) -> Profile:
    """Of `even`: 1 s alone, τ(b) = 10 + 5·b ms, up to 4 together."""
    studies.profiled(folder, scv)
    found = profile.load(study.read(folder))
    assert found is not None
    return found


@pytest.fixture(scope="module")
def theory(tmp_path_factory: pytest.TempPathFactory) -> routed.Theory:
    """In each of two workers."""
    told = routed.expected(profiled(tmp_path_factory.mktemp("theory")), "even", 1.2, 2)
    assert told is not None
    return told


def test_with_a_device_each_the_shortest_queue_spreads_what_chance_heaps(
    theory: routed.Theory,
) -> None:
    least, chance, jsq = (theory.each[name] for name in ("least", "chance", "jsq"))
    assert theory.changes == pytest.approx((jsq.mean / chance.mean - 1, jsq.mean / least.mean - 1))
    assert theory.changes[0] < -0.03
    assert jsq.mean == pytest.approx(least.mean, rel=0.03)
    assert max(jsq.busier or 0, least.busier or 0) < 1e-3  # who waited begins where one ended
    assert chance.busier is not None
    assert 0.2 < chance.busier < 0.5
    assert (chance.apart or 0) > 1.3 * (jsq.apart or 9)


def test_one_at_a_time_a_shared_queue_is_no_lottery_and_ahead_of_the_shortest(
    tmp_path: Path,
) -> None:
    """Exponential, 60 % busy: M/M/2 is the shared queue; random splitting, two of M/M/1, is not."""
    law = BatchLaw(tau0=0.0, tau1=1.0, cap=1)
    one_at_a_time = profiled(tmp_path, scv=1.0).model_copy(update={"batch": {"images": law}})
    found = routed.expected(one_at_a_time, "even", 1.2, 2)
    assert found is not None
    assert found.each["least"].mean == pytest.approx(1.5625, rel=0.04)
    assert found.each["chance"].mean == pytest.approx(2.5, rel=0.06)
    lowest, highest = found.changes
    assert lowest == highest == found.each["jsq"].mean / found.each["least"].mean - 1
    assert 0.01 < lowest < 0.2


def test_one_device_is_one_processor_sharing_station(theory: routed.Theory, tmp_path: Path) -> None:
    assert theory.one is not None
    law = profiled(tmp_path).law("images", "even").model_copy(update={"cap": 8})
    exact = ps(1.2, Engine(1.0, law, 1), 0.04).mean_response
    assert theory.one.mean == pytest.approx(exact, rel=0.05)


def test_theory_says_nothing_where_there_is_no_choice_or_no_steady_state(tmp_path: Path) -> None:
    found = profiled(tmp_path)
    assert routed.expected(found, "even", 1.2, 1) is None
    assert routed.expected(found, "even", 9.0, 2) is None
    near = routed.expected(found, "even", 2.6, 2)
    assert near is not None
    assert near.one is None
