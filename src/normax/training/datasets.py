"""Data sets in PyTorch's manner, items `(x, y)` by number, as the rows of a fit.

PyTorch's own and those of `normax.torch` are known by what they have: neither is imported here.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from normax.errors import InputError, Notice

__all__ = ["as_arrays", "is_dataset", "read_items", "whole"]

_HOMES = ("torch", "normax")


def _kinds(data: Any) -> set[str]:
    """Names of the classes of PyTorch's, or of `normax.torch`'s, that an object is of."""
    return {kind.__name__ for kind in type(data).__mro__ if kind.__module__.partition(".")[0] in _HOMES}


def is_dataset(data: Any) -> bool:
    """Whether an object has items by number, as a `torch.utils.data.Dataset` of a user's.

    Raises:
        InputError: for what yields its items instead.

    Example:
        >>> class Rows:
        ...     def __len__(self): return 3
        ...     def __getitem__(self, i): return [float(i)], i
        >>> is_dataset(Rows()), is_dataset([1, 2])
        (True, False)
    """
    kinds = _kinds(data)
    if "IterableDataset" in kinds:
        raise InputError(
            f"data: {type(data).__name__} yields items, not batches; write DataLoader(dataset, batch_size=32)"
        )
    plain = isinstance(data, (tuple, list, str, Mapping, np.ndarray, jax.Array))
    counted = hasattr(data, "__getitem__") and hasattr(data, "__len__")
    return not plain and counted and ("Dataset" in kinds or not hasattr(data, "__iter__"))


def as_arrays(dataset: Any) -> tuple[Any, Any] | None:
    """`(X, y)` of a `TensorDataset`, or of a `Subset` of one, which are arrays already; None of any other."""
    name = type(dataset).__name__ if type(dataset).__module__.partition(".")[0] in _HOMES else ""
    if name == "TensorDataset":
        return dataset.tensors if len(dataset.tensors) == 2 else None
    inner = as_arrays(dataset.dataset) if name == "Subset" else None
    if inner is None:
        return None
    rows = np.asarray(dataset.indices, dtype=int)
    return _host(inner[0])[rows], _host(inner[1])[rows]


def _host(array: Any) -> np.ndarray:
    return np.asarray(array.detach().cpu() if hasattr(array, "detach") else array)


def read_items(dataset: Any, rows: Any) -> tuple[np.ndarray, np.ndarray]:
    """Items by their numbers, a list or an array of them, as arrays X and y.

    Raises:
        InputError: for items that are no `(x, y)`, or differ in shape.
    """
    together = getattr(dataset, "__getitems__", None)
    numbers = [int(i) for i in rows]
    items = together(numbers) if callable(together) else [dataset[i] for i in numbers]
    odd = [i for i, item in zip(numbers, items) if not isinstance(item, (tuple, list)) or len(item) != 2]
    if odd:
        raise InputError(
            f"data: expected items (x, y), got {type(items[numbers.index(odd[0])]).__name__} as item {odd[0]}"
        )
    parts = []
    for name, column in zip("xy", zip(*items)):
        arrays = [_host(value) for value in column]
        odd = [i for i, array in enumerate(arrays) if array.shape != arrays[0].shape]
        if odd:
            raise InputError(
                f"data: expected items of one shape, got {name} of {arrays[odd[0]].shape} as item "
                f"{numbers[odd[0]]} and of {arrays[0].shape} as item {numbers[0]}"
            )
        parts.append(np.stack(arrays))
    return parts[0], parts[1]


def whole(data: Any) -> Any:
    """`(X, y)` of a data set or a loader, read once to its end; anything else as it is."""
    if is_dataset(data):
        found = as_arrays(data)
        if found is not None:
            return found
        warnings.warn(
            f"data: the {len(data)} items of {type(data).__name__} were read once: what they draw at random stays "
            "as drawn",
            Notice,
            stacklevel=3,
        )
        return read_items(data, range(len(data)))
    if "DataLoader" in _kinds(data):
        batches = [[_host(part) for part in batch] for batch in data]
        if not batches or any(len(batch) != 2 for batch in batches):
            raise InputError("data: expected a loader of batches (X, y)")
        return tuple(np.concatenate(parts) for parts in zip(*batches))
    return data
