"""A study whose optimum was run on the live stack."""

from pathlib import Path
from typing import Any

from tests.evidence.report import studies

DISTANCE = {"rate": 0.4, "policy": "planned:4", "optimum": "table:optimal"}
DISTANCE |= {
    "quality": studies.estimate(-0.375, 0.125),
    "p95_response": studies.estimate(0.5, 0.25),
    "met": True,
    "note": "",
}
"""Of planned rules to the optimum, as validation.json has it."""
UNMET = {"rate": 9.0, "met": False, "note": "no table meets p95=4s"}
"""Where there is none"""


def with_optimum(folder: Path, *others: dict[str, Any]) -> None:
    """The optimum beside planned rules, which are worse, and `others` held against it."""
    runs = [studies.run("planned:4", 0.4, 3.0, 3.0), studies.run("table:optimal", 0.4, 2.5, 2.5)]
    studies.validated(folder, [*studies.RUNS, *runs], less_optimum=[DISTANCE, *others])
