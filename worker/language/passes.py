"""One pass for several stories, and what to do where it fails."""

import logging

import torch
from transformers import PreTrainedModel

from worker import device
from worker.batching.limit import Limit
from worker.language import packing
from worker.language.context import Context
from worker.language.packing import Piece

logger = logging.getLogger(__name__)

Reading = tuple[Context, torch.Tensor]


def results(
    network: PreTrainedModel, pieces: list[Piece], limit: Limit
) -> list[Reading | Exception | None]:
    """What a pass gives; None for each where fewer are to be tried in the next turn; where it fails
    otherwise, what a pass for each one alone gives."""
    try:
        read = list(packing.read(network, pieces))
    except Exception as error:  # noqa: BLE001 - a story must never wait for an answer in vain
        if len(pieces) == 1 or device.lost(error):
            return [error] * len(pieces)
        logger.warning("reading for %d stories failed: %r", len(pieces), error)
        fewer = device.memory_ran_out(error)
    else:
        limit.went_well()
        return [*read]
    if not fewer:
        return [result for piece in pieces for result in results(network, [piece], limit)]
    device.free_memory()
    limit.too_many(len(pieces))
    logger.warning(
        "%d stories at a time for a while; a lower STORYTELLER_STORY_BATCH avoids this", limit.now
    )
    return [None] * len(pieces)
