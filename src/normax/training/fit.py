"""fit: epochs of minibatches in compiled blocks, with the penalties that sit on the network."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.binding import bind
from normax.binding.crossing import crossing, say_crossing
from normax.binding.recent import Recent
from normax.binding.signature import architecture
from normax.errors import InputError, Notice
from normax.nn.module import Module
from normax.nn.random import raw_key, wrap_key
from normax.training import checkpoint as files
from normax.training.callbacks import as_callbacks
from normax.training.checkpoint import Checkpoint
from normax.training.data import (
    check_counts,
    check_data,
    check_metrics,
    check_weights,
    class_weighted,
    in_precision,
)
from normax.training.groups import grouped
from normax.training.history import History
from normax.training.lookups import Lookups, Trace, check_lookups
from normax.training.loop import Data, Loop, RowSet
from normax.training.losses import check_targets, find_loss, smoothed
from normax.training.metrics import find_metrics
from normax.training.modes import in_training_mode
from normax.training.penalize import untrainable
from normax.training.progress import progress_bar
from normax.training.recipes import recipe
from normax.training.run import Programs, Run
from normax.training.sources import Batches, Mapped, Memory
from normax.training.update import Update, short_of

__all__ = ["History", "fit", "prepare_data"]


_programs = Recent()
_tried = Recent()
_looked = Recent()


@in_training_mode
def fit(
    net: Module,
    data: Any,
    *,
    loss: str | Callable[[Any, Any], Any],
    optimizer: Any,
    epochs: int = 10,
    batch_size: int = 32,
    validation: float | tuple[Any, Any] | None = None,
    sample_weight: Any = None,
    class_weight: Mapping[Any, float] | str | None = None,
    metrics: Iterable[Any] = (),
    label_smoothing: float = 0.0,
    clip: float | None = None,
    rates: Mapping[Any, float] | None = None,
    accumulate: int = 1,
    ema: float | None = None,
    shuffle: bool = True,
    in_memory: bool | None = None,
    callbacks: Iterable[Any] = (),
    checkpoint: Checkpoint | str | Path | None = None,
    resume: bool = False,
    seed: int | None = None,
    prox_step: float | Callable[[Any], Any] | None = None,
    progress: bool | None = None,
) -> History:
    """Train a network in place: `Σ_i w_i loss_i / Σ_i w_i + Ω(w)` by shuffled minibatches.

    Blocks of steps run as one compiled program. The penalties are those of `nx.penalize`; their smooth
    parts enter the gradient, the rest is a prox after each update, so that zeros are exact. A batch
    divides by its size times the mean weight of the data.

    Args:
        net: the module. In evaluation mode as a whole, it trains in training mode and is put back; modules that are in
            evaluation mode within one that is not stay so.
        data: `(X, y)`, arrays of n rows each; y as the loss wants it. Memory maps are streamed in the order in
            which arrays in memory would be gone through. Or a loader: anything that `iter` takes anew for each
            epoch, or a function of the epoch's number (from 0) that returns an iterator, of batches `(X, y)` or
            `(X, y, weight)`, in whose order it trains; the weights should then have mean 1.
        loss: a name ("squared", "mse", "absolute", "cross_entropy", "binary_cross_entropy", "poisson") or a
            function `(output, target) -> (batch,)`.
        optimizer: an optax transformation.
        epochs: passes over the data.
        batch_size: rows a step (a loader brings its own); the last batch of an epoch is short where it does not
            divide n, and a size above n means the full batch.
        validation: a share of the rows, chosen by the seed, or `(X, y)`; measured after each epoch.
        sample_weight: `(n,)` weights >= 0 of the rows.
        class_weight: class -> weight, which multiplies the rows' (1 where a class is not named), or "balanced":
            `n / (classes · rows of the class)`. Training only.
        metrics: names ("accuracy", "error", or a loss) or functions `(output, target) -> (batch,)`, whose means
            the history holds for training (as the batches met them) and validation.
        label_smoothing: ε of "cross_entropy", which mixes targets with ε of the uniform distribution, as
            PyTorch does, and of "binary_cross_entropy". Training only.
        clip: largest norm of the gradient of all weights together; shorthand for
            `optax.chain(optax.clip_by_global_norm(clip), optimizer)`.
        rates: pattern, or predicate `f(name, parameter)`, -> factor on the learning rate; see `nx.train_step`.
        accumulate: parts in which a batch is gone through to save memory; gradients add up to the batch's, batch
            norm sees the parts, as in PyTorch.
        ema: decay of a running average of the weights (0.999, say), which follows quickly at first:
            `min(ema, (1 + t) / (10 + t))`. It is what is validated, and what the network holds at the end; a weight
            that a prox holds at zero is zero in the average.
        shuffle: False keeps the order of the rows.
        in_memory: whether arrays are copied to the device as a whole; None: all but memory maps.
        callbacks: `nx.EarlyStopping()`, `nx.CSVLog(file)`, your own `nx.Callback`, or functions of the run, called
            after each epoch; True stops.
        checkpoint: a file, or `nx.Checkpoint(file, every=seconds)`, that holds the whole state of the fit.
        resume: go on from the checkpoint where its file exists, to the same bits as without the break.
        seed: of shuffling and dropout; the same seed gives the same run bit for bit. None draws one from
            the global generator (`nx.manual_seed`).
        prox_step: see `nx.train_step`.
        progress: a bar on standard error; None shows it on a terminal.

    Returns:
        A `History`.

    Raises:
        InputError: for data that cannot be used, by row and column; a loss that is no longer finite, by
            step and first parameter that went bad (the network then holds the weights before that step); an
            optimiser or strength as in `nx.train_step`; a checkpoint of another network, every difference at once.
            On an interrupt the network keeps what was trained so far.

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
    check_counts(epochs=epochs, batch_size=batch_size, accumulate=accumulate)
    if ema is not None and not (isinstance(ema, (int, float)) and 0 <= ema < 1):
        raise InputError(f"ema: expected a decay in [0, 1), got {ema!r}")
    binding = bind(net)
    if not binding.trainable:
        raise InputError(untrainable(net))
    checkpoint = Checkpoint(checkpoint) if isinstance(checkpoint, (str, Path)) else checkpoint
    if resume and checkpoint is None:
        raise InputError("resume: from which file? Name it: checkpoint='run.safetensors'")
    stored = files.read(checkpoint.file) if resume and checkpoint and checkpoint.file.exists() else None
    key = raw_key(seed) if stored is None else stored[0]["key"]
    if seed is not None and not np.array_equal(raw_key(seed), key):
        raise InputError(
            f"seed: the checkpoint is of a fit with another seed than {seed}; write seed=None to go on with its own, "
            "name another file, or resume=False"
        )

    prepare = _Preparation(net, loss)
    source, validation_data = _source(
        prepare, data, batch_size, validation, sample_weight, class_weight, in_memory, key
    )
    batch_size = (
        source.batch_size if isinstance(source, (Batches, Mapped)) else min(batch_size, source.rows.n)
    )
    if batch_size % accumulate:
        raise InputError(f"accumulate: {accumulate} parts do not divide a batch of {batch_size} rows")
    padded = (
        isinstance(source, Batches)
        or (source.n if isinstance(source, Mapped) else source.rows.n) % batch_size != 0
    )

    penalties = [cell.penalty for cell in binding.trainable]
    named = find_metrics(metrics)
    if not isinstance(source, Batches):
        check_metrics(named, loss, np.asarray(source.y if isinstance(source, Mapped) else source.data.y))
    factors = tuple(rates.items()) if isinstance(rates, Mapping) else rates
    steps = getattr(source, "steps", None)
    few = short_of(epochs, steps)

    def make():
        tx = grouped(net, optimizer, clip, rates)
        update = Update(tx, binding.parameter_names, binding.trainable, penalties, prox_step, few)
        loop = Loop(
            net, binding, smoothed(loss, label_smoothing), update, batch_size, padded, metrics=list(named.values()),
            test_loss=find_loss(loss), accumulate=accumulate, ema=ema,
        )  # fmt: skip
        return Programs(loop, shuffle)

    kind = (
        architecture(net), tuple(penalties), loss, recipe(optimizer), prox_step, batch_size, padded, tuple(named.items()),
        label_smoothing, clip, factors, accumulate, ema, shuffle, few,
    )  # fmt: skip
    programs = _programs(kind, make)
    loop = programs.loop.of(net, binding)
    facts = {"batch_size": batch_size, "rows": getattr(source, "n", None) or _rows_of(source), "shuffle": shuffle,
             "accumulate": accumulate}  # fmt: skip
    idle = loop.update.idle_notice(epochs * steps) if steps else None
    if idle is not None:
        warnings.warn(idle, Notice, stacklevel=3)
    with progress_bar(f"fit {type(net).__name__}", epochs, progress) as report:
        run = Run(
            programs, loop, source, epochs, jax.tree.map(jnp.asarray, penalties), validation_data, key, list(named),
            as_callbacks(callbacks), report, checkpoint, facts,
        )  # fmt: skip
        if stored is not None:
            run.resume(*stored)
        try:
            run.train()
        except KeyboardInterrupt:
            if checkpoint is not None:
                run.save()
            raise
        finally:
            loop.keep(run.carry[0])
            for callback in run.callbacks:
                callback.finish(run)
    return _history(run, time.perf_counter() - began)


def _rows_of(source: Any) -> int | None:
    return source.rows.n if isinstance(source, Memory) else None


def _history(run: Run, seconds: float) -> History:
    done = run.epoch
    means = np.asarray(run.carry[1])[:done] / run.weights_of_epochs[:done, None]
    held_out = None if run.validation is None else np.asarray(run.carry[2])[:done]
    metrics = {name: means[:, i] for i, name in enumerate(run.names) if i}
    if held_out is not None:
        metrics |= {f"validation_{name}": held_out[:, i] for i, name in enumerate(run.names) if i}
    return History(
        means[:, 0], None if held_out is None else held_out[:, 0], seconds, run.first_seconds, metrics
    )


def _source(
    prepare: _Preparation, data: Any, batch_size: int, validation: Any, sample_weight: Any, class_weight: Any,
    in_memory: bool | None, key: Any,
) -> tuple[Any, Data | None]:  # fmt: skip
    """Where the rows come from, and the held-out ones."""
    given = isinstance(validation, (tuple, list))
    if given and len(validation) != 2:
        raise InputError(f"validation: expected a share or (X, y), got {len(validation)} parts")
    validation_data = Data(*prepare(*check_data(*validation))) if given else None
    # A tuple is (X, y); a list is a loader's batches, unless it holds two arrays.
    arrays = isinstance(data, tuple) or (
        isinstance(data, list) and len(data) == 2 and not isinstance(data[0], (tuple, list))
    )
    if arrays and len(data) != 2:
        raise InputError(f"data: expected (X, y), got {len(data)} parts; weights go to sample_weight=")
    if not arrays:
        if (validation is not None and not given) or sample_weight is not None or class_weight == "balanced":
            raise InputError(
                "data: a loader's rows are not known beforehand; give validation=(X, y), weights as a third part of "
                "each batch, and class_weight as a dict"
            )
        batches = Batches(data, class_weight)
        prepare.look(batches.X, batches.y)
        batches.convert = prepare.convert
        return batches, validation_data
    mapped = isinstance(data[0], np.memmap) if in_memory is None else not in_memory
    if mapped:
        X, y = np.asanyarray(data[0]), np.asarray(data[1])
        if X.ndim < 1 or y.ndim < 1 or len(X) != len(y) or len(X) < 2:
            raise InputError(
                f"X and y: expected as many rows in both, and 2 at least, got {X.shape} and {y.shape}"
            )
        own = check_weights(sample_weight, len(X))
        weight = class_weighted(own, y, class_weight)
        train, held_out = _split(len(X), validation, key)
        first = check_data(X[:2], y[:2])
        prepare.look(first[0], first[1])
        check_targets(prepare.loss, y, prepare.outputs or ())
        if held_out is not None:
            places = np.asarray(held_out)
            held_X, held_y, _ = check_data(X[places], y[places], numbers=places)
            validation_data = Data(*prepare(held_X, held_y, None if own is None else own[places]))
        source = Mapped(X, y, weight, np.asarray(train), min(batch_size, len(train)), prepare.convert)
        return source, validation_data
    X, y, weight = check_data(data[0], data[1], sample_weight)
    train, held_out = _split(len(X), validation, key)
    X_y_w = prepare(X, y, weight)
    if held_out is not None:
        validation_data = jax.tree.map(lambda a: a[held_out], Data(*X_y_w))
    weighted = class_weighted(weight, y, class_weight)
    everything = Data(*X_y_w[:2], None if weighted is None else jnp.asarray(weighted, prepare.dtype))
    mean = 1.0 if weighted is None else float(everything.weight[train].mean())
    rows = RowSet(train, len(train), mean)
    return Memory(everything, rows, -(-len(train) // min(batch_size, len(train)))), validation_data


def prepare_data(net: Module, loss: Any, X: Any, y: Any, weight: Any) -> tuple[Any, Any, Any]:
    """Checked arrays as JAX arrays in the network's precision, targets checked against its outputs."""
    return _Preparation(net, loss)(X, y, weight)


class _Preparation:
    """Rows into the network's precision, and targets checked against its outputs."""

    def __init__(self, net: Module, loss: Any):
        self.net, self.loss = net, loss
        weights = [cell.dtype for cell in net.parameters() if jnp.issubdtype(cell.dtype, jnp.floating)]
        self.dtype = weights[0] if weights else jnp.float32
        self.outputs: tuple[int, ...] | None = None
        self.looks_up = False

    def look(self, X: Any, y: Any) -> None:
        """Learn the shape of the outputs from that of two rows, and try the loss on it."""
        some = [
            jax.ShapeDtypeStruct((2, *a.shape[1:]), dtype) for a, dtype in zip((X, y), self._dtypes(X, y))
        ]
        self.outputs, self.looks_up = _tried(self._kind(*some), lambda: self._try(*some))

    def _dtypes(self, X: Any, y: Any) -> tuple[Any, Any]:
        """What X and y are in the network's precision; classes are integers."""
        plain = [
            self.dtype if jnp.issubdtype(a.dtype, jnp.floating) else jax.dtypes.canonicalize_dtype(a.dtype)
            for a in (X, y)
        ]
        return plain[0], jnp.int32 if self.loss == "cross_entropy" else plain[1]

    def _kind(self, X: Any, y: Any) -> tuple:
        return architecture(self.net), self.loss, *((a.shape, jnp.dtype(a.dtype)) for a in (X, y))

    def _trace(self, X: Any, y: Any) -> Trace:
        return Trace.of(self.net, find_loss(self.loss), X, y)

    def _try(self, X: Any, y: Any) -> tuple[tuple[int, ...], bool]:
        trace = self._trace(X, y)
        shape = getattr(trace.losses, "shape", type(trace.losses).__name__)
        if shape != (2,):
            raise InputError(
                f"loss: expected one value a row, (batch,), got {shape} for a batch of 2; of a loss "
                "module take reduction='none', or name the loss: loss='cross_entropy'"
            )
        if callable(self.loss):
            program = trace.closed.jaxpr
            of_net = [i < len(program.invars) - 1 for i in range(len(program.invars))]  # all but y
            say_crossing("loss", crossing(program, of_net, [2]), 6)
        return trace.output.shape, bool(Lookups(trace).found)

    def convert(self, X: Any, y: Any, weight: Any, where: Callable[[int], str] = "row {}".format) -> Data:
        """More rows of the kind that was looked at; `where` is how to speak of one."""
        check_targets(self.loss, y, self.outputs or (), where)
        data = Data(*self._arrays(X, y, weight, where))
        if self.looks_up:
            made = _looked(self._kind(data.X, data.y), lambda: Lookups(self._trace(data.X, data.y)))
            check_lookups(self.net, find_loss(self.loss), data.X, data.y, made, where)
        return data

    def __call__(self, X: Any, y: Any, weight: Any = None) -> tuple[Any, Any, Any]:
        self.look(X, y)
        return tuple(self.convert(X, y, weight))

    def _arrays(self, X: Any, y: Any, weight: Any, where: Callable[[int], str]) -> list[Any]:
        dtypes = (*self._dtypes(X, y), self.dtype)
        parts = zip(("X", "y", "sample_weight"), (X, y, weight), dtypes)
        return [None if a is None else _put(name, a, dtype, where) for name, a, dtype in parts]


def _put(name: str, a: Any, dtype: Any, where: Callable[[int], str]) -> jax.Array:
    """On the device; what NumPy converts costs no compilation."""
    if isinstance(a, jax.Array):
        return jnp.asarray(a, dtype)
    return jax.device_put(in_precision(name, np.asarray(a), dtype, where))


def _split(n: int, validation: Any, key: Any) -> tuple[Any, Any]:
    """Row numbers for training and, where a share is asked for, for validation."""
    if validation is None or isinstance(validation, (tuple, list)):
        return jnp.arange(n), None
    if (
        not (isinstance(validation, (int, float)) and 0 < validation < 1)
        or not 1 <= round(n * validation) < n
    ):
        raise InputError(
            f"validation: expected a share in (0, 1) that leaves rows on both sides of {n}, got {validation!r}"
        )
    order = np.argsort(jax.random.uniform(jax.random.fold_in(wrap_key(key), 2), (n,)))
    held_out = round(n * validation)
    return jnp.sort(order[held_out:]), jnp.sort(order[:held_out])
