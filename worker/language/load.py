"""From the setting that names a story model to the model, ready to write, at any precision."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import torch
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    BitsAndBytesConfig,
    GgufConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.utils import logging as library_logging

from worker import chatter
from worker.language.decoder import Decoder
from worker.language.model import LanguageModel
from worker.language.prepare import ModelMissing, default_model
from worker.language.prove import prepared
from worker.precision import DTYPES, QUANTIZED, check_precision
from worker.variants import Variants, footprint

_REMEDY = "correct STORYTELLER_STORY_MODEL, or leave it empty for the default"


@dataclass(frozen=True)
class Source:
    """A story model as the settings name it, and the device that it is to compute on.

    Models at several precisions share the tokenizer, and the decoder's one thread.
    """

    name: str
    where: str
    options: Mapping[str, str]
    device: torch.device
    decoder: Decoder = field(default_factory=Decoder)

    @classmethod
    def named(cls, setting: str | None, *, home: Path, device: str = "auto") -> Self:
        """What `setting` names: a hub id, a transformers folder, a GGUF file; None is the default.

        `device` is auto, cpu or cuda[:n]. Raises ModelMissing, which says what to do.
        """
        target = choose_device(device, cuda=torch.cuda.is_available())
        where, options = _found(setting, home)
        return cls(setting or Path(where).name, where, options, torch.device(target))

    @property
    def usual(self) -> str:
        """The precision that `auto` stands for: bf16, on a CPU too, because each pass reads all
        weights and these are half the bytes; fp16 on a GPU that has no bf16."""
        cuda = self.device.type == "cuda"
        return "fp16" if cuda and not torch.cuda.is_bf16_supported() else "bf16"

    def resolved(self, precision: str) -> str:
        """The precision itself, or the usual one for `auto`."""
        return self.usual if precision == "auto" else precision

    def check(self, precision: str) -> None:
        """ValueError says why the model cannot compute with `precision` here, and what it can."""
        check_precision(precision, self.device)
        if self.options and precision in QUANTIZED:
            raise ValueError(
                f"{precision} cannot be had of a GGUF file, whose weights were made small in "
                f"another way. Of {self.name} these can be had: auto, {', '.join(DTYPES)}."
            )

    def load(self, precision: str = "auto") -> LanguageModel:
        """The model, computing with `precision`. Raises ModelMissing, which says what to do."""
        library_logging.disable_progress_bar()
        try:
            network = self._network(self.resolved(precision))
            return LanguageModel(self.name, network, self._tokenizer, self.decoder)
        except (OSError, ValueError) as error:
            raise ModelMissing(
                f"the story model {self.name!r} cannot be loaded: {error}. Set "
                "STORYTELLER_STORY_MODEL to a hub id, a transformers folder or a GGUF file, or "
                "leave it empty for the default"
            ) from error

    def variants(self, budget_bytes: int = 0, base: str = "auto") -> Variants[LanguageModel]:
        """The model at whatever precision is wanted, within a budget of memory (0: no limit), in
        which `base` is never forgotten."""
        return Variants(
            self.load,
            budget_bytes,
            base=self.resolved(base),
            measure=lambda model: footprint(model.network),
        )

    @cached_property
    def _tokenizer(self) -> PreTrainedTokenizerBase:
        return AutoTokenizer.from_pretrained(self.where, **self.options)

    def _network(self, precision: str) -> PreTrainedModel:
        dtype = DTYPES[self.usual if precision in QUANTIZED else precision]
        network = AutoModelForCausalLM.from_pretrained(
            self.where, dtype=dtype, **self._packing(precision)
        )
        if precision not in QUANTIZED:
            network = network.to(self.device)
        return prepared(network.eval())

    def _packing(self, precision: str) -> dict[str, Any]:
        """How the weights are kept. GGUF's are unpacked once: packed, every token would unpack
        them again."""
        if precision in QUANTIZED:
            chatter.quiet()
            return {
                "device_map": {"": str(self.device)},
                "quantization_config": _small(precision, DTYPES[self.usual]),
            }
        if self.options:
            return {**self.options, "quantization_config": GgufConfig(dequantize=True)}
        return {}


def load_model(setting: str | None, *, home: Path, device: str = "auto") -> LanguageModel:
    """The model that `setting` names, at its usual precision: see Source."""
    return Source.named(setting, home=home, device=device).load()


def choose_device(device: str, *, cuda: bool) -> str:
    """The device itself for auto, cpu or cuda[:n]; raises ModelMissing where there is no GPU."""
    if device == "auto":
        return "cuda" if cuda else "cpu"
    if device.startswith("cuda") and not cuda:
        raise ModelMissing(
            f"STORYTELLER_DEVICE is {device}, but torch sees no GPU: set it to auto or cpu"
        )
    return device


def _small(precision: str, compute: torch.dtype) -> BitsAndBytesConfig:
    if precision == "int8":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=compute
    )


def _found(setting: str | None, home: Path) -> tuple[str, dict[str, str]]:
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


def _is_path(setting: str) -> bool:
    """A hub id is `name` or `owner/name`; anything else with a slash is a path."""
    return setting.startswith((".", "/", "~")) or setting.count("/") > 1
