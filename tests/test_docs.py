"""What the documentation names must be there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))


def _id(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _commands(text: str) -> str:
    """Only what a reader is told to type: code blocks and inline code."""
    blocks = re.findall(r"```(?:sh|bash|console)?\n(.*?)```", text, flags=re.DOTALL)
    inline = re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text)
    indented = re.findall(r"^ {4}(.+)$", text, flags=re.MULTILINE)
    return "\n".join([*blocks, *inline, *indented])


@pytest.mark.parametrize("document", DOCUMENTS, ids=_id)
def test_every_make_target_exists(document: Path) -> None:
    named = set(re.findall(r"^\s*make ([a-z-]+)", _commands(document.read_text()), re.MULTILINE))
    assert named <= TARGETS


@pytest.mark.parametrize("document", DOCUMENTS, ids=_id)
def test_every_module_can_be_run(document: Path) -> None:
    modules = set(re.findall(r"python -m ([a-z_.]+)", _commands(document.read_text())))
    missing = [
        name
        for name in modules - {"venv", "pip", "pytest"}
        if not (ROOT / Path(*name.split("."))).with_suffix(".py").exists()
        and not (ROOT / Path(*name.split(".")) / "__main__.py").exists()
    ]
    assert not missing


@pytest.mark.parametrize("document", DOCUMENTS, ids=_id)
def test_every_link_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", document.read_text())
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_the_architecture_names_files_that_exist() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    folders = ("services/", "worker/", "controller/", "stack/", "models/", "tests/")
    named = [path for path in re.findall(r"`([\w/.]+)`", text) if path.startswith(folders)]
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("module", ["stack", "worker", "controller", "loadgen"])
def test_every_command_explains_itself(module: str) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", module, "--help"],
        cwd=ROOT,
        capture_output=True,
        check=False,
        text=True,
    )
    assert answer.returncode == 0, answer.stderr
    assert "usage" in answer.stdout


def test_the_profile_that_ships_is_the_one_of_its_study() -> None:
    study = ROOT / "docs/studies/2026-11-22-profile/profile.json"
    assert (ROOT / "profiles/two-cores.json").read_bytes() == study.read_bytes()
