"""fit: epochs of minibatches in compiled blocks, with the penalties that sit on the network."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.binding import bind, evaluating, functional_call, retrying
from normax.errors import InputError
from normax.nn.module import Module
from normax.nn.random import raw_key, wrap_key
from normax.training.blocks import Blocks
from normax.training.data import check_data
from normax.training.loop import Data, Loop, RowSet
from normax.training.losses import check_targets, find_loss
from normax.training.progress import progress_bar
from normax.training.recent import Recent
from normax.training.update import Update

__all__ = ["History", "check_counts", "fit", "prepare_data"]


_programs = Recent()


@dataclass(frozen=True)
class History:
    """What a fit saw: one entry an epoch.

    Attributes:
        loss: `(epochs,)` mean training loss of each epoch, without Ω, as its batches met it.
        validation_loss: `(epochs,)` loss on the held-out rows in evaluation mode, or None.
        seconds: wall-clock seconds in all, compilation included.
        compile_seconds: of these, until the first block was ready to run again.
    """

    loss: np.ndarray
    validation_loss: np.ndarray | None
    seconds: float
    compile_seconds: float

    def __repr__(self) -> str:
        last = f", validation_loss={self.validation_loss[-1]:.4g}" if self.validation_loss is not None else ""
        return f"History(epochs={len(self.loss)}, loss={self.loss[-1]:.4g}{last}, seconds={self.seconds:.1f})"


def fit(
    net: Module,
    data: tuple[Any, Any],
    *,
    loss: str | Callable[[Any, Any], Any],
    optimizer: Any,
    epochs: int = 10,
    batch_size: int = 32,
    validation: float | tuple[Any, Any] | None = None,
    sample_weight: Any = None,
    seed: int | None = None,
    prox_step: float | Callable[[Any], Any] | None = None,
    progress: bool | None = None,
) -> History:
    """Train a network in place: `Σ_i w_i loss_i / Σ_i w_i + Ω(w)` by shuffled minibatches.

    Blocks of epochs run as one compiled program. The penalties are those of `nx.penalize`; their smooth
    parts enter the gradient, the rest is a prox after each update, so that zeros are exact. A batch
    divides by its size times the mean weight of the data.

    Args:
        net: the module.
        data: `(X, y)`, arrays of n rows each; y as the loss wants it.
        loss: a name ("squared", "mse", "absolute", "cross_entropy", "binary_cross_entropy", "poisson") or a
            function `(output, target) -> (batch,)`.
        optimizer: an optax transformation.
        epochs: passes over the data.
        batch_size: rows a step; the last batch of an epoch is short where it does not divide n.
        validation: a share of the rows, chosen by the seed, or `(X, y)`; measured after each epoch.
        sample_weight: `(n,)` weights >= 0 of the rows.
        seed: of shuffling and dropout; the same seed gives the same run bit for bit. None draws one from
            the global generator (`nx.manual_seed`).
        prox_step: see `nx.train_step`.
        progress: a bar on standard error; None shows it on a terminal.

    Returns:
        A `History`.

    Raises:
        InputError: for data that cannot be used, by row and column; a loss that is no longer finite, by
            epoch (the network then holds what it diverged to); an optimiser or strength as in `nx.train_step`. On an interrupt the network keeps what
            was trained so far.

    Example:
        >>> import numpy as np, optax
        >>> import normax as nx
        >>> nx.manual_seed(0)
        >>> X = np.random.default_rng(0).normal(size=(100, 3)).astype("float32")
        >>> net = nx.penalize(nx.nn.Linear(3, 1), nx.penalties.L1(0.1))
        >>> history = nx.fit(net, (X, X[:, 0]), loss="squared", optimizer=optax.sgd(0.1), epochs=50, batch_size=10)
        >>> (np.asarray(net.weight) != 0).tolist()
        [[True, False, False]]
    """
    began = time.perf_counter()
    X, y, weight = prepare_data(net, loss, *check_data(*data, sample_weight))
    check_counts(epochs=epochs, batch_size=batch_size)
    key = raw_key(seed)
    train, held_out = _split(len(X), validation, key)
    everything = Data(X, y, weight)
    validation_data = None
    if isinstance(validation, tuple):
        validation_data = Data(*prepare_data(net, loss, *check_data(*validation)))
    elif held_out is not None:
        validation_data = jax.tree.map(lambda a: a[held_out], everything)
    rows = RowSet(train, len(train), 1.0 if weight is None else float(weight[train].mean()))

    binding = bind(net)
    penalties = [cell.penalty for cell in binding.trainable]
    batch_size = min(batch_size, len(train))
    padded = len(train) % batch_size != 0

    def make():
        update = Update(optimizer, binding.parameter_names, binding.trainable, penalties, prox_step)
        loop = Loop(net, binding, find_loss(loss), update, batch_size, padded)
        return loop, jax.jit(partial(_epochs, loop, epochs), donate_argnums=0)

    kind = binding.signature, tuple(penalties), loss, optimizer, prox_step, batch_size, padded, epochs
    loop, compiled = _programs(kind, make)
    inputs = (jax.tree.map(jnp.asarray, penalties), everything, validation_data, rows, key)

    def program(state, first, stop):
        return retrying(lambda: compiled(state, loop.constant_values(), first, stop, *inputs), loop.constants)

    blocks = Blocks(program, loop.initial())
    with progress_bar(f"fit {type(net).__name__}", epochs, progress) as report:

        def after(done):
            bad = np.flatnonzero(~np.isfinite(blocks.losses[0]))
            if bad.size:
                raise InputError(
                    f"the loss became {blocks.losses[0, bad[0]]} in epoch {bad[0] + 1}; lower the learning rate"
                )
            report(done, f"epoch {done} of {epochs}, loss {blocks.losses[0, -1]:.4g}")

        try:
            blocks.run(epochs, after)
        finally:
            loop.keep(blocks.state)
    train_loss, validation_loss = blocks.losses
    seconds = time.perf_counter() - began
    return History(
        train_loss, None if validation_data is None else validation_loss, seconds, blocks.first_seconds
    )


def _epochs(loop, epochs, state, constants, first, stop, penalties, data, validation_data, rows, key):
    """Epochs `first` to `stop` as one traced loop; losses `(2, epochs)`, training and validation."""

    def step(state, batch):
        return loop.step(state, penalties, constants, batch)

    def one(number, carry):
        state, losses = carry
        state, train_loss = loop.epoch(step, state, data, rows, key, number)
        losses = losses.at[0, number].set(train_loss)
        if validation_data is not None:
            weight = validation_data.weight
            select = jnp.ones((1, len(validation_data.X))) if weight is None else weight[None]
            error = loop.errors(state.weights, state.buffers, constants, validation_data, select)
            losses = losses.at[1, number].set(error[0])
        return state, losses

    return jax.lax.fori_loop(first, stop, one, (state, jnp.zeros((2, epochs))))


def prepare_data(net: Module, loss: Any, X: Any, y: Any, weight: Any) -> tuple[Any, Any, Any]:
    """Checked arrays as JAX arrays in the network's precision, targets checked against its outputs."""
    weights = [cell.dtype for cell in net.parameters() if jnp.issubdtype(cell.dtype, jnp.floating)]
    dtype = weights[0] if weights else jnp.float32
    X = jnp.asarray(X, dtype) if X.dtype.kind == "f" else jnp.asarray(X)
    with evaluating(net):
        output = jax.eval_shape(lambda x: functional_call(net, {}, x, key=raw_key(0)), X[:2])
    targets = y
    y = jnp.asarray(y, jnp.int32 if loss == "cross_entropy" else dtype if y.dtype.kind == "f" else None)
    losses = jax.eval_shape(find_loss(loss), output, y[:2])
    if losses.shape != (2,):
        raise InputError(f"loss: expected one value a row, (batch,), got {losses.shape} for a batch of 2")
    check_targets(loss, targets, output.shape)
    return X, y, None if weight is None else jnp.asarray(weight, dtype)


def check_counts(**counts: Any) -> None:
    """Refuse what is not a whole number of at least 1."""
    for name, count in counts.items():
        if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or count < 1:
            raise InputError(f"{name}: expected a whole number >= 1, got {count!r}")


def _split(n: int, validation: Any, key: Any) -> tuple[Any, Any]:
    """Row numbers for training and, where a share is asked for, for validation."""
    if validation is None or isinstance(validation, tuple):
        return jnp.arange(n), None
    if not 0 < validation < 1 or not 1 <= round(n * validation) < n:
        raise InputError(
            f"validation: expected a share in (0, 1) that leaves rows on both sides of {n}, got {validation!r}"
        )
    order = np.argsort(jax.random.uniform(jax.random.fold_in(wrap_key(key), 2), (n,)))
    held_out = round(n * validation)
    return jnp.sort(order[held_out:]), jnp.sort(order[:held_out])
