"""A loaded language model, shared by the worker's threads and used by one at a time."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

Interrupted = Callable[[], BaseException | None]

LOCK_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class LanguageModel:
    """Network and tokenizer, with the lock that keeps generations apart.

    `remembered` holds what stands before every story, already read; it is touched under the lock.
    """

    name: str
    network: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    lock: threading.Lock = field(default_factory=threading.Lock)
    remembered: dict[str, Any] = field(default_factory=dict)

    @property
    def device(self) -> torch.device:
        """Where the network computes."""
        return self.network.device

    @property
    def chats(self) -> bool:
        """Whether the model follows instructions (its tokenizer has a chat template)."""
        return bool(self.tokenizer.chat_template)

    @property
    def ends(self) -> frozenset[int]:
        """Token ids that end a text or a turn."""
        named = self.network.generation_config.eos_token_id
        listed = named if isinstance(named, list) else [named]
        return frozenset(i for i in (*listed, self.tokenizer.eos_token_id) if i is not None)

    @contextmanager
    def held(self, interrupted: Interrupted) -> Iterator[None]:
        """Have the model to oneself; raises what `interrupted` returns, while waiting too."""
        while not self.lock.acquire(timeout=LOCK_POLL_SECONDS):
            stop_if(interrupted)
        try:
            yield
        finally:
            self.lock.release()


def stop_if(interrupted: Interrupted) -> None:
    """Raise what `interrupted` returns, if anything."""
    if (reason := interrupted()) is not None:
        raise reason
