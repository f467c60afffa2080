"""The orders in which a loader goes through a data set."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

import jax
import numpy as np

from normax.errors import InputError
from normax.nn.random import raw_key

__all__ = [
    "BatchSampler",
    "RandomSampler",
    "Sampler",
    "SequentialSampler",
    "SubsetRandomSampler",
    "WeightedRandomSampler",
    "permutation",
]

T_co = TypeVar("T_co", covariant=True)


def draws(generator: Any = None) -> np.random.Generator:
    """NumPy's draws from the next key of a `torch.Generator`, or of normax's stream."""
    key = raw_key() if generator is None else jax.random.key_data(generator.key())
    return np.random.default_rng(np.asarray(key))


def permutation(n: int, generator: Any = None) -> np.ndarray:
    """The numbers below n in a random order."""
    return draws(generator).permutation(n)


class Sampler(Generic[T_co]):
    """Base of orders: write `__iter__`, and `__len__` where it is known."""

    def __init__(self, data_source: Any = None):
        pass

    def __iter__(self) -> Iterator[T_co]:
        raise NotImplementedError


class SequentialSampler(Sampler[int]):
    """0, 1, 2, ..."""

    def __init__(self, data_source: Any):
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """A new random order each time.

    Args:
        data_source: what has a length.
        replacement: draw each number from all.
        num_samples: how many; default, the length.
        generator: a `torch.Generator`; None draws from normax's stream.

    Example:
        >>> sorted(RandomSampler(range(4)))
        [0, 1, 2, 3]
    """

    def __init__(
        self,
        data_source: Any,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Any = None,
    ):
        if num_samples is not None and (not isinstance(num_samples, int) or num_samples <= 0):
            raise InputError(f"num_samples: expected a positive integer, got {num_samples!r}")
        self.data_source, self.replacement, self.generator = data_source, replacement, generator
        self._num_samples = num_samples

    @property
    def num_samples(self) -> int:
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        n, random = len(self.data_source), draws(self.generator)
        if self.replacement:
            return iter(random.integers(n, size=self.num_samples).tolist())
        rounds = -(-self.num_samples // max(n, 1))
        order = itertools.chain.from_iterable(random.permutation(n).tolist() for _ in range(rounds))
        return itertools.islice(order, self.num_samples)

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """The given numbers in a new random order each time."""

    def __init__(self, indices: Sequence[int], generator: Any = None):
        self.indices, self.generator = indices, generator

    def __iter__(self) -> Iterator[int]:
        return (self.indices[i] for i in permutation(len(self.indices), self.generator))

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """Numbers drawn with given weights.

    Args:
        weights: one a number, at least 0; they need not add up to 1.
        num_samples: how many are drawn.
        replacement: draw each from all.
        generator: a `torch.Generator`; None draws from normax's stream.

    Raises:
        InputError: for weights that are none.
    """

    def __init__(self, weights: Any, num_samples: int, replacement: bool = True, generator: Any = None):
        self.weights = np.asarray(weights, dtype=float)
        if self.weights.ndim != 1 or not (np.isfinite(self.weights).all() and (self.weights >= 0).all()):
            raise InputError("weights: expected finite numbers >= 0, one a row")
        if not isinstance(num_samples, int) or isinstance(num_samples, bool) or num_samples <= 0:
            raise InputError(f"num_samples: expected a positive integer, got {num_samples!r}")
        self.num_samples, self.replacement, self.generator = num_samples, replacement, generator

    def __iter__(self) -> Iterator[int]:
        p = self.weights / self.weights.sum()
        order = draws(self.generator).choice(len(p), self.num_samples, replace=self.replacement, p=p)
        return iter(order.tolist())

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    """Lists of the numbers of a sampler.

    Example:
        >>> list(BatchSampler(SequentialSampler(range(5)), batch_size=2, drop_last=False))
        [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Iterable[int], batch_size: int, drop_last: bool):
        if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size <= 0:
            raise InputError(f"batch_size: expected a positive integer, got {batch_size!r}")
        self.sampler, self.batch_size, self.drop_last = sampler, batch_size, drop_last

    def __iter__(self) -> Iterator[list[int]]:
        numbers = iter(self.sampler)
        while batch := list(itertools.islice(numbers, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch

    def __len__(self) -> int:
        n = len(self.sampler)  # type: ignore[arg-type]
        return n // self.batch_size if self.drop_last else -(-n // self.batch_size)
