"""How far two successive predictions of the clean latent agree, for a batch at once."""

import torch
from torch import Tensor


def relative_change(previous: Tensor, current: Tensor) -> Tensor:
    """‖current - previous‖ / ‖current‖ of each image (Euclidean norms), (n,).

    Both are (n, channels, height, width) and finite.
    """
    change = torch.linalg.vector_norm((current - previous).flatten(1), dim=1)
    size = torch.linalg.vector_norm(current.flatten(1), dim=1)
    return change / size.clamp_min(torch.finfo(size.dtype).tiny)


def mutual_information(previous: Tensor, current: Tensor, bins: int | None = None) -> Tensor:
    """2 I(X;Y) / (H(X) + H(Y)) of each image, (n,): 0 for independent values, 1 for a bijection.

    X and Y are the values of the two latents at the same place, all channels together, in `bins`
    cells of equal width between the smallest and the largest value of the pair. The symmetric
    uncertainty U (Press et al., Numerical Recipes in C, 2nd ed., §14.4) is the normalised mutual
    information (H(X) + H(Y)) / H(X,Y) of Studholme et al. (1999) brought to 0…1: that is
    2 / (2 - U). Where both latents are constant, each determines the other: 1.

    Independent values measure above 0, by about (bins - 1)² / 2N nats of N values (Miller 1955):
    with the default `bins` a tenth of their entropy in a latent of 8×8×4, 2 % in one of 64×64×4.
    Fewer bins would err less there, and tell worse how nearly equal two late predictions are.
    Both latents are (n, channels, height, width) and finite.
    """
    x, y = previous.flatten(1), current.flatten(1)
    bins = cells(x.shape[1]) if bins is None else bins
    joint = _joint(x, y, bins) / x.shape[1]
    first, second = _entropy(joint.sum(2)), _entropy(joint.sum(1))
    shared = first + second - _entropy(joint.flatten(1))
    whole = first + second
    return torch.where(whole > 0, 2 * shared / whole, 1.0).clamp(0, 1)


def cells(values: int) -> int:
    """Bins for so many values by Rice's rule: 12 for a latent of 8×8×4, 50 for 64×64×4."""
    return max(2, int(2 * values ** (1 / 3)))


def _joint(x: Tensor, y: Tensor, bins: int) -> Tensor:
    """How many places fall into each pair of cells, (n, bins, bins)."""
    low = torch.minimum(x.amin(1), y.amin(1))[:, None]
    high = torch.maximum(x.amax(1), y.amax(1))[:, None]
    scale = bins / (high - low).clamp_min(torch.finfo(x.dtype).tiny)
    row, column = (((each - low) * scale).long().clamp_(0, bins - 1) for each in (x, y))
    image = torch.arange(len(x), device=x.device)[:, None]
    places = ((image * bins + row) * bins + column).flatten()
    return torch.bincount(places, minlength=len(x) * bins**2).reshape(len(x), bins, bins)


def _entropy(shares: Tensor) -> Tensor:
    """Shannon entropy in nats of each row of (n, outcomes)."""
    return torch.special.entr(shares).sum(1)
