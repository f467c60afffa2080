"""The classes of a source's response, by a pass of their own."""

from __future__ import annotations

from typing import Any

import numpy as np

from normax.errors import InputError
from normax.linear_model.sources.source import Source

__all__ = ["classes_of"]


class _Labels:
    """What a pass gathers: labels and the total weight of each."""

    def __init__(self) -> None:
        self.labels: np.ndarray | None = None
        self.weights = np.zeros(0)

    def add(self, block: Any) -> None:
        if block.y is None or np.ndim(block.y) != 1:
            raise InputError(
                f"y: expected a label for every row, got {'None' if block.y is None else block.y.shape}"
            )
        labels, codes = np.unique(block.y, return_inverse=True)
        self._take(labels, np.bincount(codes, block.weights, len(labels)))

    def join(self, other: Any) -> None:
        if other.labels is not None:
            self._take(other.labels, other.weights)

    def _take(self, labels: np.ndarray, weights: np.ndarray) -> None:
        known = labels if self.labels is None else np.union1d(self.labels, labels)
        total = np.zeros(len(known))
        for some, own in ((self.labels, self.weights), (labels, weights)):
            if some is not None:
                total[np.searchsorted(known, some)] += own
        self.labels, self.weights = known, total


def classes_of(source: Source) -> tuple[np.ndarray, np.ndarray]:
    """(C,) labels, sorted, and the total weight of the rows of each.

    Raises:
        InputError: for one class alone.
    """
    found = source.gather(lambda start, rows: _Labels())
    labels = np.zeros(0) if found.labels is None else found.labels
    if np.count_nonzero(found.weights) < 2:
        told = labels[found.weights > 0].tolist() or ["nothing"]
        raise InputError(
            f"y: expected at least two classes, got 1 class: every row that counts is {told[0]!r}"
        )
    return labels, found.weights
