"""`pack`: a study's records a request, gzipped, so that the study is small enough to keep."""

import argparse
import gzip
from pathlib import Path
from typing import Any

ENDING = ".jsonl"


class NoStudy(ValueError):
    """There is no such folder."""


def add(subparsers: Any) -> None:
    """Register the command; `run(options)` prints its findings and returns them for JSON."""
    parser = subparsers.add_parser("pack", help="gzip the records of a study", description=__doc__)
    parser.add_argument("study", type=Path, help="its folder")
    parser.add_argument("--json", action="store_true", help="the last line is one JSON object")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Raises NoStudy where there is none."""
    if not options.study.is_dir():
        raise NoStudy(f"{options.study} is no folder: name that of a study")
    packed = pack(options.study)
    print(f"packed {len(packed)} files in {options.study}")
    return {"packed": [str(path.relative_to(options.study)) for path in packed]}


def pack(folder: Path) -> list[Path]:
    """Replace each NAME.jsonl below `folder` by NAME.jsonl.gz; those files."""
    found = sorted(folder.rglob(f"*{ENDING}"))
    return [_packed(path) for path in found]


def _packed(path: Path) -> Path:
    """Equal records give equal files: neither time nor name is kept in them."""
    target, part = path.with_name(f"{path.name}.gz"), path.with_name(f"{path.name}.gz.part")
    part.write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    part.replace(target)
    path.unlink()
    return target
