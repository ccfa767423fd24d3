"""What steady states of chains say: figures of `states`, shape (tables, depths, levels), as
`hysteresis.solve` finds them."""

import numpy as np
from numpy.typing import NDArray

from controller.queueing.levels.chain import Blocks, Chain, Tables


def mean_number(states: Blocks) -> NDArray[np.float64]:
    """Jobs outstanding at a random moment, by chain."""
    return np.einsum("cni,n->c", states, np.arange(float(states.shape[1])))


def job_shares(chain: Chain, states: Blocks) -> NDArray[np.float64]:
    """Share of the completed jobs by the level in force then, shape (tables, levels); of the time
    where no job comes."""
    if chain.arrival_rate == 0:
        return states.sum(axis=1)
    states = _folded(chain, states)
    served = np.einsum("cni,ni->ci", states, _rates(chain, states.shape[1]))
    return served / served.sum(axis=1, keepdims=True)


def switch_rate(chain: Chain, states: Blocks) -> NDArray[np.float64]:
    """Changes of level a second, by chain."""
    states = _folded(chain, states)
    depths = np.arange(states.shape[1])
    if chain.clock:
        return chain.clock * (states * _changes(chain, depths)).sum(axis=(1, 2))
    rising = chain.arrival_rate * _changes(chain, depths + 1)
    falling = _rates(chain, len(depths)) * _changes(chain, np.maximum(depths - 1, 0))
    return (states * (rising + falling)).sum(axis=(1, 2))


def found(chain: Chain, states: Blocks, capacity: int | None) -> Blocks:
    """What an accepted job finds outstanding, and the level in force once it has arrived."""
    states = states if capacity is None else states[:, :capacity]
    states = states / states.sum(axis=(1, 2), keepdims=True)
    if chain.clock:
        return states
    goes = _levels_at(chain, np.arange(states.shape[1]) + 1)
    places = np.arange(0, states.size, states.shape[2]).reshape(*states.shape[:2], 1) + goes
    gathered = np.bincount(places.ravel(), states.ravel(), minlength=states.size)
    return gathered.reshape(states.shape)


def _folded(chain: Chain, states: Blocks) -> Blocks:
    """The states with those beyond the depth from which rates and moves stay the same as one."""
    deep = len(chain.service_rates)
    rest = states[:, deep:].sum(axis=1, keepdims=True)
    return np.concatenate([states[:, :deep], rest], axis=1)


def _rates(chain: Chain, depths: int) -> NDArray[np.float64]:
    return chain.service_rates[np.minimum(np.arange(depths), len(chain.service_rates) - 1)]


def _levels_at(chain: Chain, depths: NDArray[np.int64]) -> Tables:
    """Where each level goes at these depths: shape (tables, depths, levels)."""
    columns = np.minimum(depths, chain.tables.shape[2] - 1)
    return chain.tables[:, :, columns].transpose(0, 2, 1)


def _changes(chain: Chain, depths: NDArray[np.int64]) -> NDArray[np.bool_]:
    return _levels_at(chain, depths) != np.arange(chain.tables.shape[1])
