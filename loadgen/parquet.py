"""Dataclasses as a Parquet file, a typed column for each field. Needs pyarrow, which is optional.

Only what reads or writes such a file loads it.
"""

from collections.abc import Sequence
from dataclasses import asdict
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, NoneType
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

if TYPE_CHECKING:
    import pyarrow as pa

PLAIN = {bool: "bool", int: "int64", float: "float64", str: "string"}


class Unreadable(ValueError):
    """A Parquet file cannot be read or written here; says why, and what to do."""


def check() -> None:
    """Raises Unreadable where pyarrow is not installed."""
    if find_spec("pyarrow") is None:
        raise Unreadable("Parquet needs pyarrow: pip install pyarrow (the extra `parquet`)")


def _library() -> tuple[ModuleType, ModuleType]:
    """pyarrow and what it has for such files, loaded where they are wanted first."""
    check()
    return import_module("pyarrow"), import_module("pyarrow.parquet")


def write(path: Path, kind: type, rows: Sequence[Any]) -> None:
    """Save instances of a dataclass, whole or not at all; None is null. Raises Unreadable where
    pyarrow is not installed, and OSError."""
    arrow, files = _library()
    part = path.with_name(f"{path.name}.part")
    table = arrow.Table.from_pylist([asdict(row) for row in rows], schema=schema(kind))
    files.write_table(table, part)
    part.rename(path)


def read(path: Path) -> list[dict[str, Any]]:
    """The rows of a file. Raises Unreadable for what is no whole Parquet file or where pyarrow is
    not installed, and OSError."""
    arrow, files = _library()
    try:
        with path.open("rb") as file:
            return files.read_table(file).to_pylist()
    except arrow.ArrowInvalid as error:
        raise Unreadable(f"it is not a whole Parquet file ({error})") from error


def schema(kind: type) -> "pa.Schema":
    """A column for each field of a dataclass; null only where its type allows None."""
    arrow, _ = _library()
    hints = get_type_hints(kind)
    return arrow.schema(
        [
            arrow.field(name, _column(hint, arrow), nullable=_optional(hint))
            for name, hint in hints.items()
        ]
    )


def _optional(hint: Any) -> bool:
    return NoneType in get_args(hint)


def _column(hint: Any, arrow: ModuleType) -> "pa.DataType":
    inner = [each for each in get_args(hint) if each not in (NoneType, Ellipsis)]
    if not inner:
        return arrow.type_for_alias(PLAIN[hint])
    (only,) = set(inner)
    found = _column(only, arrow)
    return found if _optional(hint) else arrow.list_(found)
