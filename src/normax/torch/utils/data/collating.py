"""Items of a data set joined to a batch of tensors, as PyTorch's loader does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.errors import InputError
from normax.torch.tensor import Methods, made

__all__ = ["default_collate", "default_convert"]


def default_collate(batch: Sequence[Any]) -> Any:
    """A batch of equal items: tensors, arrays and numbers stacked, text listed, containers entry by entry.

    Args:
        batch: the items; tuples give a list of columns, as PyTorch's do.

    Raises:
        InputError: for items that differ in shape, length or keys, with the first that does.
        TypeError: for what cannot be stacked.

    Example:
        >>> import numpy as np
        >>> x, y = default_collate([(np.zeros(2, "float32"), 1), (np.ones(2, "float32"), 0)])
        >>> x.shape, y
        (torch.Size([2, 2]), tensor([1, 0]))

    Source:
        torch.utils.data.default_collate.
    """
    first = batch[0]
    if isinstance(first, (Methods, jax.Array, np.ndarray, np.generic)):
        return _stacked([np.asarray(item) for item in batch])
    if isinstance(first, (bool, int, float, complex)):
        return made(jnp.asarray(np.array(batch)))
    if isinstance(first, (str, bytes)):
        return list(batch)
    if isinstance(first, Mapping):
        odd = [i for i, item in enumerate(batch) if set(item) != set(first)]
        if odd:
            raise InputError(f"batch: item {odd[0]} has keys {list(batch[odd[0]])}, item 0 {list(first)}")
        parts = {key: default_collate([item[key] for item in batch]) for key in first}
        return parts if type(first) is dict else _kept(first, parts)
    if isinstance(first, Sequence):
        odd = [i for i, item in enumerate(batch) if len(item) != len(first)]
        if odd:
            raise InputError(f"batch: item {odd[0]} has {len(batch[odd[0]])} parts, item 0 {len(first)}")
        columns = [default_collate(column) for column in zip(*batch)]
        return type(first)(*columns) if hasattr(first, "_fields") else columns
    raise TypeError(
        f"default_collate: expected tensors, arrays, numbers, text, dicts or lists, got {type(first)}; give "
        "the loader a collate_fn"
    )


def _kept(mapping: Any, parts: dict[str, Any]) -> Any:
    """The same kind of mapping where it can be made of a dict."""
    try:
        return type(mapping)(parts)
    except TypeError:
        return parts


def _stacked(arrays: list[np.ndarray]) -> Any:
    odd = [i for i, array in enumerate(arrays) if array.shape != arrays[0].shape]
    if odd:
        raise InputError(
            f"batch: expected items of one shape, got {list(arrays[odd[0]].shape)} at item {odd[0]} and "
            f"{list(arrays[0].shape)} at item 0; give the loader a collate_fn that pads"
        )
    if arrays[0].dtype.kind in "SUO":
        raise TypeError(f"default_collate: expected arrays of numbers, got dtype {arrays[0].dtype}")
    return made(jnp.asarray(np.stack(arrays)))


def default_convert(data: Any) -> Any:
    """The arrays of an item as tensors, for a loader without batches.

    Example:
        >>> import numpy as np
        >>> default_convert({"x": np.ones(2, "float32"), "name": "a"})
        {'x': tensor([1., 1.]), 'name': 'a'}
    """
    if isinstance(data, (jax.Array, np.ndarray)) and data.dtype.kind not in "SUO":
        return made(jnp.asarray(data))
    if isinstance(data, Mapping):
        return {key: default_convert(value) for key, value in data.items()}
    if isinstance(data, (tuple, list)):
        parts = [default_convert(part) for part in data]
        return type(data)(*parts) if hasattr(data, "_fields") else parts
    return data
