"""Log lines that a person or a machine can follow: one JSON object a line, with the job's id.

`extra={"job": job_id}` (or any other name) on a logging call becomes a field of the line.
"""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

from services.contract.settings import Settings

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "data"}


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, severity, process, message, and the fields of the call."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self.process = process

    def format(self, record: logging.LogRecord) -> str:
        """The line for one record."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "severity": record.levelname.lower(),
            "process": self.process,
            "logger": record.name,
            "message": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


class PrettyFormatter(logging.Formatter):
    """A short line for a terminal."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(message)s", datefmt="%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        """The line for one record, its fields at the end."""
        fields = " ".join(f"{name}={value}" for name, value in _fields(record).items())
        head, *trace = super().format(record).split("\n", 1)
        return "\n".join([f"{head}  {fields}".rstrip(), *trace])


def configure(process: str, settings: Settings) -> None:
    """Send every log line of this process to stderr in the format that the settings name."""
    pretty = settings.log_format == "pretty" or (
        settings.log_format == "auto" and sys.stderr.isatty()
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(PrettyFormatter() if pretty else JsonFormatter(process))
    logging.basicConfig(handlers=[handler], level=settings.log_level.upper(), force=True)
