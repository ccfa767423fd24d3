"""The table of settings: read from an environment, refused by name, shown in .env.example."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from services.contract import settings
from services.contract.settings import Settings, SettingsError, load, variable

ROOT = Path(__file__).parents[3]
ROWS = {variable(row): row for row in fields(Settings)}


def test_every_default_is_allowed():
    chosen = load({})

    assert (chosen.gateway_port, chosen.device, chosen.controller_seconds) == (8000, "auto", 0.25)
    assert chosen.home == Path(".storyteller")


def test_values_are_read_from_the_environment():
    chosen = load({"STORYTELLER_GATEWAY_PORT": "9000", "STORYTELLER_DEVICE": "cuda:1", "HOME": "x"})
    assert (chosen.gateway_port, chosen.device) == (9000, "cuda:1")


def test_an_unknown_setting_is_refused_by_name():
    with pytest.raises(SettingsError, match="STORYTELLER_GATEWAY_PROT is not a setting") as error:
        load({"STORYTELLER_GATEWAY_PROT": "9000"})
    assert "STORYTELLER_GATEWAY_PORT" in str(error.value)


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("GATEWAY_PORT", "0", "from 1 to 65535"),
        ("GATEWAY_PORT", "65536", "from 1 to 65535"),
        ("GATEWAY_PORT", "http", "from 1 to 65535"),
        ("GATEWAY_PORT", "", "from 1 to 65535"),
        ("GATEWAY_PORT", "8000.5", "whole number"),
        ("LEASE_SECONDS", "0.5", "from 1 to 600"),
        ("LEASE_SECONDS", "nan", "from 1 to 600"),
        ("LEASE_SECONDS", "inf", "from 1 to 600"),
        ("LEASE_SECONDS", "-15", "from 1 to 600"),
        ("DEVICE", "gpu", "auto, cpu, cuda, or cuda:N"),
        ("DEVICE", "cuda:", "auto, cpu, cuda, or cuda:N"),
        ("DEVICE", "cpu:0", "auto, cpu, cuda, or cuda:N"),
        ("DEVICE", "cuda:x", "auto, cpu, cuda, or cuda:N"),
        ("LOG_LEVEL", "loud", "one of debug, info, warning, error"),
        ("LOG_FORMAT", "xml", "one of auto, json, pretty"),
        ("REDIS_URL", "localhost:6379", "redis://"),
        ("QUEUE_CAPACITY", "0", "from 1"),
    ],
)
def test_a_value_that_is_not_allowed_is_refused_by_name(name, value, allowed):
    with pytest.raises(SettingsError, match=re.escape(allowed)) as error:
        load({f"STORYTELLER_{name}": value})
    assert str(error.value).startswith(f"STORYTELLER_{name}={value!r} is not allowed")
    assert ROWS[f"STORYTELLER_{name}"].metadata["help"] in str(error.value)


def test_redis_is_where_the_url_says_else_on_the_port():
    assert load({}).redis_address == "redis://127.0.0.1:6389/0"
    assert load({"STORYTELLER_REDIS_PORT": "7000"}).redis_address == "redis://127.0.0.1:7000/0"
    given = {"STORYTELLER_REDIS_URL": "unix:///run/redis.sock", "STORYTELLER_REDIS_PORT": "7000"}
    assert load(given).redis_address == "unix:///run/redis.sock"


def test_folders_follow_the_home():
    chosen = load({"STORYTELLER_HOME": "/srv/tales"})

    assert chosen.artifacts == Path("/srv/tales/artifacts")
    assert chosen.heartbeat("controller") == Path("/srv/tales/alive/controller")
    assert load({"STORYTELLER_HEARTBEAT_FILE": "/tmp/a"}).heartbeat("x") == Path("/tmp/a")


def test_the_example_shows_every_setting_with_its_default():
    lines = (ROOT / ".env.example").read_text().splitlines()
    found = re.findall(rf"^(?:# )?({settings.PREFIX}\w+)=(.*)$", "\n".join(lines), re.MULTILINE)

    assert dict(found) == {name: row.metadata["default"] for name, row in ROWS.items()}
    assert len(found) == len(dict(found))
