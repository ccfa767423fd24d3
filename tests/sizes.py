"""Sizes that keep the code readable: `python -m tests.sizes` exits 1 naming what has grown.

A file has at most 300 lines and a function at most 50.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

FILE_LINES = 300
FUNCTION_LINES = 50
VAGUE = {"utils", "util", "helpers", "helper", "common", "core", "base", "manager", "misc"}


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Each function of a file with its length in lines."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def complaints(path: Path) -> Iterator[str]:
    """What is wrong with one file."""
    lines = len(path.read_text().splitlines())
    if lines > FILE_LINES:
        yield f"{path}: {lines} lines, more than {FILE_LINES}: it wants another room"
    if VAGUE & {path.stem, *path.parent.parts}:
        yield f"{path}: the name says nothing about what is in it"
    for name, length in functions(path):
        if length > FUNCTION_LINES:
            yield f"{path}: {name} has {length} lines, more than {FUNCTION_LINES}"


def tracked() -> list[Path]:
    """The Python files under version control."""
    listing = subprocess.run(
        ["git", "ls-files", "*.py"], capture_output=True, text=True, check=True
    )
    return [path for line in listing.stdout.splitlines() if (path := Path(line)).exists()]


def main() -> int:
    """Print every complaint; 1 if there is one."""
    found = [complaint for path in tracked() for complaint in complaints(path)]
    print("\n".join(found), file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
