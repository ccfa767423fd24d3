"""The containers of one test run: compose's commands, and the gateway's calls."""

import json
import os
import secrets
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import httpx

from tests.conftest import ROOT, free_port
from tests.containers.engine import compose_command, run
from tests.waiting import wait_until

PROJECT = "storyteller-tests"
SERVICES = ("redis", "gateway", "controller", "story-worker", "image-worker")
FILES = ("compose.yaml", "tests/containers/compose.tests.yaml")
BUILD_SECONDS = 2400
START_SECONDS = 600
JOB_SECONDS = 600


def environment(package_index: str) -> dict[str, str]:
    """What compose reads: a password, a port and an image tag of this run's own."""
    ours = ("STORYTELLER_", "PIP_", "COMPOSE_")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return inherited | {
        "DOCKER_BUILDKIT": "0",
        "IMAGE_TAG": "tests",
        "PIP_INDEX_URL": package_index,
        "REDIS_PASSWORD": secrets.token_hex(16),
        "STORYTELLER_GATEWAY_PORT": str(free_port()),
    }


@dataclass(frozen=True)
class Stack:
    """A compose project: what it was started with, and where its gateway answers."""

    environ: Mapping[str, str]

    @property
    def url(self) -> str:
        """The gateway, as published on this machine."""
        return f"http://127.0.0.1:{self.environ['STORYTELLER_GATEWAY_PORT']}"

    @cached_property
    def client(self) -> httpx.Client:
        """Calls to the gateway."""
        return httpx.Client(base_url=self.url, timeout=30)

    def compose(self, *arguments: str, seconds: float = 120, check: bool = True) -> str:
        """Run a compose command; its standard output, or AssertionError with all it said."""
        files = [word for name in FILES for word in ("-f", name)]
        command = [*compose_command(), "--env-file", os.devnull, "-p", PROJECT, *files, *arguments]
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=dict(self.environ),
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        said = f"{done.stdout[-8000:]}\n{done.stderr[-8000:]}"
        failed = f"compose {' '.join(arguments)} exited {done.returncode}:\n{said}"
        assert done.returncode == 0 or not check, failed
        return done.stdout

    def start(self) -> None:
        """Build the images, start every service, and wait until a job can be taken on."""
        # One after the other: the second starts from layers that the first has made.
        for service in ("gateway", "story-worker"):
            self.compose("build", service, seconds=BUILD_SECONDS)
        self.up()

    def up(self, *arguments: str) -> None:
        """Have the services run, healthy and ready."""
        waiting = ("--wait", "--wait-timeout", str(START_SECONDS))
        self.compose("up", "-d", "--no-build", *waiting, *arguments, seconds=START_SECONDS + 60)
        wait_until(self.ready, "/readyz answers 200", START_SECONDS)

    def ready(self) -> bool:
        """Whether a worker of each kind and a controller are ready."""
        try:
            return self.client.get("/readyz").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def logs(self) -> str:
        """The last lines of every container, and their states."""
        states = self.compose("ps", "-a", check=False)
        return states + self.compose("logs", "--no-color", "--tail", "80", check=False)

    def remove(self) -> None:
        """Stop everything and forget its data."""
        self.client.close()
        self.compose("--profile", "*", "down", "-v", "--remove-orphans", seconds=300)

    def containers(self, service: str) -> list[dict[str, Any]]:
        """What the engine knows about each running container of a service."""
        ids = self.compose("ps", "-q", service).split()
        return json.loads(run("docker", "inspect", *ids)) if ids else []

    def log_lines(self, container: str, *words: str) -> list[str]:
        """The lines of a container's log in which one of the words occurs."""
        done = subprocess.run(
            ["docker", "logs", container], capture_output=True, text=True, timeout=60, check=True
        )
        lines = (done.stdout + done.stderr).splitlines()
        return [line for line in lines if any(word in line for word in words)]

    def submit(self, **body: Any) -> str:
        """Post a job; its id."""
        answer = self.client.post("/v1/jobs", json=body)
        assert answer.status_code == httpx.codes.ACCEPTED, answer.text
        return answer.json()["id"]

    def job(self, job_id: str) -> dict[str, Any]:
        """The record of a job."""
        return self.client.get(f"/v1/jobs/{job_id}").raise_for_status().json()

    def artifact(self, job_id: str, name: str) -> bytes:
        """A file that a job made."""
        return self.client.get(f"/v1/jobs/{job_id}/artifacts/{name}").raise_for_status().content

    def wait_for(self, job_id: str, *statuses: str) -> dict[str, Any]:
        """The job's record once it has one of the statuses."""
        wanted = f"job {job_id} is {' or '.join(statuses)}"
        wait_until(lambda: self.job(job_id)["status"] in statuses, wanted, JOB_SECONDS)
        return self.job(job_id)

    def finished(self, job_id: str) -> dict[str, Any]:
        """The job's record once it has ended, which must be well."""
        record = self.wait_for(job_id, "succeeded", "failed", "cancelled")
        assert record["status"] == "succeeded", record
        return record
