"""The rows of a fit, checked and brought into the network's precision, wherever they come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.balance import class_weighted
from normax.binding.crossing import crossing, say_crossing
from normax.binding.recent import Recent
from normax.binding.signature import architecture
from normax.errors import InputError
from normax.nn.module import Module
from normax.nn.random import wrap_key
from normax.training.data import check_data, check_weights, in_precision
from normax.training.datasets import as_arrays, is_dataset, read_items, whole
from normax.training.lookups import Lookups, Trace, check_lookups
from normax.training.loop import Data, RowSet
from normax.training.losses import check_targets, find_loss
from normax.training.partition import Partition
from normax.training.sources import Batches, Items, Mapped, Memory, Reading

__all__ = ["Preparation", "prepare_data", "prepare_source"]

_tried = Recent()
_looked = Recent()

Source = Memory | Mapped | Items | Batches
ClassWeight = Mapping[Any, float] | str | None


def prepare_data(net: Module, loss: Any, X: Any, y: Any, weight: Any) -> tuple[Any, Any, Any]:
    """Checked arrays as JAX arrays in the network's precision, targets checked against its outputs."""
    return Preparation(net, loss)(X, y, weight)


def prepare_source(
    prepare: Preparation,
    data: Any,
    batch_size: int,
    validation: Any,
    sample_weight: Any,
    class_weight: ClassWeight,
    in_memory: bool | None,
    key: Any,
    partition: Partition | None = None,
) -> tuple[Source, Data | None]:
    """Where the rows of `nx.fit` come from, and the held-out ones."""
    validation, data = whole(validation), (as_arrays(data) or data) if is_dataset(data) else data
    given = isinstance(validation, (tuple, list))
    if given and len(validation) != 2:
        raise InputError(f"validation: expected a share or (X, y), got {len(validation)} parts")
    held_out = Data(*prepare(*check_data(*validation))) if given else None
    # A tuple is (X, y); a list is a loader's batches, unless it holds two arrays.
    arrays = isinstance(data, tuple) or (
        isinstance(data, list) and len(data) == 2 and not isinstance(data[0], (tuple, list))
    )
    if arrays and len(data) != 2:
        raise InputError(f"data: expected (X, y), got {len(data)} parts; weights go to sample_weight=")
    share = None if given else validation
    if is_dataset(data):
        items, chosen = _items(prepare, data, batch_size, share, sample_weight, class_weight, key, partition)
        return items, held_out if given else chosen
    if not arrays:
        if (validation is not None and not given) or sample_weight is not None or class_weight == "balanced":
            raise InputError(
                "data: a loader's rows are not known beforehand; give validation=(X, y), weights as a third part of "
                "each batch, and class_weight as a dict"
            )
        batches = Batches(data, class_weight, partition)
        prepare.look(batches.X, batches.y)
        batches.reading = Reading(prepare.convert, partition)
        return batches, held_out
    mapped = isinstance(data[0], np.memmap) if in_memory is None else not in_memory
    X, y = data
    rows = _Arrays(prepare, X, y, batch_size, share, sample_weight, class_weight, key, partition)
    found, chosen = rows.mapped() if mapped else rows.in_memory()
    return found, held_out if given else chosen


def _items(
    prepare: Preparation,
    dataset: Any,
    batch_size: int,
    share: float | None,
    sample_weight: Any,
    class_weight: ClassWeight,
    key: Any,
    partition: Partition | None,
) -> tuple[Items, Data | None]:
    """The rows of a data set, read as they come, and the held-out ones."""
    n = len(dataset)
    if n < 2:
        raise InputError(f"data: expected at least 2 items, got {n}")
    if class_weight == "balanced":
        raise InputError(
            "class_weight: the classes of a data set are not known beforehand; give them as a dict"
        )
    weight = check_weights(sample_weight, n)
    train, chosen = _split(n, share, key)
    prepare.look(*read_items(dataset, range(2)))
    held_out = None
    if chosen is not None:
        X, y, _ = check_data(*read_items(dataset, np.asarray(chosen)), numbers=np.asarray(chosen), least=1)
        held_out = Data(*prepare(X, y, None if weight is None else weight[np.asarray(chosen)]))
    size, reading = _rows_a_step(batch_size, len(train), partition), Reading(prepare.convert, partition)
    return Items(dataset, weight, class_weight, np.asarray(train), size, reading), held_out


def _rows_a_step(batch_size: int, n: int, partition: Partition | None) -> int:
    """As asked for, or all rows where there are fewer, with padding where the devices do not divide them."""
    return batch_size if batch_size < n else n if partition is None else partition.rounded(n)


@dataclass(frozen=True)
class _Arrays:
    """X and y of as many rows, and what is asked of them; `share` of the rows is held out, None: none is."""

    prepare: Preparation
    X: Any
    y: Any
    batch_size: int
    share: float | None
    sample_weight: Any
    class_weight: ClassWeight
    key: Any
    partition: Partition | None

    def _size(self, n: int) -> int:
        return _rows_a_step(self.batch_size, n, self.partition)

    def mapped(self) -> tuple[Mapped, Data | None]:
        """Rows to read as they come, and the held-out ones."""
        prepare, X, y = self.prepare, np.asanyarray(self.X), np.asarray(self.y)
        if X.ndim < 1 or y.ndim < 1 or len(X) != len(y) or len(X) < 2:
            raise InputError(
                f"X and y: expected as many rows in both, and 2 at least, got {X.shape} and {y.shape}"
            )
        own = check_weights(self.sample_weight, len(X))
        weight = class_weighted(own, y, self.class_weight)
        train, chosen = _split(len(X), self.share, self.key)
        prepare.look(*check_data(X[:2], y[:2])[:2])
        check_targets(prepare.loss, y, prepare.outputs or ())
        held_out = None
        if chosen is not None:
            places = np.asarray(chosen)
            held_X, held_y, _ = check_data(X[places], y[places], numbers=places)
            held_out = Data(*prepare(held_X, held_y, None if own is None else own[places]))
        reading = Reading(prepare.convert, self.partition)
        return Mapped(X, y, weight, np.asarray(train), self._size(len(train)), reading), held_out

    def in_memory(self) -> tuple[Memory, Data | None]:
        """All rows, and the held-out ones."""
        X, y, weight = check_data(self.X, self.y, self.sample_weight)
        train, chosen = _split(len(X), self.share, self.key)
        rows = Data(*self.prepare(X, y, weight))
        held_out = None if chosen is None else jax.tree.map(lambda a: a[chosen], rows)
        weighted = class_weighted(weight, y, self.class_weight)
        rows = rows._replace(weight=None if weighted is None else jnp.asarray(weighted, self.prepare.dtype))
        mean = 1.0 if weighted is None else float(rows.weight[train].mean())
        if self.partition is not None:
            self.partition.check_same(rows, "data")
            rows, train = self.partition.whole((rows, train))
        return Memory(rows, RowSet(train, len(train), mean), self._size(len(train))), held_out


class Preparation:
    """Rows into the network's precision, and targets checked against its outputs."""

    def __init__(self, net: Module, loss: Any):
        self.net, self.loss = net, loss
        kinds = [cell.value.dtype for cell in net.parameters()]
        self.dtype = next((kind for kind in kinds if jnp.issubdtype(kind, jnp.floating)), jnp.float32)
        self.outputs: tuple[int, ...] | None = None
        self.looks_up = False

    def look(self, X: Any, y: Any) -> None:
        """Learn the shape of the outputs from that of two rows, and try the loss on it."""
        some = [
            jax.ShapeDtypeStruct((2, *a.shape[1:]), dtype) for a, dtype in zip((X, y), self._dtypes(X, y))
        ]
        self.outputs, self.looks_up, crossed = _tried(self._kind(*some), lambda: self._try(*some))
        say_crossing("loss", crossed, 6)

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

    def _try(self, X: Any, y: Any) -> tuple[tuple[int, ...], bool, Any]:
        """The shape of an output, whether rows hold indices, and which shapes the loss crosses."""
        trace = self._trace(X, y)
        shape = getattr(trace.losses, "shape", type(trace.losses).__name__)
        if shape != (2,):
            raise InputError(
                f"loss: expected one value a row, (batch,), got {shape} for a batch of 2; of a loss "
                "module take reduction='none', or name the loss: loss='cross_entropy'"
            )
        crossed = None
        if callable(self.loss):
            program = trace.closed.jaxpr
            of_net = [i < len(program.invars) - 1 for i in range(len(program.invars))]  # all but y
            crossed = crossing(program, of_net, [2])
        return trace.output.shape, bool(Lookups(trace).found), crossed

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


def _split(n: int, share: Any, key: Any) -> tuple[Any, Any]:
    """Row numbers for training and, where a share is asked for, for validation."""
    if share is None:
        return jnp.arange(n), None
    if not (isinstance(share, (int, float)) and 0 < share < 1) or not 1 <= round(n * share) < n:
        raise InputError(
            f"validation: expected a share in (0, 1) that leaves rows on both sides of {n}, got {share!r}"
        )
    order = np.argsort(jax.random.uniform(jax.random.fold_in(wrap_key(key), 2), (n,)))
    held_out = round(n * share)
    return jnp.sort(order[held_out:]), jnp.sort(order[:held_out])
