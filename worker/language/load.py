"""From the setting that names a story model to the model, ready to write."""

from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig
from transformers.utils import logging as library_logging

from worker.language.model import LanguageModel
from worker.language.prepare import ModelMissing, default_model


def load_model(setting: str | None, *, home: Path, device: str = "auto") -> LanguageModel:
    """The model that `setting` names: a hub id, a transformers folder, a GGUF file; None is the
    default. `device` is auto, cpu or cuda[:n]. Raises ModelMissing, which says what to do."""
    target = choose_device(device, cuda=torch.cuda.is_available())
    where, options = _source(setting, home)
    library_logging.disable_progress_bar()
    try:
        tokenizer = AutoTokenizer.from_pretrained(where, **options)
        network = AutoModelForCausalLM.from_pretrained(
            where, dtype=_precision(target), **_unpacked(options)
        )
    except (OSError, ValueError) as error:
        raise ModelMissing(
            f"the story model {setting or where!r} cannot be loaded: {error}. Set "
            "STORYTELLER_STORY_MODEL to a hub id, a transformers folder or a GGUF file, or leave "
            "it empty for the default"
        ) from error
    return LanguageModel(setting or Path(where).name, network.to(target).eval(), tokenizer)


def choose_device(device: str, *, cuda: bool) -> str:
    """The device itself for auto, cpu or cuda[:n]; raises ModelMissing where there is no GPU."""
    if device == "auto":
        return "cuda" if cuda else "cpu"
    if device.startswith("cuda") and not cuda:
        raise ModelMissing(
            f"STORYTELLER_DEVICE is {device}, but torch sees no GPU: set it to auto or cpu"
        )
    return device


def _source(setting: str | None, home: Path) -> tuple[str, dict[str, str]]:
    """Where transformers finds the model, and the options that say which file."""
    if setting is None:
        return str(default_model(home)), {}
    path = Path(setting)
    if path.suffix != ".gguf":
        if _is_path(setting) and not path.is_dir():
            raise ModelMissing(f"there is no story model folder {setting!r}: {_REMEDY}")
        return setting, {}
    if not path.is_file():
        raise ModelMissing(f"there is no story model file {setting!r}: {_REMEDY}")
    return str(path.parent), {"gguf_file": path.name}


_REMEDY = "correct STORYTELLER_STORY_MODEL, or leave it empty for the default"


def _is_path(setting: str) -> bool:
    """A hub id is `name` or `owner/name`; anything else with a slash is a path."""
    return setting.startswith((".", "/", "~")) or setting.count("/") > 1


def _unpacked(options: dict[str, str]) -> dict[str, object]:
    """GGUF weights unpacked once: packed, every token would unpack them again."""
    if not options:
        return {}
    return {**options, "quantization_config": GgufConfig(dequantize=True)}


def _precision(device: str) -> torch.dtype:
    """bfloat16 on a CPU too: each token reads all weights once, and these are half the bytes."""
    if device.startswith("cuda") and not torch.cuda.is_bf16_supported():
        return torch.float16
    return torch.bfloat16
