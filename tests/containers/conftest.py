"""An engine, the images, and one running stack for all tests of the containers."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.containers import engine, packages, stand_ins
from tests.containers.stack import Stack, environment


@pytest.fixture(scope="session")
def docker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A container engine that answers and has, or can pull, the images that ours start from."""
    engine.install()
    with engine.daemon(tmp_path_factory.mktemp("docker") / "dockerd.log"):
        stand_ins.ensure()
        yield


@pytest.fixture(scope="session")
def package_index() -> Iterator[str]:
    """The URL of an index with every package the images install."""
    with tempfile.TemporaryDirectory() as folder:
        packages.collect(Path(folder))
        with packages.index(Path(folder)) as url:
            yield url


@pytest.fixture(scope="session")
def stack(docker: None, package_index: str) -> Iterator[Stack]:
    """compose.yaml, built and running; gone afterwards, volumes and all."""
    running = Stack(environment(package_index))
    try:
        running.start()
        yield running
    except AssertionError as failure:
        pytest.fail(f"{failure}\n{running.logs()}")
    finally:
        running.remove()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Show what the containers said beside a test that failed."""
    report = yield
    running = getattr(item, "funcargs", {}).get("stack")
    if report.failed and running is not None:
        report.sections.append(("containers", running.logs()))
    return report
