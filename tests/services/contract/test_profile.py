"""Reading a profile: what is wrong with it is said in one line."""

import pytest

from services.contract.profile import BatchLaw, ProfileError, load
from tests.controller.situations import profile


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("not JSON", "the file: Invalid JSON"),
        ("{}", "made_with: Field required; rungs: Field required"),
        ('{"made_with": {}, "rungs": [{"level": 1}, 2, 3, 4]}', "and 3 more"),
        ('{"made_with": {}, "rungs": [{"level": 1, "costs": {}}]}', "rungs.0.level: "),
    ],
)
def test_a_file_that_is_no_profile_says_what_is_wrong_in_a_line(tmp_path, text, says):
    path = tmp_path / "profile.json"
    path.write_text(text)
    with pytest.raises(ProfileError, match=f"{path} is not a profile: ") as refused:
        load(path)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)
    assert "http" not in str(refused.value)


def test_a_file_that_is_not_there_says_how_to_make_one(tmp_path):
    with pytest.raises(ProfileError, match=r"worker\.study profile"):
        load(tmp_path / "nowhere.json")


def test_a_level_may_be_slowed_by_company_in_its_own_way():
    shared = BatchLaw(tau0=3.0, tau1=1.0, cap=8)
    found = profile(2.0, 1.0, law=shared)
    own = found.rungs[1].costs["images"].model_copy(update={"crowding": 0.5})
    rung = found.rungs[1].model_copy(update={"costs": {"images": own}})
    found = found.model_copy(update={"rungs": (found.rungs[0], rung)})

    laws = [found.law("images", each.level.name) for each in found.rungs]

    assert laws[0] == found.law("images") == shared
    assert laws[1].crowding == 0.5
    assert (laws[1].slowdown(3), laws[1].cap) == (2.0, 8)
    assert shared.crowding == 0.25
    assert shared.crowded(shared.crowding) == shared
