"""The command that predicts: its contract with scripts, its refusals, and the documentation."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from controller.queueing import __main__ as command

ROOT = Path(__file__).parents[3]
KEYS = [
    "model",
    "utilisation",
    "probability_of_waiting",
    "mean_wait",
    "mean_response",
    "mean_number",
    "p95_response",
    "loss_probability",
]
BASICS = ["--rate", "0.8", "--service-time", "1.0"]


@pytest.fixture
def ask(monkeypatch, capsys):
    """Runs the command line; returns its status, stdout and stderr."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["python -m controller.queueing", *arguments])
        try:
            status = command.main()
        except SystemExit as left:
            status = left.code
        return (status, *capsys.readouterr())

    return run


@pytest.mark.parametrize(
    ("model", "options"),
    [
        ("mm1", []),
        ("mm1", ["--servers", "1", "--scv", "1.0"]),
        ("mmk", ["--servers", "3"]),
        ("mmkk", ["--servers", "3", "--capacity", "20"]),
        ("mg1", ["--scv", "0"]),
        ("mg1", ["--scv", "0.5", "--capacity", "9"]),
        ("mgk", ["--scv", "2", "--servers", "3", "--correction", "kimura"]),
        ("mgk", ["--scv", "0", "--servers", "3", "--capacity", "9"]),
        ("ps", []),
        ("ps", ["--tau0", "0.8", "--tau1", "0.2", "--cap", "8", "--servers", "2"]),
    ],
)
def test_json_has_exactly_the_promised_names(ask, model, options):
    status, out, err = ask("predict", "--model", model, *BASICS, *options, "--json")
    answer = json.loads(out.splitlines()[-1])
    assert (status, err) == (0, "")
    assert list(answer) == KEYS
    assert answer["model"] == model
    assert answer["mean_response"] >= 1
    assert (answer["loss_probability"] is None) == ("--capacity" not in options)


def test_the_figures_are_those_of_the_model(ask):
    _, out, _ = ask("predict", "--model", "mmk", "--rate", "2.4", "--service-time", "1",
                    "--servers", "3", "--json")  # fmt: skip
    answer = json.loads(out)
    assert answer["probability_of_waiting"] == pytest.approx(0.647191, abs=1e-6)
    assert answer["mean_response"] == pytest.approx(2.078652, abs=1e-6)


def test_corrections_are_chosen_by_name(ask):
    waits = []
    for name in ("allen-cunneen", "kimura"):
        _, out, _ = ask("predict", "--model", "mgk", "--rate", "2.4", "--service-time", "1",
                        "--scv", "0", "--servers", "3", "--correction", name, "--json")  # fmt: skip
        waits.append(json.loads(out)["mean_wait"])
    assert waits[0] == pytest.approx(0.539326, abs=1e-6)
    assert waits[1] == pytest.approx(0.552578, abs=1e-6)


def test_people_get_a_table_without_what_the_model_does_not_say(ask):
    status, out, _ = ask("predict", "--model", "mm1", *BASICS)
    assert status == 0
    assert "mean response" in out
    assert "5 s" in out
    assert "loss" not in out


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--model", "mm1", "--rate", "2", "--service-time", "1"], "utilisation is 2"),
        (["--model", "mm1", "--rate", "-2", "--service-time", "1"], "rate is -2"),
        (["--model", "mm1", "--rate", "nan", "--service-time", "1"], "rate is nan"),
        (["--model", "mm1", "--rate", "two", "--service-time", "1"], "invalid float value: 'two'"),
        (["--model", "mm1", "--rate", "2"], "needs --service-time"),
        (["--rate", "2"], "--model, or --policy"),
        (["--rate", "2", "--queue", "images"], "--profile"),
        (["--rate", "2", "--policy", "p.toml"], "--profile"),
        (["--rate", "2", "--model", "chain"], "--policy"),
        (["--model", "mm2", *BASICS], "invalid choice: 'mm2'"),
        (["--model", "mm1", *BASICS, "--servers", "3"], "--servers 3 says nothing to mm1"),
        (["--model", "mmk", *BASICS, "--scv", "0"], "--scv 0.0 says nothing to mmk"),
        (["--model", "mmk", *BASICS, "--servers", "0"], "servers is 0"),
        (["--model", "mmkk", *BASICS], "needs --capacity"),
        (["--model", "mmkk", *BASICS, "--servers", "3", "--capacity", "2"], "less than the 3"),
        (["--model", "mg1", *BASICS, "--scv", "-1"], "scv is -1"),
        (["--model", "ps", *BASICS, "--tau0", "0", "--tau1", "0"], "must take time"),
        (["--model", "ps", *BASICS, "--cap", "0"], "cap is 0"),
        (["--model", "ps", *BASICS, "--tau1", "-1"], "tau1 is -1"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_one_line(ask, arguments, reason):
    status, out, err = ask("predict", *arguments, "--json")
    assert (status, out) == (2, "")
    assert reason in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("name", command.COMMANDS)
def test_every_command_has_help_and_takes_json(ask, name):
    status, out, _ = ask(name, "--help")
    assert status == 0
    assert f"python -m controller.queueing {name}" in out
    assert "--json" in out


def test_the_help_names_every_command(ask):
    status, out, _ = ask("--help")
    assert status == 0
    assert [name for name in command.COMMANDS if f"    {name}" not in out] == []


def test_a_reader_that_leaves_is_no_error(monkeypatch):
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w") as left:
        monkeypatch.setattr(sys, "stdout", left)
        monkeypatch.setattr(sys, "argv", ["queueing", "predict", "--model", "mm1", *BASICS])
        assert command.main() == 141


def test_it_runs_as_a_module():
    answer = subprocess.run(
        [sys.executable, "-m", "controller.queueing", "predict", "--model", "mm1", *BASICS,
         "--json"],
        cwd=ROOT, capture_output=True, check=True, text=True,
    )  # fmt: skip
    assert json.loads(answer.stdout.splitlines()[-1])["mean_response"] == pytest.approx(5)


def examples():
    """Each `$ python -m controller.queueing predict …` of the documentation, with its output."""
    text = (ROOT / "docs" / "queueing.md").read_text().replace("\\\n", " ")
    blocks = re.findall(r"```console\n(.*?)```", text, flags=re.DOTALL)
    said = [block.split("\n", 1) for block in blocks]
    return [
        (line, out)
        for line, out in said
        if line.startswith("$ python -m controller.queueing predict")
    ]


@pytest.mark.parametrize(("line", "said"), examples(), ids=[line for line, _ in examples()])
def test_the_documentation_prints_what_the_command_prints(ask, line, said):
    status, out, err = ask(*shlex.split(line)[4:])
    assert (status, err) == (0, "")
    assert [each.rstrip() for each in out.splitlines()] == said.splitlines()


def test_the_documentation_has_an_example_of_every_model():
    named = {name for line, _ in examples() for name in re.findall(r"--model (\w+)", line)}
    assert named == {"mm1", "mmk", "mmkk", "mg1", "mgk", "ps"}
