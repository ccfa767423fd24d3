"""What the running containers may not do."""

import json

import httpx
import pytest

from tests.containers.engine import run, succeeds
from tests.containers.stack import SERVICES, Stack

pytestmark = [pytest.mark.containers, pytest.mark.timeout(3600)]


@pytest.mark.parametrize("service", SERVICES)
def test_no_process_runs_as_root(stack: Stack, service: str) -> None:
    for container in stack.containers(service):
        owners = run("docker", "top", container["Id"], "-eo", "pid,uid").split()[3::2]
        assert owners
        assert "0" not in owners


@pytest.mark.parametrize("service", SERVICES)
def test_the_root_file_system_cannot_be_written(stack: Stack, service: str) -> None:
    (container,) = stack.containers(service)
    assert container["HostConfig"]["ReadonlyRootfs"]
    # As root, so that it is the mount that refuses and not the owner of the folder.
    touch = ("docker", "exec", "--user", "0", container["Id"], "touch")
    assert succeeds(*touch, "/tmp/written")
    assert not succeeds(*touch, "/usr/written")


@pytest.mark.parametrize("service", SERVICES)
def test_no_capability_is_left(stack: Stack, service: str) -> None:
    (container,) = stack.containers(service)
    status = run("docker", "exec", container["Id"], "cat", "/proc/self/status")
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert int(fields["CapEff"], 16) == int(fields["CapBnd"], 16) == 0
    assert fields["NoNewPrivs"] == "1"


def test_the_gateway_can_read_artifacts_and_not_write_them(stack: Stack) -> None:
    (gateway,) = stack.containers("gateway")
    folder = "/var/lib/storyteller/artifacts"
    assert succeeds("docker", "exec", gateway["Id"], "ls", folder)
    assert not succeeds("docker", "exec", gateway["Id"], "touch", f"{folder}/written")


def test_redis_is_not_published_and_asks_for_its_password(stack: Stack) -> None:
    (redis,) = stack.containers("redis")
    assert not redis["HostConfig"]["PortBindings"]
    ping = ("docker", "exec", "--env", "REDISCLI_AUTH=", redis["Id"], "redis-cli", "ping")
    assert "NOAUTH" in run(*ping)


def test_the_password_is_on_no_command_line(stack: Stack) -> None:
    for service in SERVICES:
        for container in stack.containers(service):
            shown = run("docker", "top", container["Id"], "-eo", "pid,args")
            assert stack.environ["REDIS_PASSWORD"] not in shown


def test_redis_reaches_nothing_outside(stack: Stack) -> None:
    (redis,) = stack.containers("redis")
    networks = json.loads(
        run("docker", "network", "inspect", *redis["NetworkSettings"]["Networks"])
    )
    assert [network["Internal"] for network in networks] == [True]


def test_the_gateway_answers_on_this_machine_alone(stack: Stack) -> None:
    assert httpx.get(f"{stack.url}/livez").status_code == httpx.codes.OK
    (gateway,) = stack.containers("gateway")
    (binding,) = gateway["HostConfig"]["PortBindings"]["8000/tcp"]
    assert binding["HostIp"] == "127.0.0.1"
