"""How a process that was started here is ended."""

import subprocess
from contextlib import suppress


def stop(process: "subprocess.Popen[bytes]", seconds: float) -> None:
    """Ask it to end, and kill it if it has not within so many seconds, or if waiting is broken off.

    Raises nothing of its own, so that what ended the work before is what is heard of.
    """
    process.terminate()
    try:
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
