"""PyTorch's type promotion: dimensions before 0-d tensors before Python numbers, and a higher kind beats all.

result = combine(dimensioned, combine(zero-dimensional, numbers))
combine(high, low) = high, where its kind (bool < whole < floating < complex) is at least that of low, else low
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.torch.dtypes import DTYPES, dtype, dtype_of, get_default_dtype, native, native_of_number
from normax.torch.ops import method
from normax.torch.tensor import raw

__all__ = ["can_cast", "floating", "promote_types", "promoted", "result_type", "together"]

_KIND = {"b": 0, "u": 1, "i": 1, "f": 2, "V": 2, "c": 3}


def _kind(native: np.dtype) -> int:
    return _KIND[native.kind]


def _join(a: np.dtype | None, b: np.dtype) -> np.dtype:
    return b if a is None or a == b else np.dtype(jnp.promote_types(a, b))


def _combine(high: np.dtype | None, low: np.dtype | None) -> np.dtype | None:
    if high is None or low is None:
        return low if high is None else high
    if _kind(low) > _kind(high):
        if _kind(low) == 3 and _kind(high) == 2:  # the width of the higher, the kind of the lower
            return np.dtype(np.complex128 if high == np.float64 else np.complex64)
        return low
    return high


def promoted(*values: Any) -> np.dtype:
    """The dtype that arrays and numbers have together."""
    dimensioned = zero = number = None
    for value in values:
        if not hasattr(value, "dtype"):
            number = _join(number, native_of_number(_number(value)))
        elif np.ndim(value):
            dimensioned = _join(dimensioned, np.dtype(value.dtype))
        else:
            zero = _join(zero, np.dtype(value.dtype))
    found = _combine(dimensioned, _combine(zero, number))
    assert found is not None
    return found


def _number(value: Any) -> type:
    for kind in (bool, int, float, complex):
        if isinstance(value, kind):
            return kind
    raise TypeError(f"expected a tensor or a number, got {type(value).__name__}")


def together(*values: Any, divide: bool = False) -> list[Any]:
    """Values in their common dtype; Python numbers that fit it stay as they are. `divide` makes whole ones floating."""
    arrays = [v for v in values if hasattr(v, "dtype")]
    if arrays and all(v.dtype == arrays[0].dtype for v in arrays):
        kind = _kind(arrays[0].dtype)
        if (kind > 1 or not divide) and all(_NUMBERS.get(type(v), kind) <= kind for v in values):
            return list(values)
    wanted = promoted(*values)
    if divide and _kind(wanted) < 2:
        wanted = get_default_dtype().dtype
    return [_cast(value, wanted) for value in values]


_NUMBERS = {bool: 0, int: 1, float: 2, complex: 3}


def _cast(value: Any, wanted: np.dtype) -> Any:
    if not hasattr(value, "dtype"):
        if isinstance(value, complex) or _kind(wanted) > 1 or type(value) is not float:
            return value if _kind(wanted) else bool(value)
        return value
    return value if value.dtype == wanted else value.astype(wanted)


def floating(value: Any) -> Any:
    """Whole numbers and booleans in the default dtype, the rest as it is."""
    return value.astype(get_default_dtype().dtype) if _kind(np.dtype(value.dtype)) < 2 else value


def result_type(tensor1: Any, tensor2: Any) -> dtype:
    """The dtype that arithmetic on the two gives.

    Example:
        >>> from normax import torch
        >>> torch.result_type(torch.tensor([1, 2], dtype=torch.int8), 1.0)
        torch.float32
    """
    return DTYPES[promoted(raw(tensor1), raw(tensor2)).name]


def promote_types(type1: dtype, type2: dtype) -> dtype:
    """The smallest dtype that holds both."""
    return DTYPES[np.dtype(jnp.promote_types(native(type1), native(type2))).name]


def can_cast(from_: dtype, to: dtype) -> bool:
    """Whether the kind of one goes into that of the other without loss of kind."""
    return from_.category <= to.category


@method
def type_as(self: Any, other: Any) -> Any:
    """This tensor in another's dtype."""
    return self.to(dtype_of(raw(other)))


def asarray_like(value: Any, wanted: Any) -> jax.Array:
    """A number as an array of this dtype."""
    return value if hasattr(value, "dtype") else jnp.asarray(value, wanted)
