"""Load on a real stack, and what came of it.

python -m loadgen run --request-rate 2 --num-prompts 100      an open loop of Poisson arrivals
python -m loadgen sweep --rates 0.5:4:0.5 --policies file,fixed:fast      where each gives way
python -m loadgen compare --request-rate 2 --policies file,fixed:fast     both under the same load
python -m loadgen report run.jsonl --out report               tables, plots and a page
"""

import argparse
import json
import sys

from loadgen.commands import compare, report, run, sweep
from loadgen.intensity import BadLoad
from loadgen.launch import Unreachable
from loadgen.record import BadRecord
from services.contract.profile import ProfileError

COMMANDS = (run, sweep, compare, report)


def main() -> int:
    """The exit status: 0 done, 1 nothing answers or succeeds, 2 what was asked makes no sense."""
    parser = argparse.ArgumentParser(
        prog="python -m loadgen",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    subparsers = parser.add_subparsers(dest="command", required=True)
    for command in COMMANDS:
        command.add(subparsers)
    asked = parser.parse_args()
    try:
        found = asked.run(asked)
    except (BadLoad, BadRecord, ProfileError, OSError) as error:
        print(error, file=sys.stderr)
        return 1 if isinstance(error, Unreachable) else 2
    if asked.json:
        print(json.dumps(found))
    return int(found.get("status", 0))


if __name__ == "__main__":
    sys.exit(main())
