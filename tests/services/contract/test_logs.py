"""Log lines: one JSON object each, or short ones for a person."""

import json
import logging
import sys

import pytest

from services.contract import logs, settings


@pytest.fixture
def _quiet_root():
    """The root logger is the test runner's own."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


def _configure(form, level="info"):
    environ = {"STORYTELLER_LOG_FORMAT": form, "STORYTELLER_LOG_LEVEL": level}
    logs.configure("controller", settings.load(environ))
    return logging.getLogger("a.place")


@pytest.mark.usefixtures("_quiet_root")
def test_a_line_is_one_json_object_with_its_fields(capsys):
    _configure("json").info("job %s\nended", "x", extra={"job": "abc", "depth": 3, "when": object})

    line = json.loads(capsys.readouterr().err)

    assert (line["message"], line["severity"]) == ("job x\nended", "info")
    assert line["process"] == "controller"
    assert (line["logger"], line["job"], line["depth"]) == ("a.place", "abc", 3)
    assert line["time"].endswith("+00:00")


@pytest.mark.usefixtures("_quiet_root")
def test_a_failure_carries_its_traceback(capsys):
    logger = _configure("json")
    try:
        raise ValueError("broken")
    except ValueError:
        logger.exception("cannot")

    line = json.loads(capsys.readouterr().err)

    assert line["severity"] == "error"
    assert "ValueError: broken" in line["traceback"]


@pytest.mark.usefixtures("_quiet_root")
def test_a_person_sees_a_short_line(capsys):
    _configure("pretty").warning("late", extra={"job": "abc"})
    assert capsys.readouterr().err.rstrip().endswith("WARNING late  job=abc")


@pytest.mark.usefixtures("_quiet_root")
def test_away_from_a_terminal_auto_means_json(capsys):
    assert not sys.stderr.isatty()
    _configure("auto").info("hello")
    assert json.loads(capsys.readouterr().err)["message"] == "hello"


@pytest.mark.usefixtures("_quiet_root")
def test_lines_below_the_level_are_not_written(capsys):
    logger = _configure("json", "warning")
    logger.info("detail")
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("_quiet_root")
def test_a_jobs_level_does_not_hide_how_severe_a_line_is(capsys):
    _configure("json").warning("late", extra={"level": "fast"})

    line = json.loads(capsys.readouterr().err)

    assert (line["level"], line["severity"]) == ("fast", "warning")
