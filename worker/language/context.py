"""What a network remembers of a text: keys and values, layer by layer, shared between drafts."""

from dataclasses import dataclass

import torch

ROOM = 64  # tokens by which a layer's memory grows


class Strip:
    """One layer's keys and values (heads, room, width), of which the first ones are written.

    Any number of texts share a strip as far as they agree. The first to go on writes behind what
    they share; for every other the place is taken, and it goes on in a copy.
    """

    def __init__(self, keys: torch.Tensor, values: torch.Tensor) -> None:
        self._keys = keys
        self._values = values
        self._written = 0

    def extended(self, length: int, keys: torch.Tensor, values: torch.Tensor) -> "Strip":
        """The strip that holds the first `length` tokens of this one and then `keys` and `values`
        (heads, tokens, width): this one itself where there is room and nobody went on before."""
        end = length + keys.shape[1]
        strip = self
        if self._written != length or end > self._keys.shape[1]:
            strip = self._copied(length, end)
        strip._keys[:, length:end] = keys
        strip._values[:, length:end] = values
        strip._written = end
        return strip

    def seen(self, start: int, end: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Keys and values (heads, end - start, width) of the tokens from `start` up to `end`."""
        return self._keys[:, start:end], self._values[:, start:end]

    def _copied(self, length: int, needed: int) -> "Strip":
        room = -(-needed // ROOM) * ROOM
        copy = Strip(_widened(self._keys, length, room), _widened(self._values, length, room))
        copy._written = length
        return copy


def _widened(tensor: torch.Tensor, length: int, room: int) -> torch.Tensor:
    wide = tensor.new_empty(tensor.shape[0], room, tensor.shape[2])
    wide[:, :length] = tensor[:, :length]
    return wide


@dataclass(frozen=True)
class Context:
    """A text that was read: how many tokens it has, and a strip for each layer."""

    length: int = 0
    strips: tuple[Strip, ...] = ()
