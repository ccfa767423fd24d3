"""policy.toml: what is a policy, and what is said of a file that is not."""

from pathlib import Path

import pytest

from services.contract import settings
from services.contract.policy import WRITTEN, PolicyError, chosen, fallback, load
from services.contract.settings import SettingsError

ROOT = Path(__file__).parents[3]
LEVEL = 'image = { sampler = "ddim", steps = 5, guidance_scale = 1.0 }\nstory = { max_tokens = 99 }'


def _write(tmp_path, rules, *names):
    levels = "\n".join(f'[[levels]]\nname = "{name}"\n{LEVEL}' for name in names)
    path = tmp_path / "policy.toml"
    path.write_text(f"[rules]\n{rules}\n{levels}\n")
    return path


def test_the_policy_that_ships_is_one():
    policy = load(ROOT / "policy.toml")

    assert policy.names == ("quality", "balanced", "fast")
    assert [level.image.steps for level in policy.levels] == [100, 25, 8]
    assert policy.index("fast") == 2


def test_a_fixed_policy_names_its_level(tmp_path):
    policy = load(_write(tmp_path, 'kind = "fixed"\nlevel = "b"', "a", "b"))
    assert (policy.rules.kind, policy.rules.level) == ("fixed", "b")


def test_one_level_needs_no_threshold(tmp_path):
    assert load(_write(tmp_path, "thresholds = []", "only")).names == ("only",)


def test_a_profile_is_found_beside_the_policy(tmp_path, monkeypatch):
    path = _write(tmp_path, "thresholds = []", "only")
    path.write_text('profile = "measured/profile.json"\n' + path.read_text())
    monkeypatch.chdir(tmp_path.parent)

    found = load(path.relative_to(tmp_path.parent))

    assert found.profile == tmp_path / "measured" / "profile.json"
    assert found.of("images").profile == found.profile


def test_where_no_profile_is_named_there_is_none(tmp_path):
    assert load(_write(tmp_path, "thresholds = []", "only")).profile is None


@pytest.mark.parametrize(
    ("rules", "names", "complaint"),
    [
        ("thresholds = [3]", ("a", "b", "c"), "must hold 2 depths"),
        ("thresholds = [3, 3]", ("a", "b", "c"), "increase"),
        ("thresholds = [5, 3]", ("a", "b", "c"), "increase"),
        ("thresholds = [0]", ("a", "b"), "positive"),
        ("thresholds = [3]\nhysteresis = 0", ("a", "b"), "hysteresis"),
        ("thresholds = [3]\nhysteresis = 4", ("a", "b"), "never climb back"),
        ("thresholds = [3]\ndwell_seconds = -1", ("a", "b"), "dwell_seconds"),
        ("thresholds = [3]\nthreshold = 1", ("a", "b"), "threshold"),
        ("thresholds = [3]", ("a", "a"), "differ"),
        ("thresholds = [3]", ("a", "auto"), "'auto'"),
        ("thresholds = []", ("Best Level",), "name"),
        ('kind = "fixed"\nlevel = "c"', ("a", "b"), "one of a, b"),
        ('kind = "fixed"', ("a", "b"), "one of a, b"),
        ('kind = "magic"', ("a",), "kind"),
        ("thresholds = []", (), "levels"),
        ("thresholds = [", ("a",), "not a policy"),
    ],
)
def test_what_is_no_policy_is_refused_with_the_reason(tmp_path, rules, names, complaint):
    path = _write(tmp_path, rules, *names)

    with pytest.raises(PolicyError, match=complaint) as refused:
        load(path)
    assert str(path) in str(refused.value)


def test_each_thing_that_is_wrong_is_a_line_that_says_what_to_write(tmp_path):
    path = _write(tmp_path, "thresholds = [3]\nhysteresis = 0", "a", "b")
    path.write_text(path.read_text().replace("story = { max_tokens = 99 }", "", 1))
    with pytest.raises(PolicyError) as refused:
        load(path)

    assert str(refused.value).splitlines() == [
        f"{path} is not a policy:",
        "  rules.hysteresis: input should be greater than or equal to 1",
        "  levels.0.story: field required, such as story = { max_tokens = 256 }",
    ]


@pytest.mark.parametrize(
    ("right", "wrong"), [("story = { max_tokens = 99 }", ""), ("steps = 5", "steps = 0")]
)
def test_a_level_that_is_wrong_is_not_said_to_be_none(tmp_path, right, wrong):
    path = _write(tmp_path, "thresholds = []", "a")
    path.write_text(path.read_text().replace(right, wrong))
    with pytest.raises(PolicyError) as refused:
        load(path)
    assert len(str(refused.value).splitlines()) == 2


def test_what_is_written_as_an_example_is_a_policy(tmp_path):
    path = tmp_path / "policy.toml"
    fields = "\n".join(WRITTEN[field] for field in ("name", "image", "story"))
    path.write_text(f"[rules]\nthresholds = []\n[[levels]]\n{fields}\n")
    assert load(path).names == ("fast",)


def test_rules_that_do_not_fit_the_ladder_are_one_line(tmp_path):
    path = _write(tmp_path, "thresholds = [3]", "a")
    with pytest.raises(PolicyError) as refused:
        load(path)
    assert str(refused.value).splitlines() == [
        f"{path} is not a policy:",
        "  rules.thresholds must hold 0 depths, and climb as many",
    ]


def test_a_missing_file_names_the_setting(tmp_path):
    with pytest.raises(PolicyError, match="STORYTELLER_POLICY"):
        load(tmp_path / "nowhere.toml")


@pytest.mark.parametrize("text", ["steps = 0", "steps = 1001", 'steps = 5\nsampler = "euler"'])
def test_a_level_that_cannot_be_drawn_is_refused(tmp_path, text):
    path = _write(tmp_path, "thresholds = []", "a")
    fields = text.replace("\n", ", ")
    path.write_text(path.read_text().replace(LEVEL.splitlines()[0], f"image = {{ {fields} }}"))

    with pytest.raises(PolicyError, match="image"):
        load(path)


def _settings(path, **given):
    named = {"POLICY": path, **given}
    return settings.load({f"STORYTELLER_{name}": str(value) for name, value in named.items()})


@pytest.mark.parametrize(
    ("names", "level"),
    [
        (("only",), "only"),
        (("a", "b"), "b"),
        (("a", "b", "c"), "b"),
        (("a", "b", "c", "d"), "c"),
        (("a", "b", "c", "balanced"), "balanced"),
    ],
)
def test_unset_the_fallback_is_balanced_or_the_middle_of_the_ladder(tmp_path, names, level):
    thresholds = list(range(3, 2 + len(names)))
    path = _write(tmp_path, f"thresholds = {thresholds}", *names)
    assert fallback(chosen(_settings(path)), _settings(path)) == level


def test_a_fallback_that_is_set_must_be_a_level(tmp_path):
    path = _write(tmp_path, "thresholds = [3]", "a", "b")
    named = _settings(path, FALLBACK_LEVEL="a")
    assert fallback(chosen(named), named) == "a"
    with pytest.raises(SettingsError, match="'balanced' is not allowed: it must be one of a, b"):
        chosen(_settings(path, FALLBACK_LEVEL="balanced"))
