"""A notebook in a fresh kernel, and what its cells printed."""

import math
import re
from collections.abc import Collection
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

ROOT = Path(__file__).parents[2]
NUMBER = r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?"
CELL_SECONDS = 300


def read(path: Path) -> NotebookNode:
    """The notebook in a file."""
    return nbformat.read(path, as_version=4)


def run(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """All cells in a fresh kernel that starts in the folder. Raises what a cell raises."""
    resources = {"metadata": {"path": str(folder)}}
    client = NotebookClient(
        notebook, timeout=CELL_SECONDS, kernel_name="python3", resources=resources
    )
    return client.execute()


def part(notebook: NotebookNode, cells: Collection[str]) -> NotebookNode:
    """The notebook with these cells alone, by their ids."""
    kept = [cell for cell in notebook.cells if cell.id in cells]
    return nbformat.v4.new_notebook(cells=kept, metadata=notebook.metadata)


def code(notebook: NotebookNode) -> list[NotebookNode]:
    """The cells that run."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def printed(notebook: NotebookNode, cell: str) -> str:
    """What a cell wrote, and its tables as text."""
    (found,) = [each for each in notebook.cells if each.id == cell]
    streams = [output.text for output in found.outputs if output.output_type == "stream"]
    shown = [output.data for output in found.outputs if "data" in output]
    return "\n".join([*streams, *(data.get("text/plain", "") for data in shown)])


def plots(notebook: NotebookNode) -> set[str]:
    """The cells that drew something."""
    shown = [
        (cell.id, output.get("data", {})) for cell in code(notebook) for output in cell.outputs
    ]
    return {name for name, data in shown if "image/png" in data}


def numbers(text: str) -> list[float]:
    """Every number in a text."""
    return [float(each) for each in re.findall(NUMBER, text)]


def after(text: str, words: str) -> float:
    """The first number after these words."""
    return numbers(text.split(words, 1)[1])[0]


def row(text: str, name: str) -> list[float]:
    """The numbers in the line of a table that begins with a name."""
    (line,) = [each for each in text.splitlines() if each.startswith(f"{name} ")]
    return numbers(line.removeprefix(name))


def alike(one: str, other: str) -> bool:
    """The same words, and numbers that differ no more than two processors' rounding makes them."""
    words = [re.split(NUMBER, re.sub(r"\s+", " ", text)) for text in (one, other)]
    pairs = zip(numbers(one), numbers(other), strict=False)
    return words[0] == words[1] and all(
        math.isclose(*pair, rel_tol=0.05, abs_tol=0.005) for pair in pairs
    )
