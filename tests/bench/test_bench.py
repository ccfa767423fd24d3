"""`python -m bench` from the command line: what it prints, not how fast anything is."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from bench.__main__ import main
from tests.conftest import ROOT, missing


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it until it ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        output, log = process.communicate(timeout=240)
    finally:
        process.terminate()  # not kill: it has servers to stop
        process.wait(30)
    return subprocess.CompletedProcess(process.args, process.returncode, output, log)


@pytest.fixture(scope="module")
def answer(
    tiny15: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[subprocess.CompletedProcess[str], Path]:
    """A run with the tiny checkpoint, and the folder of its records."""
    if find_spec("litserve") is None:
        missing("litserve", "`pip install .[bench]`")
    out = tmp_path_factory.mktemp("records")
    run = bench(
        "--scene", "a,e,g", "--tiny", "--quick", "--precision", "fp32",
        "--model", str(tiny15), "--cap", "2", "--out", str(out),
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-4000:]
    return run, out


def result(run: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The last line of the output."""
    return json.loads(run.stdout.splitlines()[-1])


def test_the_last_line_is_one_json_object_with_every_scene(answer: Any) -> None:
    found = result(answer[0])
    assert found["scenes"] == ["a", "e", "g"]
    assert {finding["scene"] for finding in found["findings"]} == set(found["scenes"])
    assert all(finding["value"] > 0 for finding in found["findings"])
    assert found["machine"]["cores"] >= 1
    quotients = {
        (finding["scene"], finding["what"].split(" / ")[1].split(",")[0]): finding
        for finding in found["findings"]
        if finding["what"].startswith("engine / ")
    }
    wanted = {("a", "pipeline"), ("a", "litserve"), ("a", "floor"), ("g", "pipeline")}
    assert set(quotients) == wanted
    for finding in quotients.values():
        target = finding["target"]
        if target is None:
            assert finding["met"] is None
        elif target["demand"] == "at most":
            assert finding["met"] is (finding["value"] <= target["value"])
        else:
            assert finding["met"] is (finding["value"] >= target["value"])


def test_the_table_has_a_line_for_each_finding(answer: Any) -> None:
    *table, _ = answer[0].stdout.splitlines()
    assert len(table) == 2 + len(result(answer[0])["findings"])
    assert table[0].replace("|", " ").split() == ["scene", "what", "value", "target", "met"]


def test_small_weights_are_smaller(answer: Any) -> None:
    found = result(answer[0])["findings"]
    sizes = [f["value"] for f in found if f["scene"] == "g" and f["what"].endswith("weights")]
    full, eight_bits, four_bits = sizes
    assert full > eight_bits > four_bits


def test_every_finding_rests_on_recorded_measurements(answer: Any) -> None:
    lines = (answer[1] / "records.jsonl").read_text().splitlines()
    kept = [json.loads(line) for line in lines]
    assert {record["scene"] for record in kept} == {"a", "e", "g"}
    assert all(record["values"] for record in kept)
    contenders = {record["contender"] for record in kept if record["scene"] == "a"}
    assert contenders == {
        "engine",
        "pipeline, threads 1",
        "pipeline, threads 2",
        "litserve",
        "floor",
    }


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--scene", "a,z"), "choose from a,b,c,d,e,f,g,h"),
        (("--scene", "g"), "--tiny"),
        (("--precision", "int4"), "bf16"),
        (("--device", "cuda:7"), "use cpu"),
    ],
)
def test_what_cannot_be_measured_is_refused_with_what_can(
    arguments: tuple[str, ...],
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["bench", *arguments])
    with pytest.raises(SystemExit) as refusal:
        main()
    assert refusal.value.code == 2
    assert says in capsys.readouterr().err
