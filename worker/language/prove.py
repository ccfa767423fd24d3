"""Whether a network reads packed texts as it reads each of them alone."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch.nn.functional import cosine_similarity
from transformers import PreTrainedModel

from worker.language import packing
from worker.language.context import Context
from worker.language.packing import PACKED, Piece

ALIKE = 0.99  # cosine of two rows of scores; half precision rounds them differently
LENGTHS = (9, 6)


class Unpackable(ValueError):
    """A network whose texts cannot be read side by side."""


def prepared(network: PreTrainedModel) -> PreTrainedModel:
    """The network, set to read packed texts and nothing else.

    Two short texts prove it. Raises Unpackable for an architecture that keeps something other than
    keys and values (a recurrent one), or attends in a way that transformers' attention interface
    does not show.
    """
    with _each_token_by_itself(network):
        _prove(network)
    return network


def _prove(network: PreTrainedModel) -> None:
    texts = [_some_ids(length, network.config.get_text_config().vocab_size) for length in LENGTHS]
    alone = [_alone(network, text) for text in texts]
    network.set_attn_implementation(PACKED)
    try:
        together = _together(network, texts)
    except Exception as error:
        raise Unpackable(_told(network, str(error))) from error
    for own, packed in zip(alone, together, strict=True):
        if not cosine_similarity(own - own.mean(), packed - packed.mean(), dim=0) > ALIKE:
            raise Unpackable(_told(network, "it reads them otherwise than each alone"))


@contextmanager
def _each_token_by_itself(network: PreTrainedModel) -> Iterator[None]:
    """int8 layers look for outliers over all tokens of a pass (arXiv 2208.07339, section 3.2), and
    so read a text otherwise in company, however it is packed. Within the block they look for none.
    """
    states = [getattr(module, "state", None) for module in network.modules()]
    thresholds = [(state, state.threshold) for state in states if hasattr(state, "threshold")]
    for state, _ in thresholds:
        state.threshold = 0.0
    try:
        yield
    finally:
        for state, threshold in thresholds:
            state.threshold = threshold


def _some_ids(length: int, vocabulary: int) -> tuple[int, ...]:
    return tuple((7 * place + length) % vocabulary for place in range(length))


@torch.inference_mode()
def _alone(network: PreTrainedModel, text: tuple[int, ...]) -> torch.Tensor:
    ids = torch.tensor([text], device=network.device)
    return network(input_ids=ids, use_cache=False).logits[0, -1].float().cpu()


def _together(network: PreTrainedModel, texts: list[tuple[int, ...]]) -> list[torch.Tensor]:
    """Both texts in one pass, and in a second one their last tokens."""
    begun = packing.read(network, [Piece(Context(), text[:-1]) for text in texts])
    ends = [Piece(context, text[-1:]) for (context, _), text in zip(begun, texts, strict=True)]
    return [scores for _, scores in packing.read(network, ends)]


def _told(network: PreTrainedModel, why: str) -> str:
    return (
        f"{type(network).__name__} cannot read several texts side by side: {why}. Choose a model "
        "with plain causal attention, such as Gemma, Llama, Mistral, Qwen or SmolLM"
    )
