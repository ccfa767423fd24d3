"""A file that a living process touches, for health checks of what has no HTTP.

python -m services.contract.heartbeat image-worker     exit 0 while it was touched of late
"""

import os
import sys
import time
from pathlib import Path

from services.contract.settings import load

STALE_SECONDS = 30.0


def beat(path: Path) -> None:
    """Say that the process is alive now."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def age(path: Path) -> float:
    """Seconds since the last beat; infinite where there was none."""
    return time.time() - path.stat().st_mtime if path.exists() else float("inf")


def main() -> int:
    """Exit status for a health check: 0 alive, 1 silent."""
    silent = age(load(os.environ).heartbeat(sys.argv[1]))
    if silent <= STALE_SECONDS:
        return 0
    print(f"{sys.argv[1]} has been silent for {silent:.0f} s; see its log", file=sys.stderr)
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
