"""Row sets on the device: what lanes train on, what they watch meanwhile, and what they are scored on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from normax.nn.module import Module
from normax.nn.random import raw_key
from normax.paths.folded import FoldedData, Split
from normax.paths.schedule import Stopping
from normax.training.data import check_data
from normax.training.loop import Data, RowSet
from normax.training.preparation import prepare_data

__all__ = ["RowSets", "ScoringSet", "TrainingSet", "Watch"]


class Watch(NamedTuple):
    """What decides which epoch's weights a lane keeps: the loss on rows set aside, or a number known before.

    Attributes:
        data, select: the rows set aside and their weights `(1, rows)`; None where a limit for each lane decides.
        patience, margin: epochs without improvement by `margin` after which a lane has stopped.
    """

    data: Data | None = None
    select: Any = None
    patience: Any = 0
    margin: Any = 0.0


class TrainingSet(NamedTuple):
    """Data, the rows of it to train on, the key of shuffling and dropout, and what is watched."""

    data: Data
    rows: RowSet
    key: Any
    watch: Watch | None = None


class ScoringSet(NamedTuple):
    """Data, `(s, n)` weightings of its rows to measure errors by, and inputs to keep the outputs of, or None."""

    data: Data
    selections: Any
    inputs: Any = None


@dataclass(frozen=True)
class RowSets:
    """The row sets of a path as lanes take them: those of the folds, and all rows.

    Attributes:
        net, loss: the module and the loss that rows have to suit.
        folded, stopping: data and folds; early stopping, or None.
        key: of shuffling and dropout.
        whole, data: all rows, as NumPy's and on the device.
        parted: under early stopping, for each row set the rows that train and those that are watched.
    """

    net: Module
    loss: Any
    folded: FoldedData
    stopping: Stopping | None
    key: Any
    whole: Split
    data: Data
    parted: tuple[tuple[np.ndarray, np.ndarray], ...]

    @staticmethod
    def of(net: Module, loss: Any, folded: FoldedData, stopping: Stopping | None) -> RowSets:
        whole = folded.all_rows()
        data = _on_device(net, loss, folded, whole)
        trains = [*(train for train, _ in folded.folds), whole.train]
        parted = () if stopping is None else tuple(folded.watched(rows, stopping.share) for rows in trains)
        return RowSets(net, loss, folded, stopping, raw_key(folded.seed), whole, data, parted)

    @property
    def sizes(self) -> list[int]:
        """Training rows of all row sets, with those set aside and without."""
        folds = [len(train) for train, _ in self.folded.folds]
        return [*folds, len(self.whole.train), *(len(train) for train, _ in self.parted)]

    def training(self, rows: np.ndarray, data: Data | None = None, watch: Watch | None = None) -> TrainingSet:
        """Training rows, of all rows' data by default, padded to n, so that one program serves every fold."""
        padded = np.resize(rows, len(self.folded.y)).astype(np.int32)
        row_set = RowSet(jax.device_put(padded), len(rows), float(self.folded.row_weights(rows).mean()))
        return TrainingSet(self.data if data is None else data, row_set, self.key, watch)

    def prepared(self, split: Split, number: int, watching: bool) -> tuple[TrainingSet, ScoringSet]:
        """Row set `number`; under early stopping some of its rows are set aside if it is `watching`."""
        shared = self.folded.transform is None and not self.folded.scale_target
        data = self.data if shared else _on_device(self.net, self.loss, self.folded, split)
        train, watch = split.train, None
        if self.stopping is not None and not watching:
            watch = Watch()
        elif self.stopping is not None:
            train, watched = self.parted[number]
            # Filled up, so that one program serves every fold.
            longest = max(len(some) for _, some in self.parted)
            select = np.zeros((1, longest), np.float32)
            select[0, : len(watched)] = self.folded.row_weights(watched)
            chosen = jnp.asarray(np.resize(watched, longest))
            held = Data(data.X[chosen], data.y[chosen])
            watch = Watch(held, jnp.asarray(select), self.stopping.patience, self.stopping.margin)
        selections = np.zeros((1 + (len(split.test) > 0), len(self.folded.y)), np.float32)
        for selection, some in zip(selections, (train, split.test)):
            selection[some] = self.folded.row_weights(some)
        held_out = None
        if len(split.test):
            longest = max(len(test) for _, test in self.folded.folds)
            held_out = data.X[np.resize(split.test, longest)]
        return self.training(train, data, watch), ScoringSet(data, jax.device_put(selections), held_out)


def _on_device(net: Module, loss: Any, folded: FoldedData, split: Split) -> Data:
    """The rows of a split as the network takes them."""
    X, y = split.X, folded.y
    if folded.scale_target:
        y = (y - split.centre) / split.scale
    if folded.transform is not None:
        X, y, _ = check_data(X, y)
    return Data(*prepare_data(net, loss, np.asarray(X), y, folded.weight))
