"""The packages of this machine's pip, served to the image builds as an index of their own.

A build then needs neither this machine's pip settings nor its certificates, and takes from pip's
cache what is there.
"""

import re
import sys
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.conftest import ROOT
from tests.containers.engine import run

EXTRAS = ("stack", "load", "planning", "worker", "gemma")
# redis-py wants it before Python 3.11.3: Debian's own, which may stand in, is 3.11.2.
OLDER_PYTHON = ("async-timeout>=4.0.3",)
# The address is part of the builder's cache key, so it is the same each time if it can be.
PREFERRED_PORT = 28459
DOWNLOAD_SECONDS = 1200


def requirements() -> list[str]:
    """What the images install."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    named = (line for name in EXTRAS for line in extras[name])
    return [*project["dependencies"], *named, *OLDER_PYTHON]


def collect(folder: Path) -> None:
    """Every wheel the images need, in one folder for each project as an index has it."""
    pip = (sys.executable, "-m", "pip", "wheel", "--quiet", "--wheel-dir", str(folder))
    run(*pip, "-c", str(ROOT / "constraints.txt"), *requirements(), seconds=DOWNLOAD_SECONDS)
    for wheel in folder.glob("*.whl"):
        project = re.sub(r"[-_.]+", "-", wheel.name.partition("-")[0]).lower()
        (folder / project).mkdir(exist_ok=True)
        wheel.rename(folder / project / wheel.name)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing: pip says what it asks for."""


def _server(folder: Path) -> ThreadingHTTPServer:
    handler = partial(_Quiet, directory=str(folder))
    try:
        return ThreadingHTTPServer(("127.0.0.1", PREFERRED_PORT), handler)
    except OSError:
        return ThreadingHTTPServer(("127.0.0.1", 0), handler)


@contextmanager
def index(folder: Path) -> Iterator[str]:
    """The folder as a package index on this machine: its URL."""
    with _server(folder) as server:
        thread = threading.Thread(target=server.serve_forever, name="package index")
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
