"""On what a study ran: machine, libraries, commit, load."""

import os
import platform
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from services.contract import settings
from services.contract.settings import Settings

ROOT = Path(__file__).parent.parent
LIBRARIES = (
    "torch", "diffusers", "transformers", "numpy", "scipy", "numba", "celery", "redis", "flask",
)  # fmt: skip

MODELS = frozenset({"story_model", "image_model", "clip_model"})
APART = frozenset(
    {
        *("redis_url", "redis_port", "gateway_host", "gateway_port"),
        *("home", "policy", "heartbeat_file", "log_format", "log_level", "retention_seconds"),
        *("queue_capacity", "fallback_level", "dispatch"),
    }
)
"""Settings that change no result, or that are the study's own"""


def machine() -> dict[str, Any]:
    """What does not change while a study runs."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "gpu": _gpus(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "libraries": dict(_versions()),
        "settings": _settings(),
    }


def now() -> dict[str, Any]:
    """What may be another at each stage: time, load average, commit."""
    return {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "load_average": [round(each, 2) for each in os.getloadavg()],
        "commit": commit(),
    }


def commit() -> str | None:
    """The commit that the project is at, and whether tracked files differ; None without git."""
    head = _output("git", "rev-parse", "--short=12", "HEAD")
    if head is None:
        return None
    changed = _output("git", "status", "--porcelain", "--untracked-files=no")
    return f"{head} with changes" if changed else head


def _settings() -> dict[str, str]:
    """Those that can change results and are not as by default; of models the name alone.

    Raises SettingsError.
    """
    here, usual = settings.load(os.environ), settings.load({})
    names = [row.name for row in fields(Settings) if row.name not in APART]
    given = {name: str(getattr(here, name)) for name in names}
    other = {name: each for name, each in given.items() if each != str(getattr(usual, name))}
    return {name: Path(each).name if name in MODELS else each for name, each in other.items()}


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.is_file() else []
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _gpus() -> str | None:
    if shutil.which("nvidia-smi") is None:
        return None
    return _counted(_output("nvidia-smi", "--query-gpu=name", "--format=csv,noheader"))


def _counted(names: str | None) -> str | None:
    """A name a line as one line: `2 × NVIDIA H100`."""
    found = Counter(line.strip() for line in (names or "").splitlines())
    told = (f"{count} × {name}" if count > 1 else name for name, count in found.items())
    return ", ".join(told) or None


def _output(*command: str) -> str | None:
    """What a command prints; None where it prints nothing, fails, or is not there."""
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip() or None


def _versions() -> Iterator[tuple[str, str]]:
    for name in LIBRARIES:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            continue
