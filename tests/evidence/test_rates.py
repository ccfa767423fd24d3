"""Rates that mean the same on any machine."""

from collections.abc import Mapping
from types import MappingProxyType

import pytest

from controller.queueing.engine import Engine
from evidence.rates import Beside, Lasting, Loads, limit
from services.contract.profile import BatchLaw, Profile, ProfileError

SECONDS = {"ddpm-100": 1.3, "ddim-3": 0.06}
CROWDING = {"ddpm-100": 0.2, "ddim-3": 0.6}


def _profile(law: BatchLaw, crowding: Mapping[str, float] = MappingProxyType({})) -> Profile:
    rungs = [
        {
            "level": {
                "name": name,
                "image": {"sampler": "ddim", "steps": 3, "guidance_scale": 3.0},
                "story": {"max_tokens": 192},
            },
            "costs": {"images": _cost(seconds, crowding.get(name))},
        }
        for name, seconds in SECONDS.items()
    ]
    return Profile.model_validate(
        {"made_with": {}, "rungs": rungs, "batch": {"images": law.model_dump()}}
    )


def _cost(seconds: float, crowding: float | None) -> dict[str, object]:
    around = {"value": seconds, "low": seconds, "high": seconds}
    return {"seconds": around, "crowding": crowding}


LAW = BatchLaw(tau0=0.012, tau1=0.0043, cap=8)


@pytest.mark.parametrize("law", [LAW, BatchLaw(tau0=0, tau1=1, cap=1)])
def test_the_limit_is_that_of_the_queueing_model(law: BatchLaw) -> None:
    """The oracle: the engine as processor sharing."""
    for name, seconds in SECONDS.items():
        assert limit(_profile(law), name) == pytest.approx(Engine(seconds, law).stable_rate)


def test_the_limit_is_that_of_a_level_with_its_own_crowding() -> None:
    """The oracle: 8 places, each of which the 7 others make so many times as slow."""
    for name, seconds in SECONDS.items():
        known = 8 / (seconds * (1 + 7 * CROWDING[name]))
        assert limit(_profile(LAW, CROWDING), name) == pytest.approx(known)


def test_shares_become_rates_of_two_digits_in_their_order() -> None:
    unit = limit(_profile(LAW), "ddpm-100")
    found = Loads("ddpm-100", (6.6, 0.7), most=1000).rates(_profile(LAW))
    assert found == tuple(sorted(found))
    assert found == pytest.approx((0.7 * unit, 6.6 * unit), rel=0.05)
    assert all(float(f"{rate:.2g}") == rate for rate in found)


def test_no_rate_is_more_than_what_may_be_sent_and_each_is_there_once() -> None:
    loads = Loads("ddim-3", (0.1, 5, 10), most=20)
    found = loads.rates(_profile(LAW))
    assert found[-1] == 20
    assert len(found) == 2
    assert loads.written(_profile(LAW)) == f"{found[0]:g},20"


def test_alone_is_a_share_of_one_after_the_other() -> None:
    for profile in (_profile(LAW), _profile(LAW, CROWDING)):
        found = Loads("ddpm-100", (0.4,), most=4, alone=True).rates(profile)
        assert found == pytest.approx((0.4 / 1.3,), rel=0.05)


@pytest.mark.parametrize("together", [1, 4, 8])
@pytest.mark.parametrize("name", SECONDS)
def test_loops_of_any_level_and_number_keep_a_worker_as_long(name: str, together: int) -> None:
    crowded = 1 + CROWDING[name] * (together - 1)
    cases = (_profile(LAW), LAW.slowdown(together)), (_profile(LAW, CROWDING), crowded)
    for profile, slowdown in cases:
        count = Lasting(name, together, 10.0, least=1).count(profile)
        one_more = SECONDS[name] * slowdown / together
        assert 10.0 <= count * one_more < 10.0 + one_more


def test_a_loop_has_pictures_enough_and_those_that_fill_it() -> None:
    loop = Lasting("ddpm-100", 4, 0.001, least=8)
    assert (loop.count(_profile(LAW)), loop.written(_profile(LAW))) == (8, "12")


def test_loops_beside_runs_are_written_as_a_sweep_takes_them() -> None:
    few, many = Lasting("ddim-3", 1, 0.001, least=4), Lasting("ddim-3", 4, 5.0, least=4)
    found = Beside((few, many)).written(_profile(LAW))
    assert found == f"ddim-3:1:4,ddim-3:4:{many.count(_profile(LAW))}"


def test_a_level_that_was_not_measured_is_named() -> None:
    with pytest.raises(ProfileError, match="ddim-25"):
        Loads("ddim-25", (1,), most=1).rates(_profile(LAW))
