"""A loaded language model, shared by the threads in which stories are written."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from worker.language.context import Context
from worker.language.decoder import Decoder, Interrupted, Reading

LOCK_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class LanguageModel:
    """Network and tokenizer, and the decoder that reads for all stories.

    `network` must be prepared for packing (worker/language/packing.py). `remembered` holds what
    stands before every story, already read.
    """

    name: str
    network: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    decoder: Decoder = field(default_factory=Decoder)
    lock: threading.Lock = field(default_factory=threading.Lock)
    remembered: dict[str, Reading] = field(default_factory=dict)

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

    def read(self, before: Context, ids: Sequence[int], interrupted: Interrupted) -> Reading:
        """See Decoder.read."""
        return self.decoder.read(self.network, before, ids, interrupted)

    def opening(self, text: str, interrupted: Interrupted) -> Reading:
        """The reading of a text that stands before every story, which is read the first time only.

        Whoever comes meanwhile waits, and raises what `interrupted` returns.
        """
        with self._held(interrupted):
            if text not in self.remembered:
                ids = self.tokenizer.encode(text)
                with self.decoder.seat():
                    self.remembered[text] = self.read(Context(), ids, interrupted)
            return self.remembered[text]

    @contextmanager
    def _held(self, interrupted: Interrupted) -> Iterator[None]:
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
