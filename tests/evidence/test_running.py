"""A command that does not stop when it is asked to."""

import subprocess
import sys

import pytest

from evidence import running


def test_a_command_that_stays_is_killed_and_the_interruption_is_what_is_raised(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stays = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); "
    process = subprocess.Popen(
        [sys.executable, "-c", f"{stays}print('ready', flush=True); time.sleep(60)"],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.stdout.close()
    monkeypatch.setattr(running, "STOP_SECONDS", 0.05)

    def interrupted() -> None:
        try:
            raise KeyboardInterrupt
        finally:
            running._stop(process)

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert process.returncode == -9
