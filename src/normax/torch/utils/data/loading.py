"""The loader: batches of a data set, by its samplers."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from normax.errors import InputError
from normax.torch.utils.data.collating import default_collate, default_convert
from normax.torch.utils.data.datasets import IterableDataset
from normax.torch.utils.data.samplers import BatchSampler, RandomSampler, SequentialSampler

__all__ = ["DataLoader", "get_worker_info"]

T_co = TypeVar("T_co", covariant=True)


class DataLoader(Generic[T_co]):
    """Batches of a data set as tensors, in a new order each time it is gone through.

    They are made in the process that asks for them; `nx.fit` reads ahead in a thread of its own.

    Args:
        dataset: items by number, or an `IterableDataset`.
        batch_size: items a batch; None gives item by item.
        shuffle: a random order each time.
        sampler: numbers of items in the place of `shuffle`.
        batch_sampler: lists of numbers in the place of all of these.
        num_workers: kept for PyTorch's sake, as are `pin_memory`, `timeout`, `multiprocessing_context`,
            `prefetch_factor`, `persistent_workers`, `pin_memory_device` and `in_order`.
        collate_fn: items -> batch; `default_collate` unless given.
        drop_last: leave a short last batch out.
        worker_init_fn: never called, since there are no workers.
        generator: a `torch.Generator` for `shuffle`; None draws from `nx.manual_seed`'s.

    Raises:
        InputError: for settings that exclude each other.

    Example:
        >>> import numpy as np
        >>> from normax.torch.utils.data import TensorDataset
        >>> loader = DataLoader(TensorDataset(np.arange(5.0), np.arange(5)), batch_size=2)
        >>> len(loader), [y.tolist() for x, y in loader]
        (3, [[0, 1], [2, 3], [4]])

    Source:
        torch.utils.data.DataLoader.
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Any = None,
        batch_sampler: Any = None,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: Any = None,
        generator: Any = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ):
        streamed = isinstance(dataset, IterableDataset)
        said = {
            "an IterableDataset has an order of its own: leave shuffle, sampler and batch_sampler out": streamed
            and (shuffle or sampler is not None or batch_sampler is not None),
            "sampler and shuffle exclude each other": sampler is not None and shuffle,
            "batch_sampler excludes batch_size, shuffle, sampler and drop_last": batch_sampler is not None
            and (batch_size != 1 or shuffle or sampler is not None or drop_last),
            "drop_last needs a batch_size": batch_size is None and batch_sampler is None and drop_last,
            f"num_workers: expected a number >= 0, got {num_workers}": num_workers < 0,
        }
        if any(said.values()):
            raise InputError("DataLoader: " + "; ".join(words for words, wrong in said.items() if wrong))
        self.dataset, self.generator, self.drop_last = dataset, generator, drop_last
        self.num_workers, self.pin_memory, self.timeout = num_workers, pin_memory, timeout
        self.worker_init_fn, self.prefetch_factor = worker_init_fn, prefetch_factor
        self.persistent_workers = persistent_workers
        self.batch_size = None if batch_sampler is not None else batch_size
        if sampler is None and not streamed:
            sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        if batch_sampler is None and batch_size is not None and not streamed:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.sampler, self.batch_sampler = sampler, batch_sampler
        batched = batch_sampler is not None or batch_size is not None
        self.collate_fn = collate_fn or (default_collate if batched else default_convert)

    def __iter__(self) -> Iterator[Any]:
        if isinstance(self.dataset, IterableDataset):
            yield from self._streamed()
        elif self.batch_sampler is not None:
            together = getattr(self.dataset, "__getitems__", None)
            for numbers in self.batch_sampler:
                items = together(numbers) if callable(together) else [self.dataset[i] for i in numbers]
                yield self.collate_fn(items)
        else:
            for i in self.sampler:
                yield self.collate_fn(self.dataset[i])

    def _streamed(self) -> Iterator[Any]:
        items = iter(self.dataset)
        if self.batch_size is None:
            yield from map(self.collate_fn, items)
            return
        while batch := list(itertools.islice(items, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield self.collate_fn(batch)

    def __len__(self) -> int:
        if self.batch_sampler is not None:
            return len(self.batch_sampler)
        if not isinstance(self.dataset, IterableDataset):
            return len(self.sampler)
        n = len(self.dataset)  # type: ignore[arg-type]
        if self.batch_size is None:
            return n
        return n // self.batch_size if self.drop_last else -(-n // self.batch_size)


def get_worker_info() -> None:
    """None: the data set runs in the main process."""
    return None
