"""Packing: small weights travel as one vector per dtype, so that a deep net's step has few arrays.

Between steps the vectors are the only copy: the cells lend them, and the first read or write of any such
cell (`state_dict`, another step, an evaluation) unpacks them all again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.errors import InputError
from normax.nn.cells import Cell

__all__ = ["LARGEST", "Packing"]

LARGEST = 8192
"""Elements of the largest array that is packed: copying more costs more than an array's passage."""


def acts_after_step(penalty: Any) -> bool:
    """Whether a penalty does more than enter the gradient: a prox, or a decoupled decay."""
    now = None if penalty is None else penalty.at(0)
    return now is not None and (now.nonsmooth is not None or now.decoupled_strength is not None)


class Packing:
    """Which cells travel together. With `enabled` False none does, and `pack` and `unpack` pass lists on.

    Attributes:
        loose: positions of the cells that travel alone.
        groups: positions of those that share a vector, a list per dtype.
        names: the optimiser's names, the loose ones' paths and one for each vector.
    """

    def __init__(self, cells: Sequence[Cell], names: Sequence[str], penalties: Sequence[Any], enabled: bool):
        self.cells = list(cells)
        self.kinked = [acts_after_step(p) for p in penalties]
        by_dtype: dict[Any, list[int]] = {}
        for i, (cell, kinked) in enumerate(zip(cells, self.kinked)):
            if enabled and cell.value.size <= LARGEST and not kinked:
                by_dtype.setdefault(cell.value.dtype, []).append(i)
        self.groups = [group for group in by_dtype.values() if len(group) > 1]
        packed = {i for group in self.groups for i in group}
        self.loose = [i for i in range(len(self.cells)) if i not in packed]
        self.names = [names[i] for i in self.loose] + [
            f"packed {cells[g[0]].value.dtype}" for g in self.groups
        ]
        self.shapes = [cell.shape for cell in self.cells]
        self._vectors: list[jax.Array] | None = None
        self._pack, self._unpack = jax.jit(self.pack), jax.jit(self.unpack)

    def pack(self, values: Sequence[Any]) -> list[Any]:
        """One entry a cell -> the loose ones, then the vectors."""
        return [
            *(values[i] for i in self.loose),
            *(jnp.concatenate([jnp.ravel(values[i]) for i in group]) for group in self.groups),
        ]

    def unpack(self, leaves: Sequence[Any]) -> list[Any]:
        """The inverse of `pack`."""
        values: list[Any] = [None] * len(self.cells)
        for i, leaf in zip(self.loose, leaves):
            values[i] = leaf
        for group, vector in zip(self.groups, leaves[len(self.loose) :]):
            sizes = [int(np.prod(self.shapes[i])) for i in group]
            ends = np.cumsum(sizes)
            for i, size, end in zip(group, sizes, ends):
                values[i] = vector[end - size : end].reshape(self.shapes[i])
        return values

    def select(self, penalties: Sequence[Any]) -> list[Any]:
        """The penalties that the update sees: those of the loose; packed weights have smooth ones only."""
        return [*(penalties[i] for i in self.loose), *(None for _ in self.groups)]

    def steepest(self, penalties: Sequence[Any]) -> list[Any]:
        """`select`, with the smooth penalty of largest curvature for each vector."""
        charged = ([penalties[i] for i in g if penalties[i] is not None] for g in self.groups)
        strongest = (max(found, key=lambda p: float(p.at(0).curvature), default=None) for found in charged)
        return [*(penalties[i] for i in self.loose), *strongest]

    def check_penalties(self, penalties: Sequence[Any]) -> None:
        """Refuse a non-smooth penalty on a weight that was packed without one."""
        for group in self.groups:
            for i in group:
                if acts_after_step(penalties[i]):
                    raise InputError(
                        "a packed parameter got a penalty that acts after the step (a non-smooth one, or decay); "
                        "make a new step: `step = nx.train_step(net, loss_fn, optimizer, packing=True)`"
                    )

    def leaves(self) -> list[jax.Array]:
        """The arrays of the next step, packed anew if a cell was touched since the last."""
        if self._vectors is not None:
            return [*(self.cells[i]._value for i in self.loose), *self._vectors]
        values = [cell._value for cell in self.cells]
        if not self.groups:
            return values
        return [*(values[i] for i in self.loose), *self._pack(values)[len(self.loose) :]]

    def keep(self, leaves: Sequence[jax.Array]) -> None:
        """Hand the results of a step to the loose cells, and lend the packed ones the vectors."""
        for i, leaf in zip(self.loose, leaves):
            self.cells[i]._value = leaf
        if self.groups:
            if self._vectors is None:
                for group in self.groups:
                    for i in group:
                        self.cells[i]._lender = self
                        del self.cells[i]._value
            self._vectors = list(leaves[len(self.loose) :])

    def release(self) -> None:
        """Give every packed cell its own array again."""
        if self._vectors is None:
            return
        leaves = [*([None] * len(self.loose)), *self._vectors]
        values = self._unpack(leaves)
        for group in self.groups:
            for i in group:
                self.cells[i]._value = values[i]
                del self.cells[i]._lender
        self._vectors = None
