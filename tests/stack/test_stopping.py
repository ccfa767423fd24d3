"""A process that was started here is ended, willing or not."""

import subprocess
import sys

import pytest

from stack.stopping import stop

PATIENCE = 30


def _started(code: str) -> "subprocess.Popen[bytes]":
    """Once it has said that it is ready."""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.stdout.close()
    return process


@pytest.mark.parametrize(("handler", "status"), [("SIG_DFL", -15), ("SIG_IGN", -9)])
def test_who_does_not_end_when_asked_is_killed(handler: str, status: int) -> None:
    code = "import signal as s, time; s.signal(s.SIGTERM, s.%s); print('ready', flush=True); "
    process = _started(code % handler + "time.sleep(60)")
    stop(process, PATIENCE if handler == "SIG_DFL" else 0.05)
    assert process.returncode == status


def test_it_is_killed_where_waiting_is_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    process = _started(
        "import signal as s, time; s.signal(s.SIGTERM, s.SIG_IGN); "
        "print('ready', flush=True); time.sleep(60)"
    )
    wait = process.wait

    def broken(timeout: float | None = None) -> int:
        if timeout is None:
            return wait()
        raise KeyboardInterrupt

    monkeypatch.setattr(process, "wait", broken)
    with pytest.raises(KeyboardInterrupt):
        stop(process, PATIENCE)
    assert process.returncode == -9
