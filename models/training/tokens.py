"""A CLIPTokenizer whose known words are one token each.

Merges build every word from its last letter to its first. Only the last letter carries the
end-of-word mark, so no merge ever joins letters inside another word, and every known word ends
as one token. An unknown word ends as a few letter tokens: it never breaks a prompt.
"""

from transformers import CLIPTokenizer

from models.training.presets import TEXT_TOKENS
from models.training.words import LETTERS, known_words

BEGIN, END, UNKNOWN = "<|startoftext|>", "<|endoftext|>", "<|unknown|>"
SYMBOLS = tuple("0123456789.,!?'\"-:;()")
WORD_END = "</w>"


def _merges(word: str) -> list[tuple[str, str]]:
    """The merges that build a word from its end: ("o", "x</w>"), ("f", "ox</w>")."""
    return [(word[start], word[start + 1 :] + WORD_END) for start in range(len(word) - 2, -1, -1)]


def build() -> CLIPTokenizer:
    """The tokenizer of all known words, letters and marks."""
    merges = list(dict.fromkeys(merge for word in known_words() for merge in _merges(word)))
    single = [*LETTERS, *SYMBOLS]
    pieces = [*single, *(piece + WORD_END for piece in single), *("".join(m) for m in merges)]
    vocab = {token: index for index, token in enumerate((BEGIN, END, UNKNOWN, *pieces))}
    return CLIPTokenizer(
        vocab=vocab,
        merges=merges,
        unk_token=UNKNOWN,
        bos_token=BEGIN,
        eos_token=END,
        pad_token=END,
        model_max_length=TEXT_TOKENS,
    )
