"""Where the rows of a fit come from: the device's memory, a memory map, a data set's items, or a loader's batches.

`Memory` keeps everything on the device. The others are streamed: a thread reads the next chunk of whole
batches while the present one trains. A memory map is shuffled as memory is, so its fit is the same.
"""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from normax.errors import InputError
from normax.training.data import check_data, check_weights
from normax.training.datasets import read_items
from normax.training.loop import Data, RowSet, shuffled
from normax.training.partition import Partition

__all__ = ["Batches", "Chunk", "Items", "Mapped", "Memory", "Reading", "parquet", "prefetched"]

CHUNK_BYTES = 32 << 20
CHUNK_STEPS = 256

Convert = Callable[[Any, Any, Any, Callable[[int], str]], Data]


@dataclass(frozen=True)
class Memory:
    """All rows on the device."""

    data: Data
    rows: RowSet
    batch_size: int

    @property
    def n(self) -> int:
        return self.rows.n

    @property
    def y(self) -> Any:
        return self.data.y

    @property
    def steps(self) -> int:
        """Batches an epoch."""
        return -(-self.n // self.batch_size)


class Chunk(NamedTuple):
    """Whole batches in a row: steps `first` to `stop` of an epoch, `last` where these end it.

    `n` is the number of rows of the epoch up to here, `data` `(steps, rows, ...)` of as many steps in every chunk, `real`
    `(steps, rows)` False on padding rows.
    """

    data: Data
    real: Any
    first: int
    stop: int
    n: int
    last: bool


@dataclass(frozen=True)
class Reading:
    """How rows that are read become those of batches on the device, or on a mesh of devices of several processes.

    Args:
        convert: X, y, weights -> checked, in the network's precision.
        partition: of the mesh.
    """

    convert: Convert
    partition: Partition | None = None

    @property
    def shares(self) -> int:
        """How many processes bring a part each of every batch."""
        return 1 if self.partition is None else self.partition.shares

    def own(self, size: int) -> np.ndarray:
        """The places in a batch that this process brings."""
        return np.arange(size) if self.partition is None else self.partition.own(size)

    def stacked(self, data: Data, real: int, steps: int, size: int) -> tuple[Data, Any]:
        """Rows, of which the first `real` count, as `steps` batches of so many rows of this process, and which count."""
        held = jax.tree.map(lambda a: _filled(a, steps * size), data), np.arange(steps * size) < real
        held = jax.tree.map(lambda a: a.reshape(steps, size, *a.shape[1:]), held)
        return jax.tree.map(jnp.asarray, held) if self.partition is None else self.partition.stacked(held)


class _ByNumber:
    """Rows read by their numbers in the order that `Memory` would go through them; of several processes that make up a batch
    together each reads its own."""

    def __init__(self, rows: np.ndarray, weight: Any, row_bytes: int, batch_size: int, reading: Reading):
        self.rows, self.weight, self.reading = rows, weight, reading
        self.batch_size, self.n = batch_size, len(rows)
        self.steps = -(-self.n // batch_size)
        self.mean_weight = 1.0 if weight is None else float(weight[rows].mean())
        self.chunk = min(max(1, CHUNK_BYTES // (batch_size * row_bytes)), CHUNK_STEPS, self.steps)
        self._order = jax.jit(shuffled, static_argnums=3)

    def chunks(self, key: Any, epoch: int, shuffle: bool) -> Iterator[Chunk]:
        """The chunks of an epoch, from its start: a resumed fit drops the first ones unread."""
        order, size = self.rows, self.batch_size
        if shuffle:
            rows = RowSet(jnp.asarray(self.rows), self.n)
            order = np.asarray(self._order(rows, key, epoch, size))[: self.n]
        order = np.pad(order, (0, -self.n % size), mode="edge").reshape(self.steps, size)
        place, own = np.arange(order.size).reshape(order.shape), self.reading.own(size)
        for first in range(0, self.steps, self.chunk):
            stop = min(first + self.chunk, self.steps)
            real = int((place[first:stop, own] < self.n).sum())
            chosen = order[first:stop, own].reshape(-1)[: max(1, real)]  # padding is at the end
            X, y, weight = self._read(chosen)
            X, y, _ = check_data(X, y, numbers=chosen, least=1)
            data = self.reading.convert(X, y, weight, partial(_row, chosen))
            batches = self.reading.stacked(data, real, self.chunk, len(own))
            yield Chunk(*batches, first, stop, self.n, stop == self.steps)

    def _read(self, chosen: np.ndarray) -> tuple[Any, Any, Any]:
        raise NotImplementedError


def _row(chosen: np.ndarray, i: int) -> str:
    return f"row {chosen[i]}"


class Mapped(_ByNumber):
    """Rows of memory maps."""

    def __init__(self, X: Any, y: Any, weight: Any, rows: np.ndarray, batch_size: int, reading: Reading):
        super().__init__(rows, weight, X[:1].nbytes + y[:1].nbytes, batch_size, reading)
        self.X, self.y = X, y

    def _read(self, chosen):
        place = np.argsort(chosen)  # a disk is read forwards
        back = np.argsort(place)
        return tuple(
            None if array is None else np.asarray(array[chosen[place]])[back]
            for array in (self.X, self.y, self.weight)
        )


class Items(_ByNumber):
    """Rows of a data set, items `(x, y)` by number, which every epoch reads anew."""

    def __init__(
        self,
        dataset: Any,
        weight: Any,
        class_weight: Any,
        rows: np.ndarray,
        batch_size: int,
        reading: Reading,
    ):
        self.dataset, self.class_weight = dataset, class_weight
        X, y = read_items(dataset, rows[:1])
        super().__init__(rows, weight, X.nbytes + y.nbytes, batch_size, reading)

    def _read(self, chosen):
        X, y = read_items(self.dataset, chosen)
        weight = None if self.weight is None else self.weight[chosen]
        return X, y, _by_class(y, self.class_weight, weight)


def _by_class(y: np.ndarray, class_weight: Any, weight: Any) -> Any:
    """Weights of rows times those of their classes."""
    if class_weight is None:
        return weight
    of_class = np.array([class_weight.get(c, 1.0) for c in y.tolist()])
    return of_class if weight is None else weight * of_class


class Batches:
    """Batches `(X, y)` or `(X, y, weight)` of a loader, in its order; only an epoch's last may be short.

    Where several processes make up a batch together, the loader of each gives that process's part of every batch, as many
    rows as the others'.

    Args:
        loader: what `iter` takes anew for each epoch (PyTorch's or grain's loader, a list), or a function of
            the epoch's number that returns an iterator.
        class_weight: class -> weight, or None.
        partition: of the mesh that batches go to.
    """

    mean_weight, n = 1.0, None

    def __init__(self, loader: Any, class_weight: Any = None, partition: Partition | None = None):
        if not callable(loader) and (not isinstance(loader, Iterable) or isinstance(loader, Iterator)):
            raise InputError(
                "data: expected (X, y), a loader that can be gone through once an epoch, or a function of the epoch "
                f"that returns batches; got {type(loader).__name__}"
            )
        self.loader, self.class_weight = loader, class_weight
        batches = self._open(0)
        first = next(batches, None)
        if first is None:
            raise InputError("data: the loader has no batch")
        self._begun: Iterator | None = itertools.chain([first], batches)
        self.X, self.y, self.weight = self._parts(first, 0)
        self.part = len(self.X)
        self.batch_size = self.part if partition is None else self.part * partition.shares
        size = getattr(loader, "__len__", None)
        self.steps = size() if size is not None and not callable(loader) else None
        self.chunk = min(max(1, CHUNK_BYTES // max(1, self.X.nbytes + self.y.nbytes)), CHUNK_STEPS)
        if self.steps:
            self.chunk = min(self.chunk, self.steps)
        self.reading: Reading

    def _open(self, epoch: int) -> Iterator:
        return iter(self.loader(epoch) if callable(self.loader) else self.loader)

    def _parts(self, batch: Any, number: int) -> tuple[np.ndarray, np.ndarray, Any]:
        if not isinstance(batch, (tuple, list)) or len(batch) not in (2, 3):
            raise InputError(f"data: expected batches (X, y) or (X, y, weight), got {type(batch).__name__}")
        try:
            X, y, _ = check_data(*batch[:2], least=1)
            weight = check_weights(batch[2], len(X)) if len(batch) == 3 else None
        except InputError as error:
            raise InputError(f"batch {number}: {error}") from None
        first = getattr(self, "X", X), getattr(self, "y", y)
        odd = [
            f"{name} of shape {a.shape}, and batch 0 has {(len(a), *b.shape[1:])}"
            for name, a, b in zip("Xy", (X, y), first)
            if a.shape[1:] != b.shape[1:]
        ]
        if odd:
            raise InputError(f"data: batch {number} has {', '.join(odd)}; all batches of a loader are alike")
        return X, y, _by_class(y, self.class_weight, weight)

    def chunks(self, key: Any, epoch: int, shuffle: bool) -> Iterator[Chunk]:
        batches = self._open(epoch) if self._begun is None or epoch else self._begun
        self._begun = None
        held: list[Any] = []
        at, rows, short = 0, 0, False
        for number, batch in enumerate(batches):
            if len(held) == self.chunk:
                yield self._joined(held, at, rows, False)
                at, held = number, []
            parts = self._parts(batch, number)
            if short or len(parts[0]) > self.part:
                raise InputError(
                    f"data: batch {number} of epoch {epoch + 1} follows a short one or is larger than the first "
                    f"({self.part} rows); only the last batch may differ"
                )
            short = len(parts[0]) < self.part
            rows += len(parts[0])
            held.append(parts)
        if not held:
            raise InputError(
                f"data: the loader was empty in epoch {epoch + 1}; it must start anew each epoch"
            )
        yield self._joined(held, at, rows, True)

    def _joined(self, held: list[Any], at: int, rows: int, last: bool) -> Chunk:
        weighted = [parts[2] is not None for parts in held]
        if len(set(weighted)) > 1:
            raise InputError(
                f"data: batch {at + weighted.index(False)} has no weights, and others have; all or none"
            )
        X, y, weight = (None if parts[0] is None else np.concatenate(parts) for parts in zip(*held))

        def where(i: int) -> str:
            return f"row {i % self.part} of batch {at + i // self.part}"

        data = self.reading.convert(X, y, weight, where)
        batches = self.reading.stacked(data, len(data.X), self.chunk, self.part)
        return Chunk(*batches, at, at + len(held), rows * self.reading.shares, last)


def _filled(array: Any, size: int) -> np.ndarray:
    """Padded to `size` rows by repeating the last, so that one program serves every chunk."""
    array = np.asarray(array)
    if len(array) == size:
        return array
    return np.concatenate([array, np.repeat(array[-1:], size - len(array), axis=0)])


def prefetched(items: Iterator, ahead: int = 2) -> Generator:
    """The items of an iterator, made by a thread up to `ahead` before they are asked for.

    Example:
        >>> list(prefetched(iter("abc")))
        ['a', 'b', 'c']
    """
    ready: queue.Queue = queue.Queue(ahead)
    closed = threading.Event()

    def put(item):
        while not closed.is_set():
            try:
                return ready.put(item, timeout=0.1)
            except queue.Full:
                continue

    def work():
        try:
            for item in items:
                put((item, None))
                if closed.is_set():
                    return
            put((_END, None))
        except BaseException as error:  # raised again where the item is asked for
            put((_END, error))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        while True:
            item, error = ready.get()
            if error is not None:
                raise error
            if item is _END:
                return
            yield item
    finally:
        closed.set()
        thread.join()


_END = object()


def parquet(file: Any, target: str, features: list[str] | None = None) -> tuple[np.ndarray, np.ndarray]:
    """A Parquet file's columns as `(X, y)` for `nx.fit`, without ever holding it in memory.

    The file is read once, a row group at a time, into memory-mapped temporary files of float32, which vanish
    with the arrays: so rows can be shuffled through and through, as Parquet itself cannot be.

    Args:
        file: the file.
        target: the column to predict; whole numbers stay whole.
        features: the other columns, in order; all by default.

    Raises:
        InputError: for a file that cannot be read, unknown columns, or columns that are not numbers.

    Example:
        >>> import pyarrow, pyarrow.parquet, tempfile
        >>> file = tempfile.mkdtemp() + "/data.parquet"
        >>> pyarrow.parquet.write_table(pyarrow.table({"a": [1.0, 2.0], "b": [0, 1]}), file)
        >>> X, y = parquet(file, target="b")
        >>> X.shape, y.tolist()
        ((2, 1), [0, 1])
    """
    import tempfile

    import pyarrow
    from pyarrow import parquet as reader

    from normax.errors import suggest

    try:
        source = reader.ParquetFile(file)
    except (OSError, pyarrow.ArrowException) as error:
        raise InputError(f"{file}: cannot be read as Parquet: {error}") from error
    schema, n = source.schema_arrow, source.metadata.num_rows
    features = [name for name in schema.names if name != target] if features is None else list(features)
    unknown = [name for name in [*features, target] if name not in schema.names]
    if unknown:
        raise InputError(
            f"{file}: no column " + ", ".join(f"{u!r}{suggest(u, schema.names)}" for u in unknown)
        )
    types = {name: schema.field(name).type for name in [*features, target]}
    is_number = (pyarrow.types.is_integer, pyarrow.types.is_floating, pyarrow.types.is_boolean)
    text = [name for name, kind in types.items() if not any(is_(kind) for is_ in is_number)]
    if text or n == 0:
        raise InputError(
            f"{file}: " + (f"columns {', '.join(text)} are not numbers" if text else "it has no rows")
        )
    whole = np.int32 if pyarrow.types.is_integer(types[target]) else np.float32

    def mapped(dtype, shape):
        with tempfile.TemporaryFile() as stream:
            return np.memmap(stream, dtype=dtype, mode="w+", shape=shape)

    X, y = mapped(np.float32, (n, len(features))), mapped(whole, (n,))
    at = 0
    for group in range(source.num_row_groups):
        table = source.read_row_group(group, columns=[*features, target])
        rows = slice(at, at + table.num_rows)
        missing = [name for name in table.column_names if table[name].null_count]
        if missing:
            raise InputError(f"{file}: missing values in {', '.join(missing)}, row group {group}")
        for j, name in enumerate(features):
            X[rows, j] = table[name].to_numpy()
        y[rows] = table[target].to_numpy()
        at += table.num_rows
    return X, y
