"""The loop that `fit` and `path` share: epochs of shuffled minibatches as one compiled program.

A row set is a vector of row numbers into shared data, of which the first `n` count; its order in an epoch
is the argsort of random draws, which does not depend on how far the vector is padded. So a fold of a path
and a fit on that fold's rows alone see the same batches. The last batch is short: its padding is masked
out of the loss and of batch statistics (`row_mask`).
"""

from __future__ import annotations

import copy
import weakref
from collections.abc import Sequence
from functools import partial, reduce
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from normax.binding import Binding, bind, evaluating, grad_in_frame
from normax.nn.cells import Cell
from normax.nn.module import Module
from normax.nn.random import wrap_key
from normax.training.accumulation import accumulated
from normax.training.losses import Loss
from normax.training.partition import Partition
from normax.training.update import Update, at, smooth_part

__all__ = ["Batch", "Data", "Epoch", "Loop", "RowSet", "TrainState", "Weakly", "learned", "shuffled"]

EVALUATION_ROWS = 1024
"""Most rows that a forward pass takes at a time when errors are measured: enough to fill the cores, little memory."""


class Data(NamedTuple):
    """Rows of inputs, targets and weights (weights None: all 1)."""

    X: Any
    y: Any
    weight: Any = None


class RowSet(NamedTuple):
    """Row numbers `(n_max,)`, of which the first `n` count, and the mean weight of those."""

    rows: Any
    n: Any
    mean_weight: Any = 1.0


class TrainState(NamedTuple):
    """What training moves: weights, the state of the update, buffers, and a running average of the weights
    where one is asked for."""

    weights: list[Any]
    update: Any
    buffers: list[Any]
    average: Any = None


class Epoch(NamedTuple):
    """One pass over a row set: number `number` under `key`, of `steps` batches as far as known.

    `order` holds the rows of `data` in the order of the epoch. Without it `data` and `real` are those of whole batches,
    `(steps, rows, ...)` from step `offset` of the epoch on, and `real` is False on padding rows.
    """

    data: Data
    rows: RowSet
    key: Any
    steps: Any
    number: Any = 0
    order: Any = None
    offset: Any = 0
    real: Any = None


class Batch(NamedTuple):
    """What one step gets.

    `mask` is False on padding rows (None: there is none), `mean_weight` the mean weight of the row set, `key` what
    the random key of the step derives from: a raw key, and the numbers of the epoch, the step and the part of a batch
    that it is folded with. `steps` is how many there are in the epoch.
    """

    data: Data
    mask: Any
    mean_weight: Any
    key: Any
    steps: Any


class Loop:
    """A network, a per-row loss and an update, ready to be traced over flat arrays.

    Args:
        net: the module, whose training flags at tracing time count.
        loss: `(output, target) -> (batch,)`.
        update: the optimiser with its prox.
        batch_size: rows a step.
        padded: whether some row set leaves a short last batch.
        measures: what is reported: a function for the loss, then metrics of one value a row; by default the loss.
        accumulate: parts in which a batch is gone through, their gradients added.
        ema: decay of the running average of the weights.
        partition: how it lies on a mesh of devices; None: on one.

    Attributes:
        lanes: whether steps are to be mapped over many networks on a CPU.
    """

    def __init__(
        self,
        net: Module,
        loss: Loss,
        update: Update,
        batch_size: int,
        padded: bool,
        measures: Sequence[Loss] = (),
        accumulate: int = 1,
        ema: float | None = None,
        partition: Partition | None = None,
    ):
        self.partition = partition
        self.net, self.binding, self.loss, self.update = net, bind(net), loss, update
        self.batch_size, self.padded = batch_size, padded
        self.measures = tuple(measures) or (loss,)
        self.metrics, self.accumulate, self.ema = self.measures[1:], accumulate, ema
        self.lanes = False
        self.constants: list[Cell] = list(self.binding.frozen)
        self.kind = object()
        self._initial = jax.jit(partial(_started, update, ema, partition))

    def of(self, net: Module, binding: Binding) -> Loop:
        """This loop for another network of the same architecture, of one `kind` with this."""
        twin = copy.copy(self)
        twin.net, twin.binding = net, binding
        twin.constants = list(binding.frozen)
        return twin

    def over_lanes(self, lanes: bool) -> Loop:
        """This loop with steps that are mapped over many networks on a CPU, or not."""
        twin = copy.copy(self)
        twin.lanes = lanes
        return twin

    def bare(self) -> Loop:
        """This loop without its network, for a cache: programs are kept, weights are not."""
        twin = copy.copy(self)
        del twin.net, twin.binding, twin.constants
        return twin

    def initial(self) -> TrainState:
        """The state a fit starts from: copies, so that donation never takes a user's array."""
        binding = self.binding
        return self._initial(*([c.value for c in cells] for cells in (binding.trainable, binding.buffers)))

    def keep(self, state: TrainState) -> None:
        """Write a state back into the cells: the average of the weights where there is one."""
        cells = [*self.binding.trainable, *self.binding.buffers]
        for cell, value in zip(cells, [*learned(state), *state.buffers]):
            cell.value = value

    def constant_values(self) -> list[Any]:
        """Values of the frozen parameters, and of cells of other modules that the trace met."""
        return [cell.value for cell in self.constants]

    def _frame(self, weights, buffers, constants, key=None, mask=None):
        cells = [*self.binding.trainable, *self.binding.buffers, *self.constants]
        frame = self.binding.frame(dict(zip(cells, [*weights, *buffers, *constants])), key, mask)
        frame.lanes = self.lanes
        return frame

    def step(self, state: TrainState, penalties: Any, constants: Any, batch: Batch):
        """One step; returns the state and the sums of the weighted losses and metrics of the batch, `(1 + m,)`."""
        penalties = at(penalties, state.update[1])
        part = self._gradients if self.accumulate == 1 else self._accumulated
        gradients, totals, buffers = part(state, penalties, constants, batch)
        weights, update = self.update(gradients, state.update, state.weights, penalties, idle=batch.steps)
        average = state.average
        if self.ema is not None:
            average = _averaged(average, weights, penalties, self.ema, state.update[1])
        state = TrainState(weights, update, buffers, average)
        return state if self.partition is None else self.partition.state(state), totals

    def _gradients(self, state: TrainState, penalties: Any, constants: Any, batch: Batch, count: Any = None):
        """Gradients of the loss (of a whole batch: and of the smooth part); sums of losses and metrics; buffers."""
        cells = self.binding.trainable
        frame = self._frame(state.weights, state.buffers, constants, _folded(*batch.key), batch.mask)
        X, y, weight = batch.data
        whole = count is None

        def objective():
            output = self.net(X)
            values = [self.loss(output, y), *(metric(output, y) for metric in self.metrics)]
            values = values if weight is None else [v * weight for v in values]
            totals = [v.sum() if batch.mask is None else jnp.where(batch.mask, v, 0).sum() for v in values]
            rows = _rows(batch) if whole else count
            smooth = smooth_part(penalties, [cell.value for cell in cells]) if whole else 0
            return totals[0] / (rows * batch.mean_weight) + smooth, jnp.stack(totals)

        with frame.active():
            (_, totals), gradients = grad_in_frame(frame, cells, objective)
        return gradients, totals, [frame.values[cell] for cell in self.binding.buffers]

    def _accumulated(self, state: TrainState, penalties: Any, constants: Any, batch: Batch):
        """The same in `accumulate` parts of the batch, one after the other: buffers move as in PyTorch's loop."""
        count, k = _rows(batch), self.accumulate
        parts: Any = jax.tree.map(lambda a: a.reshape(k, -1, *a.shape[1:]), (batch.data, batch.mask))
        parts = parts if self.partition is None else self.partition.rows(parts, 1)

        def gradients(number, part, buffers):
            piece = batch._replace(data=part[0], mask=part[1], key=(*batch.key, number))
            return self._gradients(state._replace(buffers=buffers), penalties, constants, piece, count)

        smooth = jax.grad(lambda weights: smooth_part(penalties, weights))(state.weights)
        start = smooth, jnp.zeros(1 + len(self.metrics)), state.buffers
        # A part that is all padding has no statistics.
        return accumulated(gradients, start, parts, None if batch.mask is None else parts[1].any(1))

    def epoch(
        self, step: Any, state: TrainState, data: Data, rows: RowSet, key: Any, number: Any, lanes: tuple = ()
    ):
        """One pass over a row set in a fresh order; returns the state and the mean training loss.

        `step` is `self.step` with penalties and constants filled in, or a `vmap` of it over as many lanes as
        `lanes` says: the order of the rows and the random key of a step are the same in every lane.
        """
        order = shuffled(rows, key, number, self.batch_size)
        steps = -(-rows.n // self.batch_size)
        blank = jnp.zeros((*lanes, 1 + len(self.metrics)))
        epoch = Epoch(data, rows, key, steps, number, order)
        state, totals = self.steps(step, state, epoch, 0, steps, blank)
        return state, totals[..., 0] / (rows.n * rows.mean_weight)

    def steps(self, step: Any, state: TrainState, epoch: Epoch, first: Any, stop: Any, totals: Any):
        """Steps `first` to `stop` of an epoch; returns the state, and `totals` with losses and metrics added."""
        size, rows = self.batch_size, epoch.rows

        def batch(i):
            if epoch.order is None:
                held = epoch.data, epoch.real if self.padded else None
                at = i - epoch.offset
                return jax.tree.map(lambda a: lax.dynamic_index_in_dim(a, at, keepdims=False), held)
            chosen = lax.dynamic_slice(epoch.order, (i * size,), (size,))
            mask = i * size + jnp.arange(size) < rows.n if self.padded else None
            return jax.tree.map(lambda a: a[chosen], epoch.data), mask

        def body(i, carry):
            state, total = carry
            data, mask = batch(i) if self.partition is None else self.partition.rows(batch(i))
            key = epoch.key, epoch.number, i
            state, totals = step(state, Batch(data, mask, rows.mean_weight, key, epoch.steps))
            return state, total + totals

        return lax.fori_loop(first, stop, body, (state, totals))

    def outputs(self, weights: Sequence[Any], buffers: Sequence[Any], constants: Any, X: Any) -> Any:
        """The network's outputs in evaluation mode."""
        with evaluating(self.net), self._frame(weights, buffers, constants).active():
            return self.net(X)

    def errors(self, weights: Any, buffers: Any, constants: Any, data: Data, selections: Any) -> Any:
        """Weighted mean losses in evaluation mode over each row of `selections`, `(k, n)` weights of the rows."""
        return self.measured(weights, buffers, constants, data, selections)[:, 0]

    def measured(self, weights: Any, buffers: Any, constants: Any, data: Data, selections: Any) -> Any:
        """Loss and metrics, `(k, 1 + m)`, as `errors` does."""
        n = len(data.X)
        blocks = -(-n // EVALUATION_ROWS)
        size = -(-n // blocks) if self.partition is None else self.partition.rounded(-(-n // blocks))
        index = jnp.minimum(jnp.arange(blocks * size), n - 1).reshape(blocks, size)
        real = (jnp.arange(blocks * size) < n).reshape(blocks, size)

        def block(chosen_real):
            chosen, real = chosen_real
            X, y = data.X[chosen], data.y[chosen]
            X, y = (X, y) if self.partition is None else self.partition.rows((X, y))
            output = self.outputs(weights, buffers, constants, X)
            part = jnp.where(real, selections[:, chosen], 0)
            values = [measure(output, y) for measure in self.measures]
            return jnp.stack([jnp.where(part > 0, part * v, 0).sum(1) for v in values], axis=1)

        return lax.map(block, (index, real)).sum(0) / selections.sum(1, keepdims=True)


def _started(update, ema, partition, weights, buffers):
    average = None if ema is None else weights
    state = TrainState(weights, update.init(weights), buffers, average)
    state = jax.tree.map(lambda a: jnp.array(a, copy=True), state)
    return state if partition is None else partition.state(state)


class Weakly:
    """Something as a static argument of JAX, which keeps such for ever: equal where it is, and not kept alive by it."""

    def __init__(self, held: Any):
        self._held, self._kind = weakref.ref(held), held.kind

    def __call__(self) -> Any:
        return self._held()

    def __hash__(self) -> int:
        return hash(self._kind)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Weakly) and self._kind is other._kind


def learned(state: TrainState) -> list[Any]:
    """The weights that a state stands for: their average where one is kept."""
    return state.weights if state.average is None else state.average


def _folded(raw: Any, *numbers: Any) -> Any:
    return jax.random.key_data(reduce(jax.random.fold_in, numbers, wrap_key(raw)))


def _rows(batch: Batch) -> Any:
    return len(batch.data.X) if batch.mask is None else batch.mask.sum()


def _averaged(average: Any, weights: Any, penalties: Any, decay: float, count: Any) -> list[Any]:
    """The next average. It follows quickly at first, and is zero where a prox holds the weight at zero."""
    rate = jnp.minimum(decay, (1 + count) / (10 + count))
    result = []
    for a, w, p in zip(average, weights, penalties):
        mean = (rate * a + (1 - rate) * w).astype(w.dtype)
        result.append(jnp.where(w == 0, 0, mean) if p is not None and p.nonsmooth is not None else mean)
    return result


def shuffled(rows: RowSet, key: Any, epoch: Any, size: int) -> Any:
    """Row numbers in the random order of an epoch, the padding last, padded further to whole batches.

    The order sorts a hash of (key, epoch, place): a dozen integer operations, where a cipher like threefry
    takes a third of a second to compile. Shuffling needs no more. The hash is one to one in the place, which is read
    back from it: numbers are sorted in a sixth of the time of pairs.
    """
    n_max = rows.rows.shape[0]
    place = jnp.arange(n_max, dtype=jnp.uint32)
    seed = _mixed(_mixed(jnp.asarray(epoch).astype(jnp.uint32) + key[0]) ^ key[1])
    draws = _mixed(_mixed(place * _ODD + seed) ^ key[0])
    draws = jnp.sort(jnp.where(place < rows.n, draws, _LAST))
    place = (_unmixed(_unmixed(draws) ^ key[0]) - seed) * _inverse(_ODD)
    # The padding reads as any place.
    order = rows.rows[jnp.minimum(place, n_max - 1)]
    return jnp.pad(order, (0, -n_max % size), mode="edge")


_ODD, _FIRST, _SECOND, _LAST = map(np.uint32, (0x9E3779B9, 0x85EBCA6B, 0xC2B2AE35, 0xFFFFFFFF))


def _mixed(h: Any) -> Any:
    """The finaliser of MurmurHash3 (Appleby): every input bit bears on every output bit."""
    h = (h ^ (h >> 16)) * _FIRST
    h = (h ^ (h >> 13)) * _SECOND
    return h ^ (h >> 16)


def _unmixed(h: Any) -> Any:
    h = (h ^ (h >> 16)) * _inverse(_SECOND)
    h = (h ^ (h >> 13) ^ (h >> 26)) * _inverse(_FIRST)
    return h ^ (h >> 16)


def _inverse(odd: Any) -> Any:
    """What undoes a multiplication by an odd number, modulo 2³²."""
    return np.uint32(pow(int(odd), -1, 1 << 32))
