"""What compose.yaml says, without an engine: these run with every `make test`."""

import json
import os
import subprocess
from typing import Any

import pytest

from services.contract.settings import PREFIX, load
from tests.conftest import ROOT
from tests.containers.engine import compose_command

PASSWORD = {"REDIS_PASSWORD": "open-sesame"}


def _config(environ: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [*compose_command(), "--env-file", os.devnull, *arguments, "config"]
    return subprocess.run(
        [*command, "--format", "json"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")} | environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    """Every service of every profile, as compose reads the file."""
    return json.loads(_config(PASSWORD, "--profile", "*").stdout)["services"]


def test_without_a_password_it_says_what_to_set() -> None:
    done = _config({})
    assert done.returncode != 0
    assert "REDIS_PASSWORD" in done.stderr
    assert ".env" in done.stderr


def test_the_processes_of_one_machine_and_no_more_start_by_default() -> None:
    started = json.loads(_config(PASSWORD).stdout)["services"]
    assert set(started) == {"redis", "gateway", "controller", "story-worker", "image-worker"}


def test_only_the_gateway_is_published_and_only_on_this_machine(
    services: dict[str, dict[str, Any]],
) -> None:
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert set(published) == {"gateway"}
    assert [port["host_ip"] for port in published["gateway"]] == ["127.0.0.1"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("read_only", True),
        ("cap_drop", ["ALL"]),
        ("security_opt", ["no-new-privileges:true"]),
        ("init", True),
    ],
)
def test_every_service_has_the_least_privilege(
    services: dict[str, dict[str, Any]], key: str, value: object
) -> None:
    assert {name: service.get(key) for name, service in services.items()} == dict.fromkeys(
        services, value
    )


def test_nothing_has_a_name_that_stops_it_from_being_scaled(
    services: dict[str, dict[str, Any]],
) -> None:
    assert not [name for name, service in services.items() if "container_name" in service]


def test_everything_that_stays_up_has_a_health_check(services: dict[str, dict[str, Any]]) -> None:
    assert [name for name, service in services.items() if "healthcheck" not in service] == ["load"]


def test_its_settings_are_settings(services: dict[str, dict[str, Any]]) -> None:
    for service in services.values():
        named = service["environment"].items()
        load({name: value for name, value in named if name.startswith(PREFIX)})


def test_gpu_workers_reserve_a_gpu_and_compute_on_it(services: dict[str, dict[str, Any]]) -> None:
    for name in ("story-worker-gpu", "image-worker-gpu"):
        reserved = services[name]["deploy"]["resources"]["reservations"]["devices"]
        assert [(device["driver"], device["capabilities"]) for device in reserved] == [
            ("nvidia", ["gpu"])
        ]
        assert services[name]["environment"]["STORYTELLER_DEVICE"] == "cuda"


def test_a_gpu_machine_can_leave_the_cpu_workers_out() -> None:
    config = _config(PASSWORD | {"CPU_WORKERS": "0", "COMPOSE_PROFILES": "gpu"})
    services = json.loads(config.stdout)["services"]
    assert services["image-worker"]["deploy"]["replicas"] == 0
    assert "image-worker-gpu" in services
