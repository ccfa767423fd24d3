"""The file that says what the tables of a folder do."""

import json

import pytest

from controller.queueing.commands.kept_optima import FILE, keep, kept
from controller.queueing.refusal import BadInput


def rates(out):
    """In the order of the file."""
    return [row["rate"] for row in json.loads((out / FILE).read_text())["tables"]]


def test_rates_are_added_in_order_and_replaced(tmp_path):
    for rate, met in ((2.5, True), (10.0, True), (1.2, False), (2.5, False)):
        keep(tmp_path, {"rate": rate, "met": met})

    assert rates(tmp_path) == [1.2, 2.5, 10.0]
    assert {name: row["met"] for name, row in kept(tmp_path).items()} == {
        "1.2": False,
        "2.5": False,
        "10": True,
    }
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_what_is_no_number_is_null(tmp_path):
    keep(tmp_path, {"rate": 1.0, "effective_quality": float("nan")})

    assert "NaN" not in (tmp_path / FILE).read_text()
    assert kept(tmp_path)["1"]["effective_quality"] is None


def test_without_the_file_nothing_is_kept(tmp_path):
    assert kept(tmp_path) == {}


@pytest.mark.parametrize("text", ["", "[]", '{"tables": 3}', '{"tables": [{"met": true}]}'])
def test_another_file_is_refused_and_left(tmp_path, text):
    (tmp_path / FILE).write_text(text)

    with pytest.raises(BadInput, match="is not what this command writes"):
        keep(tmp_path, {"rate": 1.0})

    assert (tmp_path / FILE).read_text() == text
