"""Reading a profile: what is wrong with it is said in one line."""

import pytest

from services.contract.profile import ProfileError, load


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
