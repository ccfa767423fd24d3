"""`python -m stack up | down | demo`: the whole system on one machine."""

import argparse
import os
import signal
import sys
import time
from typing import Any, get_args

import httpx

from services.contract import settings
from services.contract.ladder import Strategy
from services.contract.settings import Settings, SettingsError
from stack import demo as demonstration
from stack import formation
from stack.formation import BadFormation
from stack.redis_server import StackError
from stack.up import running_pid, up

STOP_SECONDS = 60.0
STRATEGIES = get_args(Strategy)


def down(loaded: Settings) -> int:
    """Stop what `up` started, and wait until it has stopped; the exit status."""
    pid = running_pid(loaded)
    if pid is None:
        print(f"nothing is up in {loaded.home}")
        return 0
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while running_pid(loaded) is not None:
        if time.monotonic() > deadline:
            raise StackError(f"process {pid} has not stopped after {STOP_SECONDS:.0f} s")
        time.sleep(0.1)
    print("stopped")
    return 0


def _book(options: argparse.Namespace) -> dict[str, Any]:
    """What the gateway is asked for."""
    asked = {"prompt": options.prompt, "pages": options.pages, "strategy": options.strategy}
    return {"kind": "storybook"} | asked


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m stack", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    start = commands.add_parser("up", help="start Redis and every process of the Procfile")
    start.add_argument(
        "--formation",
        default="",
        metavar="KIND=N,…",
        help="how many of each kind, such as image-worker=2,story-worker=1 (one of each)",
    )
    commands.add_parser("down", help="stop what `up` started")
    book = commands.add_parser("demo", help="make one storybook")
    book.add_argument("--prompt", default=demonstration.PROMPT, help="what it is about")
    book.add_argument("--pages", type=int, default=4, help="how many pages (1 to 12)")
    book.add_argument("--strategy", choices=STRATEGIES, help="how its pictures follow the text")
    return parser


def main() -> int:
    """The exit status: 0 done, 1 failed, 2 a setting is wrong."""
    options = _parser().parse_args()
    try:
        loaded = settings.load(os.environ)
        if options.command == "demo":
            return demonstration.demo(loaded, _book(options))
        if options.command == "down":
            return down(loaded)
        return up(loaded, formation.parse(options.formation))
    except (SettingsError, BadFormation) as error:
        print(error, file=sys.stderr)
        return 2
    except (StackError, httpx.HTTPError) as error:
        print(f"{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
