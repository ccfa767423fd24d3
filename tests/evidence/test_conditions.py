"""On what a study ran: what can change its results, and nothing else."""

import pytest

from evidence import conditions
from services.contract.settings import PREFIX


def _settings(monkeypatch: pytest.MonkeyPatch, **given: str) -> dict[str, str]:
    for name, value in given.items():
        monkeypatch.setenv(PREFIX + name.upper(), value)
    return conditions.machine()["settings"]


def test_settings_that_can_change_results_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "retime": "off",
        "compile": "on",
        "story_batch": "4",
        "story_concurrency": "2",
        "model_memory_mb": "100",
        "batch_cap": "2",
        "torch_threads": "1",
        "device": "cpu",
    }
    found = _settings(monkeypatch, **given, image_model="/far/models/large")
    assert found == given | {"image_model": "large"}


def test_ports_paths_and_what_is_as_by_default_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "gateway_port": "8123",
        "gateway_host": "10.0.0.7",
        "redis_port": "7000",
        "home": "/elsewhere",
        "log_level": "debug",
        "queue_capacity": "7",
        "retime": "on",
    }
    assert _settings(monkeypatch, **given) == {}


def test_several_gpus_are_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    assert conditions._counted("A 100\nA 100\nT 4") == "2 × A 100, T 4"
    assert conditions._counted("A 100") == "A 100"
    assert conditions._counted(None) is None
