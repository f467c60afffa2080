"""Data sets as PyTorch's: what has items by number, or yields them."""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

import numpy as np

from normax.errors import InputError
from normax.torch.utils.data.samplers import permutation

__all__ = [
    "ChainDataset",
    "ConcatDataset",
    "Dataset",
    "IterableDataset",
    "StackDataset",
    "Subset",
    "TensorDataset",
    "random_split",
]

T_co = TypeVar("T_co", covariant=True)


class Dataset(Generic[T_co]):
    """Base of data sets with items by number: write `__getitem__` and `__len__`.

    Example:
        >>> class Squares(Dataset):
        ...     def __len__(self):
        ...         return 3
        ...     def __getitem__(self, i):
        ...         return i**2
        >>> len(Squares() + Squares()), (Squares() + Squares())[4]
        (6, 1)

    Source:
        torch.utils.data.Dataset.
    """

    def __getitem__(self, index: Any) -> T_co:
        raise NotImplementedError("Subclasses of Dataset should implement __getitem__.")

    def __add__(self, other: Dataset) -> ConcatDataset:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T_co]):
    """Base of data sets that are gone through: write `__iter__`.

    Source:
        torch.utils.data.IterableDataset.
    """

    def __iter__(self) -> Iterator[T_co]:
        raise NotImplementedError("Subclasses of IterableDataset should implement __iter__.")

    def __add__(self, other: Any) -> ChainDataset:  # type: ignore[override]
        return ChainDataset([self, other])


class TensorDataset(Dataset[tuple]):
    """Rows of tensors or arrays of as many rows each: item i is `(a[i], b[i], ...)`.

    Raises:
        InputError: for differing numbers of rows.

    Example:
        >>> import numpy as np
        >>> TensorDataset(np.arange(3), np.arange(3) * 10)[2]
        (np.int64(2), np.int64(20))
    """

    tensors: tuple

    def __init__(self, *tensors: Any):
        rows = [len(tensor) for tensor in tensors]
        if len(set(rows)) > 1:
            raise InputError(f"TensorDataset: expected as many rows in each tensor, got {rows}")
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple:
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self) -> int:
        return len(self.tensors[0])


class StackDataset(Dataset[Any]):
    """Data sets side by side: item i is a tuple of theirs, or a dict by their names.

    Example:
        >>> StackDataset([1, 2], [3, 4])[1], StackDataset(a=[1, 2], b=[3, 4])[0]
        ((2, 4), {'a': 1, 'b': 3})
    """

    def __init__(self, *args: Any, **kwargs: Any):
        self.datasets: Any = args or kwargs
        if bool(args) == bool(kwargs):
            raise InputError("StackDataset: expected data sets in a row, or all of them by name")
        lengths = [len(part) for part in (args or kwargs.values())]
        if len(set(lengths)) > 1:
            raise InputError(f"StackDataset: expected data sets of one length, got {lengths}")

    def __getitem__(self, index: Any) -> Any:
        if isinstance(self.datasets, dict):
            return {name: part[index] for name, part in self.datasets.items()}
        return tuple(part[index] for part in self.datasets)

    def __len__(self) -> int:
        parts = self.datasets.values() if isinstance(self.datasets, dict) else self.datasets
        return len(next(iter(parts)))


class ConcatDataset(Dataset[T_co]):
    """Data sets one after the other.

    Raises:
        InputError: for none at all.

    Example:
        >>> both = ConcatDataset([[1, 2], [3]])
        >>> len(both), both[2], both[-1], both.cumulative_sizes
        (3, 3, 3, [2, 3])
    """

    def __init__(self, datasets: Iterable[Any]):
        self.datasets = list(datasets)
        if not self.datasets:
            raise InputError("ConcatDataset: expected one data set or more")
        self.cumulative_sizes = list(itertools.accumulate(len(part) for part in self.datasets))

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, index: int) -> T_co:
        if not -len(self) <= index < len(self):
            raise IndexError(f"index {index} is out of range for {len(self)} items")
        index %= len(self)
        part = bisect.bisect_right(self.cumulative_sizes, index)
        return self.datasets[part][index - (self.cumulative_sizes[part - 1] if part else 0)]


class ChainDataset(IterableDataset):
    """Iterable data sets one after the other."""

    def __init__(self, datasets: Iterable[Any]):
        self.datasets = datasets

    def __iter__(self) -> Iterator[Any]:
        return itertools.chain.from_iterable(self.datasets)

    def __len__(self) -> int:
        return sum(len(part) for part in self.datasets)


class Subset(Dataset[T_co]):
    """Items of a data set by their numbers.

    Example:
        >>> Subset(["a", "b", "c"], [2, 0])[0]
        'c'
    """

    def __init__(self, dataset: Any, indices: Sequence[int]):
        self.dataset, self.indices = dataset, indices

    def __getitem__(self, index: Any) -> T_co:
        if isinstance(index, list):
            return self.dataset[[self.indices[i] for i in index]]
        return self.dataset[self.indices[index]]

    def __len__(self) -> int:
        return len(self.indices)


def random_split(dataset: Any, lengths: Sequence[float], generator: Any = None) -> list[Subset]:
    """Parts of a data set that do not overlap, drawn from normax's stream.

    Args:
        dataset: with a length.
        lengths: numbers of items, or shares that add up to 1, whose remainder goes to the first parts.
        generator: a `torch.Generator`; None draws from `nx.manual_seed`'s.

    Raises:
        InputError: for lengths that do not add up.

    Example:
        >>> import normax as nx
        >>> nx.manual_seed(0)
        >>> parts = random_split(range(10), [0.7, 0.3])
        >>> [len(part) for part in parts], sorted(i for part in parts for i in part.indices) == list(range(10))
        ([7, 3], True)
    """
    n = len(dataset)
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1:
        if any(share < 0 or share > 1 for share in lengths):
            raise InputError(f"random_split: expected shares in [0, 1], got {list(lengths)}")
        counts = [math.floor(n * share) for share in lengths]
        for i in range(n - sum(counts)):
            counts[i % len(counts)] += 1
    else:
        counts = [int(length) for length in lengths]
    if sum(counts) != n:
        raise InputError(
            f"random_split: expected lengths that add up to {n}, the length of the data set, got {sum(counts)}"
        )
    order = permutation(n, generator).tolist()
    ends = np.cumsum(counts).tolist()
    return [Subset(dataset, order[end - count : end]) for end, count in zip(ends, counts)]
