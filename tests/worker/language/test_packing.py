"""Texts read side by side, against transformers' own forward pass over each of them alone."""

import random
from functools import partial

import pytest
import torch
from transformers import DynamicCache, PreTrainedModel

from tests.worker.language.tiny import tiny_gemma, tiny_network
from worker.language import packing
from worker.language.context import ROOM, Context
from worker.language.packing import Piece
from worker.language.prove import prepared

VOCABULARY = 200
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(
    params=[tiny_gemma, tiny_network, partial(tiny_network, heads=4, keys=2)],
    ids=["gemma-3", "llama", "llama with shared keys"],
)
def network(request: pytest.FixtureRequest) -> PreTrainedModel:
    return prepared(request.param(VOCABULARY))


def _text(seed: int, length: int) -> tuple[int, ...]:
    return tuple(random.Random(seed).choices(range(3, VOCABULARY), k=length))


@torch.inference_mode()
def _expected(network: PreTrainedModel, text: tuple[int, ...]) -> torch.Tensor:
    """The scores after every token of a text, by transformers with its own attention and cache."""
    network.set_attn_implementation("sdpa")
    cache = DynamicCache(config=network.config)
    half = len(text) // 2
    rows = [
        network(input_ids=torch.tensor([part]), past_key_values=cache).logits[0]
        for part in (text[:half], text[half:])
    ]
    network.set_attn_implementation(packing.PACKED)
    return torch.cat(rows)


def _read(network: PreTrainedModel, context: Context, ids: tuple[int, ...]) -> tuple:
    return packing.read(network, [Piece(context, ids)])[0]


def test_a_text_alone_in_pieces_of_any_size(network: PreTrainedModel) -> None:
    text = _text(1, 2 * ROOM + 9)
    expected, context, at = _expected(network, text), Context(), 0
    for size in (3, 1, 1, 20, 1, ROOM, 7, 1, 1):
        context, scores = _read(network, context, text[at : at + size])
        at += size
        torch.testing.assert_close(scores, expected[at - 1], rtol=0, atol=1e-4)
    assert context.length == at


def test_texts_that_join_leave_and_read_pieces_of_many_sizes_together(
    network: PreTrainedModel,
) -> None:
    texts = [_text(seed, length) for seed, length in enumerate((90, 40, 61, 17))]
    expected = [_expected(network, text) for text in texts]
    contexts, chance = [Context()] * len(texts), random.Random(5)
    while going := [i for i, text in enumerate(texts) if contexts[i].length < len(text)]:
        taking = [i for i in going if chance.random() < 0.8] or going
        pieces = []
        for i in taking:
            start, size = contexts[i].length, chance.choice((1, 1, 1, 4, 13))
            pieces.append(Piece(contexts[i], texts[i][start : start + size]))
        for i, (context, scores) in zip(taking, packing.read(network, pieces), strict=True):
            contexts[i] = context
            wanted = expected[i][context.length - 1]
            torch.testing.assert_close(scores, wanted, rtol=0, atol=1e-4)


def test_drafts_of_one_text_go_on_apart_from_each_other_and_from_it(
    network: PreTrainedModel,
) -> None:
    start, ends = _text(7, 30), [_text(seed, 12) for seed in (8, 9, 10)]
    begun, _ = _read(network, Context(), start)
    drafts = [begun] * len(ends)
    for at in range(12):
        pieces = [Piece(draft, (end[at],)) for draft, end in zip(drafts, ends, strict=True)]
        read = packing.read(network, pieces)
        drafts = [context for context, _ in read]
    for (_, scores), end in zip(read, ends, strict=True):
        expected = _expected(network, start + end)[-1]
        torch.testing.assert_close(scores, expected, rtol=0, atol=1e-4)
    _, scores = _read(network, begun, (5,))
    torch.testing.assert_close(scores, _expected(network, (*start, 5))[-1], rtol=0, atol=1e-4)


def test_a_pass_that_fails_halfway_leaves_the_texts_as_they_were(
    network: PreTrainedModel,
) -> None:
    text = _text(11, 20)
    begun, _ = _read(network, Context(), text[:10])

    def fail(*_: object) -> None:
        raise MemoryError("in the last layer")

    hook = network.model.layers[-1].register_forward_hook(fail)
    with pytest.raises(MemoryError):
        _read(network, begun, (9, 9, 9))
    hook.remove()
    _, scores = _read(network, begun, text[10:])
    torch.testing.assert_close(scores, _expected(network, text)[-1], rtol=0, atol=1e-4)


def test_the_first_draft_writes_where_its_text_ends_and_the_next_one_in_a_copy(
    network: PreTrainedModel,
) -> None:
    begun, _ = _read(network, Context(), _text(12, 10))
    first, _ = _read(network, begun, (3,))
    second, _ = _read(network, begun, (4,))
    assert first.strips[0] is begun.strips[0]
    assert second.strips[0] is not begun.strips[0]
