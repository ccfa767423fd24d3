"""Muon: momentum whose update is made orthogonal (Jordan et al. 2024), for convolutions too."""

from collections.abc import Iterable

import torch
from torch import nn

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
ITERATIONS = 5


def orthogonal(matrix: torch.Tensor) -> torch.Tensor:
    """Nearly the closest matrix of singular values 1, by the quintic Newton–Schulz iteration."""
    a, b, c = COEFFICIENTS
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.bfloat16()
    x = x.T if tall else x
    x = x / (x.norm() + 1e-7)
    for _ in range(ITERATIONS):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return (x.T if tall else x).to(matrix.dtype)


class Muon(torch.optim.Optimizer):
    """Steps kernels [out, in, ...] as matrices [out, rest] along their orthogonal momentum."""

    def __init__(self, params: Iterable[nn.Parameter], lr: float, momentum: float = 0.95) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self) -> None:
        """Moves every parameter that has a gradient."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._move(parameter, group["lr"], group["momentum"])

    def _move(self, parameter: nn.Parameter, rate: float, momentum: float) -> None:
        state = self.state[parameter]
        mean = state.setdefault("mean", torch.zeros_like(parameter))
        mean.lerp_(parameter.grad, 1 - momentum)
        ahead = parameter.grad.lerp(mean, momentum)
        update = orthogonal(ahead.reshape(len(ahead), -1))
        scale = max(1, update.shape[0] / update.shape[1]) ** 0.5
        parameter.add_(update.view_as(parameter), alpha=-rate * scale)


def split(parameters: Iterable[nn.Parameter]) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """Kernels that Muon suits, and the rest: biases, norms, the layers at either end."""
    listed = list(parameters)
    suited = [each.ndim == 4 and min(each.shape[:2]) > 4 for each in listed]
    pairs = list(zip(listed, suited, strict=True))
    return [each for each, fits in pairs if fits], [each for each, fits in pairs if not fits]
