"""Prediction beside measurement, on this machine.

python -m evidence run                     the whole study within an hour, and its report
python -m evidence run --only live,dispatch --out FOLDER      some stages of it
python -m evidence validate FOLDER         predictions beside what was measured
python -m evidence pack FOLDER             gzip its records
python -m evidence report FOLDER           the report from its records alone

Exit status: 0 done, 1 a stage failed, 2 what was asked makes no sense, 130 interrupted.
"""

import argparse
import json
import sys
from importlib import import_module

from controller.queueing.refusal import Refusal
from evidence.journal import OtherPlan
from evidence.pack import NoStudy
from evidence.plan import BadPlan
from evidence.report.pdf import BadLatex
from evidence.report.records import BadStudy
from evidence.stages import NotReached
from evidence.validation import study as validated
from services.contract.policy import PolicyError
from services.contract.profile import ProfileError
from services.contract.settings import SettingsError

COMMANDS = {
    "run": "evidence.command",
    "validate": "evidence.validation.command",
    "pack": "evidence.pack",
    "report": "evidence.report.command",
}
"""Modules, in the order of the help; some are slow to load."""
ASKED = (BadPlan, OtherPlan, NotReached, NoStudy, SettingsError)
RECORDS = (BadStudy, validated.BadStudy, PolicyError, ProfileError, Refusal, BadLatex)
REFUSALS = (*ASKED, *RECORDS, OSError)
"""What is wrong with what was asked, or with the records that are there"""


def _parser(asked: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m evidence",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND", title="commands")
    for name in (asked,) if asked in COMMANDS else COMMANDS:
        import_module(COMMANDS[name]).add(subparsers)
    return parser


def main() -> int:
    """The exit status."""
    options = _parser("".join(sys.argv[1:2])).parse_args()
    try:
        answer = options.run(options)
    except REFUSALS as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    if options.json:
        print(json.dumps(answer, ensure_ascii=False))
    return int(answer.get("status", 0))


if __name__ == "__main__":
    sys.exit(main())
