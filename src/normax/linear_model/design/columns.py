"""Columns of X at work: a dense block that grows, and the room that growing blocks are given."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from normax.linear_model.design.design import Design

__all__ = ["Columns", "wider"]

# Columns that a block has room for at first.
FIRST = 16


class Columns:
    """Centred columns of X as a dense block that grows: each is taken out of X once.

    Attributes:
        size: how many there are; known: (p,) flags of them; place: (p,) where they stand in the block.
    """

    def __init__(self, design: Design):
        self.design, self.size = design, 0
        self.known, self.place = np.zeros(design.p, dtype=bool), np.zeros(design.p, dtype=np.intp)
        self._features = np.zeros(0, dtype=np.intp)
        self._Z = np.empty((design.n, 0), order="F")
        self._variance = np.zeros(0)

    @property
    def features(self) -> np.ndarray:
        """(size,) column numbers, in the order of arrival."""
        return self._features[: self.size]

    @property
    def Z(self) -> np.ndarray:
        """(n, size)."""
        return self._Z[:, : self.size]

    @property
    def variance(self) -> np.ndarray:
        """(size,) of each, weighted."""
        new = self.Z[:, len(self._variance) :]
        self._variance = np.concatenate([self._variance, self.design.weights @ new**2])
        return self._variance

    def add(self, features: np.ndarray) -> int:
        """Admit those that are not yet known, in this order; returns how many they are."""
        new = features[~self.known[features]]
        if not len(new):
            return 0
        old, size = self.size, self.size + len(new)
        self._features = wider(self._features, old, size, self.design.p)
        self._Z = wider(self._Z, old, size, self.design.p, axes=[1])
        self._features[old:size], self._Z[:, old:size] = new, self.design.columns(new)
        self.known[new], self.place[new], self.size = True, np.arange(old, size), size
        return len(new)

    def at(self, features: np.ndarray) -> np.ndarray:
        """Where these features stand in Z; those that are new are taken in."""
        self.add(np.unique(features[~self.known[features]]))
        return self.place[features]


def wider(
    block: np.ndarray, old: int, size: int, most: int | None = None, axes: Sequence[int] = (0,)
) -> np.ndarray:
    """A block of which `old` along some axes are in use, with room for `size` there, in columns if it grows along them.

    Room doubles, so that all growth together costs two copies; it never exceeds `most`.
    """
    room = block.shape[axes[0]]
    if size <= room:
        return block
    room = max(size, 2 * room, FIRST)
    room = room if most is None else min(room, most)
    shape = [room if axis in axes else length for axis, length in enumerate(block.shape)]
    out = np.empty(shape, block.dtype, order="F" if axes[-1] and 0 not in axes else "C")
    used = tuple(slice(old) if axis in axes else slice(None) for axis in range(block.ndim))
    out[used] = block[used]
    return out
