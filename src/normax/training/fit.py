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

from normax import distributed
from normax.binding import bind
from normax.binding.recent import Recent
from normax.binding.signature import architecture
from normax.errors import InputError, Notice
from normax.nn.module import Module
from normax.nn.random import raw_key
from normax.progress import progress_bar
from normax.training import checkpoint as files
from normax.training.callbacks import as_callbacks
from normax.training.checkpoint import Checkpoint
from normax.training.data import check_counts, check_metrics
from normax.training.groups import grouped, of_network
from normax.training.history import History
from normax.training.loop import Loop
from normax.training.losses import find_loss, smoothed
from normax.training.metrics import find_metrics
from normax.training.modes import in_training_mode
from normax.training.partition import partition
from normax.training.penalize import untrainable
from normax.training.preparation import Preparation, prepare_source
from normax.training.programs import Programs
from normax.training.recipes import recipe
from normax.training.run import Run
from normax.training.sources import Mapped, Memory
from normax.training.update import Update, short_of

__all__ = ["History", "fit"]

_programs = Recent()


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
    mesh: Any = None,
    shard: Any = None,
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
            `(X, y, weight)`, in whose order it trains; the weights should then have mean 1. Or a data set of items
            `(x, y)` by number (`torch.utils.data.Dataset`, PyTorch's or `normax.torch`'s, or your own), which every
            epoch reads anew.
        loss: a name ("squared", "mse", "absolute", "cross_entropy", "binary_cross_entropy", "poisson") or a
            function `(output, target) -> (batch,)`.
        optimizer: an optax transformation, an optimiser of `normax.torch.optim`, or the name of one of optax's, such as
            "adam", at learning rate 1e-3.
        epochs: passes over the data.
        batch_size: rows a step (a loader brings its own); the last batch of an epoch is short where it does not
            divide n, and a size above n means the full batch.
        validation: a share of the rows, chosen by the seed, `(X, y)`, or a data set or PyTorch's loader, which is
            read once; measured after each epoch.
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
        mesh: devices that train together: a `jax.sharding.Mesh`, how many, or axes such as `{"data": -1}`, of all there
            are. Batches are cut by rows over the axis "data" (the first, if none is called that), which has to divide
            `batch_size`; the same seed gives the same history to rounding on any number. The network stays there. None: where the
            network lies (`net.to`). In a run of several processes (`nx.distributed`) all call `fit` alike: with the same arrays
            or data set, of which each reads its own rows where they are not in memory, or a loader of its own part of each batch.
        shard: which parameters are cut over the mesh, with their part of the optimiser's state, instead of copied to each
            device: pattern -> `PartitionSpec`, or the name of an axis, as in `net.to`: `{"*.weight": "data"}`.

    Returns:
        A `History`.

    Raises:
        InputError: for data that cannot be used, by row and column; a loss that is no longer finite, by
            step and first parameter that went bad (the network then holds the weights before that step); an
            optimiser or strength as in `nx.train_step`; a checkpoint of another network, every difference at once.
            On an interrupt the network keeps what was trained so far.
        LostProcess: where several processes train together, if one fails or does not come in time; it is named.

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
    if not bind(net).trainable:
        raise InputError(untrainable(net))
    laid = partition(net, mesh, shard)
    binding = bind(net)
    optimizer = of_network(net, optimizer)
    checkpoint, stored, key = _begun(checkpoint, resume, seed)
    if laid is not None and laid.together:
        key = _agreed(checkpoint, stored, key)
    source, held_out = prepare_source(
        Preparation(net, loss),
        data,
        batch_size,
        validation,
        sample_weight,
        class_weight,
        in_memory,
        key,
        laid,
    )
    batch_size = source.batch_size
    if laid is not None:
        laid.check_batch(batch_size, accumulate)
        laid.check_same(held_out, "validation")
        held_out = laid.whole(held_out)
    if batch_size % accumulate:
        raise InputError(f"accumulate: {accumulate} parts do not divide a batch of {batch_size} rows")
    padded = source.n is None or source.n % batch_size != 0
    penalties = [cell.penalty for cell in binding.trainable]
    named = find_metrics(metrics)
    if isinstance(source, (Memory, Mapped)):
        check_metrics(named, loss, np.asarray(source.y))
    factors = tuple(rates.items()) if isinstance(rates, Mapping) else rates
    few = short_of(epochs, source.steps)

    def make():
        tx = grouped(net, optimizer, clip, rates)
        update = Update(tx, binding.parameter_names, binding.trainable, penalties, prox_step, few)
        measures = find_loss(loss), *named.values()
        trained = smoothed(loss, label_smoothing)
        return Programs(
            Loop(net, trained, update, batch_size, padded, measures, accumulate, ema, laid), shuffle
        )

    kind = (
        *(architecture(net), tuple(penalties), loss, recipe(optimizer), prox_step, batch_size, padded),
        *(tuple(named.items()), label_smoothing, clip, factors, accumulate, ema, shuffle, few, laid),
    )
    programs = _programs(kind, make)
    loop = programs.loop.of(net, binding)
    idle = loop.update.idle_notice(epochs * source.steps) if source.steps else None
    if idle is not None:
        warnings.warn(idle, Notice, stacklevel=3)
    shown = progress if laid is None or not laid.together or distributed.is_main() else False
    with progress_bar(f"fit {type(net).__name__}", epochs, shown) as report:
        run = Run(
            programs,
            loop,
            source,
            epochs,
            penalties=jax.tree.map(jnp.asarray, penalties),
            validation=held_out,
            key=key,
            names=["loss", *named],
            callbacks=as_callbacks(callbacks),
            report=report,
            checkpoint=checkpoint,
        )
        if stored is not None:
            run.resume(*stored)
        run.train()
    return _history(run, time.perf_counter() - began)


def _begun(
    checkpoint: Checkpoint | str | Path | None, resume: bool, seed: int | None
) -> tuple[Checkpoint | None, tuple[dict[str, np.ndarray], dict[str, Any]] | None, Any]:
    """Where checkpoints go, what is there if the fit goes on from it, and the random key."""
    checkpoint = Checkpoint(checkpoint) if isinstance(checkpoint, (str, Path)) else checkpoint
    if not isinstance(checkpoint, (Checkpoint, type(None))):
        raise InputError(f"checkpoint: expected a file or nx.Checkpoint(file), got {checkpoint!r}")
    if resume and checkpoint is None:
        raise InputError("resume: from which file? Name it: checkpoint='run.safetensors'")
    stored = files.read(checkpoint.file) if resume and checkpoint and checkpoint.file.exists() else None
    key = raw_key(seed) if stored is None else stored[0]["key"]
    if seed is not None and not np.array_equal(raw_key(seed), key):
        raise InputError(
            f"seed: the checkpoint is of a fit with another seed than {seed}; write seed=None to go on with its own, "
            "name another file, or resume=False"
        )
    return checkpoint, stored, key


def _agreed(checkpoint: Checkpoint | None, stored: Any, key: Any) -> Any:
    """Process 0's random key, once all stand at one place.

    Raises:
        InputError: if they do not see one checkpoint.
    """
    place = None if stored is None else [stored[1]["epoch"], stored[1]["step"], stored[0]["key"].tolist()]
    said = distributed.gather([place, np.asarray(key).tolist()], "the start of fit")
    odd = [i for i, (at, _) in enumerate(said) if at != said[0][0]]
    if odd:
        assert checkpoint is not None
        raise InputError(
            f"resume: process {odd[0]} does not find at {checkpoint.file} what process 0 finds; write checkpoints where "
            "every process sees them, on a file system that the machines share"
        )
    return np.array(said[0][1], np.uint32)


def _history(run: Run, seconds: float) -> History:
    done = run.epoch
    means = np.asarray(run.carry.sums)[:done] / run.weights_of_epochs[:done, None]
    held_out = None if run.validation is None else np.asarray(run.carry.held_out)[:done]
    metrics = {name: means[:, i] for i, name in enumerate(run.names) if i}
    if held_out is not None:
        metrics |= {f"validation_{name}": held_out[:, i] for i, name in enumerate(run.names) if i}
    return History(
        means[:, 0], None if held_out is None else held_out[:, 0], seconds, run.first_seconds, metrics
    )
