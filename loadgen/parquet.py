"""Dataclasses as a Parquet file, a typed column for each field. Needs pyarrow, which is optional.

Only what reads or writes such a file loads it.
"""

from collections.abc import Sequence
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from types import NoneType
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


def write(path: Path, kind: type, rows: Sequence[Any]) -> None:
    """Save instances of a dataclass, whole or not at all; None is null. Raises Unreadable where
    pyarrow is not installed, and OSError."""
    check()
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import parquet  # noqa: PLC0415

    part = path.with_name(f"{path.name}.part")
    table = pa.Table.from_pylist([asdict(row) for row in rows], schema=schema(kind))
    parquet.write_table(table, part)
    part.rename(path)


def read(path: Path) -> list[dict[str, Any]]:
    """The rows of a file. Raises Unreadable for what is no whole Parquet file or where pyarrow is
    not installed, and OSError."""
    check()
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import parquet  # noqa: PLC0415

    try:
        with path.open("rb") as file:
            return parquet.read_table(file).to_pylist()
    except pa.ArrowInvalid as error:
        raise Unreadable(f"it is not a whole Parquet file ({error})") from error


def schema(kind: type) -> "pa.Schema":
    """A column for each field of a dataclass; null only where its type allows None."""
    import pyarrow as pa  # noqa: PLC0415

    hints = get_type_hints(kind)
    return pa.schema(
        [pa.field(name, _column(hint), nullable=_optional(hint)) for name, hint in hints.items()]
    )


def _optional(hint: Any) -> bool:
    return NoneType in get_args(hint)


def _column(hint: Any) -> "pa.DataType":
    import pyarrow as pa  # noqa: PLC0415

    inner = [each for each in get_args(hint) if each not in (NoneType, Ellipsis)]
    if not inner:
        return pa.type_for_alias(PLAIN[hint])
    (only,) = set(inner)
    return _column(only) if _optional(hint) else pa.list_(_column(only))
