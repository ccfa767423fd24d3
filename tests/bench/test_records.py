"""Targets, the table and the file of measurements."""

import json
from pathlib import Path

import pytest

from bench.records import Finding, Records, Target
from bench.table import render


@pytest.mark.parametrize(
    ("demand", "value", "met"),
    [
        ("at most", 0.4, True),
        ("at most", 0.5, True),
        ("at most", 0.6, False),
        ("at least", 0.4, False),
        ("at least", 0.5, True),
        ("at least", 0.6, True),
    ],
)
def test_a_target_is_met_or_not(demand: str, value: float, met: bool) -> None:
    assert Finding("c", "p95", value, "×", Target(demand, 0.5)).met is met


def test_the_table_says_target_and_whether_it_is_met() -> None:
    lines = render(
        [
            Finding("a", "engine", 12.3456, "pictures/s"),
            Finding("a", "engine / pipeline", 2.5, "×", Target("at least", 3.0)),
            Finding("f", "a step of 64 rows", 1234.5, "ms", Target("at most", 2000)),
        ]
    ).splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert cells[0] == ["scene", "what", "value", "target", "met"]
    assert cells[2:] == [
        ["a", "engine", "12.3 pictures/s", "", ""],
        ["a", "engine / pipeline", "2.5 ×", "at least 3", "NO"],
        ["f", "a step of 64 rows", "1234 ms", "at most 2000", "yes"],
    ]
    assert len({len(line) for line in lines}) == 1


def test_every_measurement_is_a_line_and_a_new_run_begins_anew(tmp_path: Path) -> None:
    file = tmp_path / "new" / "records.jsonl"
    Records(file).keep("f", "step", [0.1], rows=1)
    records = Records(file)
    records.keep("f", "step", [0.25, 0.5], rows=8, unit="s")
    records.keep("b", "latency", [1.0], contender="engine")
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert lines == [
        {"scene": "f", "what": "step", "rows": 8, "unit": "s", "values": [0.25, 0.5]},
        {"scene": "b", "what": "latency", "contender": "engine", "values": [1.0]},
    ]
