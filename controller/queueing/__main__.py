"""The queue without a worker: what theory and simulation say about it.

python -m controller.queueing COMMAND --help says more. Every command takes --json, which makes the
last line of stdout one JSON object. Exit status 2: the question has no answer; stderr says why.
Exit status 141: whoever read stdout left, as `head` does.
"""

import argparse
import json
import os
import signal
import sys
from importlib import import_module
from typing import Any, NoReturn

from controller.queueing.refusal import Refusal
from services.contract.policy import PolicyError
from services.contract.profile import ProfileError

COMMANDS = ("predict", "simulate", "plan", "optimal", "frontier", "reproduce", "fit")
"""Modules of `controller.queueing.commands`, in the order of the help."""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{message}. Help: {self.prog} --help\n")


class _Command(_Parser):
    """Takes --json, whether its module asks for it or not."""

    def __init__(self, **options: Any) -> None:
        super().__init__(conflict_handler="resolve", **options)
        self.add_argument(
            "--json", action="store_true", help="the last line of stdout is one JSON object"
        )


def _parser(asked: str) -> argparse.ArgumentParser:
    """Of all commands; where one is asked for, of that one alone, since some are slow to load."""
    parser = _Parser(
        prog="python -m controller.queueing",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    subparsers = parser.add_subparsers(
        required=True, metavar="COMMAND", title="commands", parser_class=_Command
    )
    for name in (asked,) if asked in COMMANDS else COMMANDS:
        import_module(f"controller.queueing.commands.{name}").add(subparsers)
    return parser


def main() -> int:
    """Exit status: 0 answered, 2 refused, 141 (as shells tell SIGPIPE) nobody reads on."""
    try:
        status = _answered(_parser("".join(sys.argv[1:2])).parse_args())
        sys.stdout.flush()
    except BrokenPipeError:
        # What is left in the buffer must not complain again as the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    return status


def _answered(options: argparse.Namespace) -> int:
    try:
        answer = options.run(options)
    except (Refusal, PolicyError, ProfileError) as error:
        print(error, file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(answer))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
