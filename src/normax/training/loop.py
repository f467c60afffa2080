"""The loop that `fit` and `path` share: epochs of shuffled minibatches as one compiled program.

A row set is a vector of row numbers into shared data, of which the first `n` count; its order in an epoch
is the argsort of random draws, which does not depend on how far the vector is padded. So a fold of a path
and a fit on that fold's rows alone see the same batches. The last batch is short: its padding is masked
out of the loss and of batch statistics (`row_mask`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from normax.binding import Binding, evaluating, grad_in_frame
from normax.nn.cells import Cell
from normax.nn.module import Module
from normax.nn.random import wrap_key
from normax.training.losses import Loss
from normax.training.update import Update, smooth_part

__all__ = ["Batch", "Data", "Loop", "RowSet", "State"]

EVALUATION_ROWS = 1024
"""Rows a forward pass takes at a time when errors are measured: enough to fill the cores, little memory."""


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


class State(NamedTuple):
    """What training moves: weights, the state of the update, buffers."""

    weights: list[Any]
    update: Any
    buffers: list[Any]


class Batch(NamedTuple):
    """What one step gets.

    `mask` is False on padding rows (None: there is none), `mean_weight` the mean weight of the row set, `key`
    the raw random key of the step, `steps` how many there are in the epoch.
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
        binding: its binding.
        loss: `(output, target) -> (batch,)`.
        update: the optimiser with its prox.
        batch_size: rows a step.
        padded: whether some row set leaves a short last batch.
    """

    def __init__(
        self, net: Module, binding: Binding, loss: Loss, update: Update, batch_size: int, padded: bool
    ):
        self.net, self.binding, self.loss, self.update = net, binding, loss, update
        self.batch_size, self.padded = batch_size, padded
        self.constants: list[Cell] = list(binding.frozen)

    def initial(self) -> State:
        """The state a fit starts from: copies, so that donation never takes a user's array."""
        weights = [jnp.array(cell.value, copy=True) for cell in self.binding.trainable]
        buffers = [jnp.array(cell.value, copy=True) for cell in self.binding.buffers]
        return State(weights, self.update.init(weights), buffers)

    def keep(self, state: State) -> None:
        """Write a state back into the cells."""
        for cell, value in zip(
            [*self.binding.trainable, *self.binding.buffers], [*state.weights, *state.buffers]
        ):
            cell.value = value

    def constant_values(self) -> list[Any]:
        """Values of the frozen parameters, and of cells of other modules that the trace met."""
        return [cell.value for cell in self.constants]

    def _frame(self, weights, buffers, constants, key=None, mask=None):
        cells = [*self.binding.trainable, *self.binding.buffers, *self.constants]
        return self.binding.frame(dict(zip(cells, [*weights, *buffers, *constants])), key, mask)

    def step(self, state: State, penalties: Any, constants: Any, batch: Batch):
        """One step; returns the state and the sum of the weighted losses of the batch."""
        cells = self.binding.trainable
        frame = self._frame(state.weights, state.buffers, constants, batch.key, batch.mask)
        X, y, weight = batch.data

        def objective():
            losses = self.loss(self.net(X), y)
            losses = losses if weight is None else losses * weight
            total = losses.sum() if batch.mask is None else jnp.where(batch.mask, losses, 0).sum()
            count = losses.shape[0] if batch.mask is None else batch.mask.sum()
            smooth = smooth_part(penalties, [cell.value for cell in cells])
            return total / (count * batch.mean_weight) + smooth, total

        with frame.active():
            (_, total), gradients = grad_in_frame(frame, cells, objective)
        weights, update = self.update(gradients, state.update, state.weights, penalties, idle=batch.steps)
        return State(weights, update, [frame.values[cell] for cell in self.binding.buffers]), total

    def epoch(
        self, step: Any, state: State, data: Data, rows: RowSet, key: Any, number: Any, lanes: tuple = ()
    ):
        """One pass over a row set in a fresh order; returns the state and the mean training loss.

        `step` is `self.step` with penalties and constants filled in, or a `vmap` of it over as many lanes as
        `lanes` says: the order of the rows and the random key of a step are the same in every lane.
        """
        size = self.batch_size
        order = shuffled(rows, key, number, size)
        steps = -(-rows.n // size)
        draws = jax.random.fold_in(wrap_key(key), number)

        def body(i, carry):
            state, total = carry
            chosen = lax.dynamic_slice(order, (i * size,), (size,))
            mask = i * size + jnp.arange(size) < rows.n if self.padded else None
            chosen_data = jax.tree.map(lambda a: a[chosen], data)
            key = jax.random.key_data(jax.random.fold_in(draws, i))
            state, loss = step(state, Batch(chosen_data, mask, rows.mean_weight, key, steps))
            return state, total + loss

        state, total = lax.fori_loop(0, steps, body, (state, jnp.zeros(lanes)))
        return state, total / (rows.n * rows.mean_weight)

    def outputs(self, weights: Sequence[Any], buffers: Sequence[Any], constants: Any, X: Any) -> Any:
        """The network's outputs in evaluation mode."""
        with evaluating(self.net), self._frame(weights, buffers, constants).active():
            return self.net(X)

    def errors(self, weights: Any, buffers: Any, constants: Any, data: Data, selections: Any) -> Any:
        """Weighted mean losses in evaluation mode over each row of `selections`, `(k, n)` weights of the rows."""
        n = len(data.X)
        size = min(EVALUATION_ROWS, n)
        blocks = -(-n // size)
        index = jnp.minimum(jnp.arange(blocks * size), n - 1).reshape(blocks, size)
        real = (jnp.arange(blocks * size) < n).reshape(blocks, size)

        def block(chosen_real):
            chosen, real = chosen_real
            losses = self.loss(self.outputs(weights, buffers, constants, data.X[chosen]), data.y[chosen])
            part = jnp.where(real, selections[:, chosen], 0)
            return jnp.where(part > 0, part * losses, 0).sum(1)

        return lax.map(block, (index, real)).sum(0) / selections.sum(1)


def shuffled(rows: RowSet, key: Any, epoch: Any, size: int) -> Any:
    """Row numbers in the random order of an epoch, the padding last, padded further to whole batches.

    The order sorts a hash of (key, epoch, place): a dozen integer operations, where a cipher like threefry
    takes a third of a second to compile. Shuffling needs no more.
    """
    n_max = rows.rows.shape[0]
    place = jnp.arange(n_max, dtype=jnp.uint32)
    seed = _mixed(_mixed(jnp.asarray(epoch).astype(jnp.uint32) + key[0]) ^ key[1])
    draws = _mixed(_mixed(place * jnp.uint32(0x9E3779B9) + seed) ^ key[0])
    # The top bit marks the padding, so that it sorts last.
    draws = jnp.where(place < rows.n, draws >> 1, draws | jnp.uint32(1 << 31))
    return jnp.pad(rows.rows[jnp.argsort(draws)], (0, -n_max % size), mode="edge")


def _mixed(h: Any) -> Any:
    """The finaliser of MurmurHash3 (Appleby): every input bit bears on every output bit."""
    h = (h ^ (h >> 16)) * jnp.uint32(0x85EBCA6B)
    h = (h ^ (h >> 13)) * jnp.uint32(0xC2B2AE35)
    return h ^ (h >> 16)
