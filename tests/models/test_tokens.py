"""The tokenizer: known words are whole, and nothing breaks it."""

from pathlib import Path

import pytest
from transformers import CLIPTokenizer

from models.training import tokens, words
from models.training.presets import TEXT_TOKENS

SHIPPED = Path(__file__).parents[2] / "models" / "illustrator" / "tokenizer"


@pytest.fixture(scope="module")
def tokenizer() -> CLIPTokenizer:
    return tokens.build()


def test_every_known_word_is_one_token(tokenizer: CLIPTokenizer) -> None:
    split = [word for word in words.known_words() if len(tokenizer(word).input_ids) != 3]
    assert split == []


@pytest.mark.parametrize("text", ["Fox", "FOX", " fox ", "fox,"])
def test_case_and_marks_do_not_hide_a_word(tokenizer: CLIPTokenizer, text: str) -> None:
    (fox,) = tokenizer("fox").input_ids[1:-1]
    assert tokenizer(text).input_ids[1] == fox


def test_an_unknown_word_leaves_its_neighbours_whole(tokenizer: CLIPTokenizer) -> None:
    known = tokenizer("a fox in the forest").input_ids[1:-1]
    mixed = tokenizer("a fox zzyzxly in the forest").input_ids[1:-1]
    assert mixed[:2] == known[:2]
    assert mixed[-3:] == known[-3:]
    assert len(mixed) > len(known)


@pytest.mark.parametrize(
    "text", ["", "狐 狸", "ünïcode 🦊", "\x00\n\t", "x" * 10_000, "<|endoftext|>"]
)
def test_nothing_breaks_it(tokenizer: CLIPTokenizer, text: str) -> None:
    batch = tokenizer([text], padding="max_length", truncation=True)
    assert len(batch.input_ids[0]) == TEXT_TOKENS
    assert max(batch.input_ids[0]) < len(tokenizer)


def test_the_shipped_tokenizer_is_the_one_that_the_code_builds(tokenizer: CLIPTokenizer) -> None:
    shipped = CLIPTokenizer.from_pretrained(SHIPPED)
    assert shipped.get_vocab() == tokenizer.get_vocab()
    for text in ("Once a little fox walked into the forest at night.", "qwertyfox, 42!"):
        assert shipped(text).input_ids == tokenizer(text).input_ids
    assert shipped.model_max_length == TEXT_TOKENS
