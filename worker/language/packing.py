"""Several texts read in one forward pass: their tokens side by side, each with its own past.

Linear layers see one long row of tokens, so the weights are read from memory once for everybody.
Attention is computed for each text apart, over its own keys and values.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, PreTrainedModel

from worker.language.context import Context, Strip

PACKED = "packed"
LEAST_PIECES = 4
"""Matrix products of fewer rows are computed by other kernels, which round otherwise, so that a
text would read differently alone than in company (docs/studies/2026-11-22-story-batching)."""


@dataclass(frozen=True)
class Piece:
    """The next tokens of a text, and what stands before them."""

    before: Context
    ids: tuple[int, ...]

    @property
    def end(self) -> int:
        """The length of the text with these tokens."""
        return self.before.length + len(self.ids)


@dataclass
class _Pass:
    """One forward pass: whose tokens are where, and the strips that come of it."""

    pieces: Sequence[Piece]
    strips: list[list[Strip]]
    _masks: dict[tuple[int, int | None], torch.Tensor | None] = field(default_factory=dict)

    def mask(self, number: int, window: int | None, device: torch.device) -> torch.Tensor | None:
        """The mask of the piece of this number, made once for all layers with this window."""
        if (number, window) not in self._masks:
            self._masks[number, window] = _mask(self.pieces[number], window, device)
        return self._masks[number, window]


@torch.inference_mode()
def read(network: PreTrainedModel, pieces: Sequence[Piece]) -> list[tuple[Context, torch.Tensor]]:
    """Each piece's text with its tokens read, and the scores (vocabulary,) of what comes next.

    The network must be prepared (worker/language/prove.py). Nothing that a piece stands on is
    changed, so a pass that raises leaves every text as it was.
    """
    pieces, wanted = _filled(pieces), len(pieces)
    run = _Pass(pieces, [[] for _ in pieces])
    ends = torch.tensor([len(piece.ids) for piece in pieces]).cumsum(0) - 1
    places = [place for piece in pieces for place in range(piece.before.length, piece.end)]
    out = network(
        input_ids=_row([i for piece in pieces for i in piece.ids], network),
        position_ids=_row(places, network),
        logits_to_keep=ends.to(network.device),
        use_cache=False,
        packed_pass=run,
    )
    contexts = [Context(p.end, tuple(s)) for p, s in zip(pieces, run.strips, strict=True)]
    return list(zip(contexts, out.logits[0].float().cpu(), strict=True))[:wanted]


def _filled(pieces: Sequence[Piece]) -> Sequence[Piece]:
    return [*pieces, *[Piece(Context(), (0,))] * (LEAST_PIECES - len(pieces))]


def _row(numbers: list[int], network: PreTrainedModel) -> torch.Tensor:
    return torch.tensor([numbers], device=network.device)


def _attend(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    _mask: None,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    """transformers' attention interface, for tensors (1, heads, tokens of all texts, width)."""
    run: _Pass = options["packed_pass"]
    window: int | None = options.get("sliding_window")
    outputs, start = [], 0
    attention = partial(
        _own_attention, scaling=options.get("scaling"), softcap=options.get("softcap")
    )
    for number, piece in enumerate(run.pieces):
        own = slice(start, start + len(piece.ids))
        strip = _extended(piece, module.layer_idx, key[0, :, own], value[0, :, own])
        run.strips[number].append(strip)
        keys, values = strip.seen(_first_seen(piece, window), piece.end)
        mask = run.mask(number, window, query.device)
        outputs.append(attention(query[:, :, own], keys[None], values[None], mask))
        start = own.stop
    return torch.cat(outputs, dim=1), None


def _extended(piece: Piece, layer: int, keys: torch.Tensor, values: torch.Tensor) -> Strip:
    before = piece.before
    strip = before.strips[layer] if before.strips else Strip(keys[:, :0], values[:, :0])
    return strip.extended(before.length, keys, values)


def _own_attention(
    query: torch.Tensor,
    keys: torch.Tensor,
    values: torch.Tensor,
    mask: torch.Tensor | None,
    *,
    scaling: float | None,
    softcap: float | None,
) -> torch.Tensor:
    """(1, tokens, heads, width). One token's heads that share keys attend as if they were several
    tokens, which spares the copies of those keys."""
    _, heads, tokens, width = query.shape
    if tokens == 1:
        query = query.reshape(1, keys.shape[1], heads // keys.shape[1], width)
    if softcap is None:
        out = scaled_dot_product_attention(
            query, keys, values, attn_mask=mask, scale=scaling, enable_gqa=tokens > 1
        )
    else:
        out = _capped_attention(query, keys, values, mask, scaling or width**-0.5, softcap)
    return out.reshape(1, heads, tokens, -1).transpose(1, 2)


def _capped_attention(
    query: torch.Tensor,
    keys: torch.Tensor,
    values: torch.Tensor,
    mask: torch.Tensor | None,
    scaling: float,
    softcap: float,
) -> torch.Tensor:
    """Attention whose scores stay within ±`softcap` (Gemma 2, section 2), softmax in fp32."""
    sharing = query.shape[1] // keys.shape[1]
    keys, values = (tensor.repeat_interleave(sharing, dim=1) for tensor in (keys, values))
    scores = torch.tanh(query @ keys.mT * (scaling / softcap)) * softcap
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    return scores.softmax(-1, dtype=torch.float32).to(values.dtype) @ values


def _first_seen(piece: Piece, window: int | None) -> int:
    """The first token that any of the piece's tokens attends to."""
    return max(0, piece.before.length - window + 1) if window else 0


def _mask(piece: Piece, window: int | None, device: torch.device) -> torch.Tensor | None:
    """What each token of the piece (rows) sees of the tokens before and in it (columns): itself
    and what stands before it, within the window. One token sees everything: None."""
    if len(piece.ids) == 1:
        return None
    rows = torch.arange(piece.before.length, piece.end, device=device)[:, None]
    columns = torch.arange(_first_seen(piece, window), piece.end, device=device)[None]
    seen = columns <= rows
    return seen & (columns > rows - window) if window else seen


AttentionInterface.register(PACKED, _attend)
