"""Images for the names that the Dockerfile and compose.yaml pull, where they cannot be pulled.

One Debian root with Python 3.11 and Redis stands in for both; it lives in the local engine only.
"""

import re
import subprocess
import tempfile
from pathlib import Path

from tests.conftest import ROOT, missing
from tests.containers.engine import debian_root, install_packages, run, succeeds

SUITE = "bookworm"
PACKAGES = "python3,python3-venv,ca-certificates,redis-server"
PULL_SECONDS = 300
BOOTSTRAP_SECONDS = 900


def pulled_names() -> list[str]:
    """The images that users pull, as the Dockerfile and compose.yaml name them."""
    dockerfile = (ROOT / "Dockerfile").read_text()
    compose = (ROOT / "compose.yaml").read_text()
    names = [
        re.search(r"^ARG PYTHON_IMAGE=(\S+)$", dockerfile, re.MULTILINE),
        re.search(r"image: \${REDIS_IMAGE:-([^}]+)}", compose),
    ]
    return [name[1] for name in names if name]


def present(name: str) -> bool:
    """Whether the engine has the image, or can pull it."""
    return succeeds("docker", "image", "inspect", name) or succeeds(
        "docker", "pull", name, seconds=PULL_SECONDS
    )


def bootstrap(root: Path) -> None:
    """A small Debian with what both images need, as the official ones lay it out."""
    command = ("debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, str(root))
    run(*command, seconds=BOOTSTRAP_SECONDS)
    data = root / "data"
    data.mkdir()
    run("chroot", str(root), "chown", "redis:redis", "/data")


def import_root(root: Path, name: str) -> None:
    """Make the folder an image."""
    tar = subprocess.Popen(("tar", "-C", str(root), "-c", "."), stdout=subprocess.PIPE)
    subprocess.run(("docker", "import", "-", name), stdin=tar.stdout, check=True, timeout=300)
    assert tar.wait(60) == 0, f"tar of {root} failed"


def ensure() -> None:
    """Have every pulled image under its name."""
    absent = [name for name in pulled_names() if not present(name)]
    if not absent:
        return
    if not debian_root():
        missing(" and ".join(absent), "no registry answered, and only root on Debian can make them")
    if not succeeds("debootstrap", "--version"):
        install_packages()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "root"
        bootstrap(root)
        import_root(root, absent[0])
    for name in absent[1:]:
        run("docker", "tag", absent[0], name)
