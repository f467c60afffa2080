"""New tensors: `tensor`, `zeros`, `arange`, `linspace`, the `_like` and `new_` forms, windows."""

from __future__ import annotations

import builtins
import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.nn.cells import as_array, in_64_bits
from normax.torch.concrete import refuse_traced
from normax.torch.devices import place_of
from normax.torch.dtypes import asked, get_default_dtype, native, native_of_number
from normax.torch.ops import into, method
from normax.torch.promotion import promoted
from normax.torch.shaping import sizes
from normax.torch.size import Size
from normax.torch.tensor import Methods, made, raw

__all__ = [
    "arange",
    "as_tensor",
    "asarray",
    "complex",
    "empty",
    "empty_like",
    "empty_permuted",
    "empty_strided",
    "eye",
    "from_numpy",
    "full",
    "full_like",
    "linspace",
    "logspace",
    "ones",
    "ones_like",
    "polar",
    "range",
    "scalar_tensor",
    "tensor",
    "tril_indices",
    "triu_indices",
    "zeros",
    "zeros_like",
]


def placed(array: Any, device: Any = None, requires_grad: bool = False, out: Any = None) -> Any:
    """A new tensor of an array, on a device if one is named."""
    if out is not None:
        return into(out, array)
    place = place_of(device)
    if place is not None and not isinstance(array, jax.core.Tracer):
        array = jax.device_put(array, place)
    tensor = made(array)
    if requires_grad:
        tensor.requires_grad = True
    return tensor


def _array(data: Any, dtype: Any = None) -> Any:
    """An array of numbers, nested lists, arrays and tensors, in PyTorch's dtypes."""
    wanted = native(dtype)
    data = raw(data)
    if isinstance(data, (list, tuple)):
        data = _listed(data)
    if isinstance(data, (bool, int, float, builtins.complex)):
        data = np.asarray(data, native_of_number(type(data)) if wanted is None else wanted)
    elif _is_double(data) and wanted is None and not in_64_bits():
        data = data.astype(native(data.dtype))
    if isinstance(data, (np.ndarray, np.generic)) and wanted is not None:
        data = np.asarray(data).astype(wanted)
    array = as_array(np.asarray(data) if isinstance(data, np.generic) else data)
    return array if wanted is None or array.dtype == wanted else array.astype(wanted)


def _is_double(data: Any) -> bool:
    return isinstance(data, (np.ndarray, np.generic)) and data.dtype in (np.float64, np.complex128)


def _listed(data: Any) -> Any:
    """Nested lists as one array: NumPy's where every number is known."""
    leaves = jax.tree.leaves(data)
    if any(isinstance(leaf, jax.Array) for leaf in leaves):
        return (
            jnp.asarray(jax.tree.map(lambda leaf: jnp.asarray(leaf), data), promoted(*leaves))
            if leaves
            else data
        )
    array = np.asarray(data)
    if array.dtype.kind in "iub" or array.dtype == object or any(hasattr(leaf, "dtype") for leaf in leaves):
        return array
    return array.astype(native_of_number(builtins.complex if array.dtype.kind == "c" else float))


def legacy(data: tuple, kind: Any = None) -> Any:
    """What `torch.Tensor(...)` holds: lengths make one that is empty, anything else is data, in the default dtype or
    another."""
    kind = get_default_dtype().dtype if kind is None else kind
    if len(data) == 1 and isinstance(data[0], Size):
        data = tuple(data[0])
    if all(isinstance(n, (int, np.integer)) for n in data):
        return jnp.zeros(sizes(data) if data else (0,), kind)
    return _array(data[0], kind)


def tensor(
    data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, pin_memory: bool = False
) -> Any:
    """A new tensor of data: numbers, nested lists, arrays.

    Example:
        >>> from normax import torch
        >>> torch.tensor([[1, 2], [3, 4]]), torch.tensor(1.5).dtype
        (tensor([[1, 2],
                [3, 4]]), torch.float32)
    """
    return placed(_array(data, dtype), device, requires_grad)


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Any:
    """The data as a tensor; a tensor that fits is itself."""
    if isinstance(data, Methods) and (dtype is None or data._array.dtype == native(dtype)) and device is None:
        return data
    return placed(_array(data, dtype), device)


def asarray(
    obj: Any, *, dtype: Any = None, device: Any = None, copy: bool | None = None, requires_grad: bool = False
) -> Any:
    """As `as_tensor`, or a copy."""
    return (
        placed(_array(obj, dtype), device, requires_grad)
        if copy or requires_grad
        else as_tensor(obj, dtype, device)
    )


def from_numpy(ndarray: np.ndarray) -> Any:
    """A tensor of an array of NumPy's, as a copy."""
    return made(_array(ndarray))


def scalar_tensor(s: Any, *, dtype: Any = None, device: Any = None) -> Any:
    """A 0-d tensor of a number, in the default dtype."""
    return placed(_array(s, dtype or get_default_dtype()), device)


def _filled(shape: tuple, value: Any, dtype: Any, options: dict[str, Any]) -> Any:
    for ignored in ("layout", "pin_memory", "memory_format", "names"):
        options.pop(ignored, None)
    kind = value.dtype if hasattr(value, "dtype") else native_of_number(type(value))
    return placed(jnp.full(shape, value, asked(dtype, kind)), **options)


def _size(given: tuple, options: dict[str, Any]) -> tuple[int, ...]:
    return sizes((options.pop("size"),) if "size" in options else given)


def zeros(*size: Any, dtype: Any = None, **options: Any) -> Any:
    """All 0."""
    return _filled(_size(size, options), 0, dtype or get_default_dtype(), options)


def ones(*size: Any, dtype: Any = None, **options: Any) -> Any:
    """All 1."""
    return _filled(_size(size, options), 1, dtype or get_default_dtype(), options)


def empty(*size: Any, dtype: Any = None, **options: Any) -> Any:
    """All 0: memory without values is not to be had."""
    return zeros(*size, dtype=dtype, **options)


def empty_strided(size: Any, stride: Any, **options: Any) -> Any:
    """As `empty`."""
    return zeros(*size, **options)


def empty_permuted(size: Any, physical_layout: Any, **options: Any) -> Any:
    """As `empty`."""
    return zeros(*size, **options)


def full(size: Any, fill_value: Any, *, dtype: Any = None, **options: Any) -> Any:
    """All one value, whose kind is the dtype's."""
    return _filled(sizes((size,)), raw(fill_value), dtype, options)


def _like(input: Any, value: Any, dtype: Any, options: dict[str, Any]) -> Any:
    return _filled(np.shape(raw(input)), value, asked(dtype, raw(input).dtype), options)


def zeros_like(input: Any, *, dtype: Any = None, **options: Any) -> Any:
    """All 0, in the shape and dtype of another."""
    return _like(input, 0, dtype, options)


def ones_like(input: Any, *, dtype: Any = None, **options: Any) -> Any:
    """All 1, in the shape and dtype of another."""
    return _like(input, 1, dtype, options)


def empty_like(input: Any, *, dtype: Any = None, **options: Any) -> Any:
    """All 0, in the shape and dtype of another."""
    return _like(input, 0, dtype, options)


def full_like(input: Any, fill_value: Any, *, dtype: Any = None, **options: Any) -> Any:
    """All one value, in the shape and dtype of another."""
    return _like(input, raw(fill_value), dtype, options)


def arange(*bounds: Any, dtype: Any = None, **options: Any) -> Any:
    """`start, start + step, ...` before `end`: whole numbers where the bounds are.

    Example:
        >>> from normax import torch
        >>> torch.arange(4), torch.arange(1, 2, 0.5)
        (tensor([0, 1, 2, 3]), tensor([1.0000, 1.5000]))
    """
    named = [options.pop(word) for word in ("start", "end", "step") if word in options]
    given = [_bound(value) for value in (*bounds, *named)]
    start, end, step = (0, *given, 1) if len(given) == 1 else (*given, 1)[:3]
    kind = native(dtype)
    if kind is None:
        kind = native_of_number(float if any(isinstance(n, float) for n in (start, end, step)) else int)
    length = max(math.ceil((end - start) / step), 0)
    if (start, step) == (0, 1):
        return _ranged(jnp.arange(length, dtype=kind), options)
    wide = np.float64 if kind.kind == "f" or not np.issubdtype(kind, np.integer) else np.int64
    return _ranged(jnp.asarray((start + step * np.arange(length, dtype=wide)).astype(kind)), options)


def _bound(value: Any) -> Any:
    value = raw(value)
    if hasattr(value, "dtype"):
        refuse_traced(value, "arange with a computed length", "a length that is known, and a mask")
        value = value.item()
    return value


def _ranged(array: Any, options: dict[str, Any]) -> Any:
    for ignored in ("layout", "pin_memory"):
        options.pop(ignored, None)
    return placed(array, **options)


def range(start: Any, end: Any, step: Any = 1, **options: Any) -> Any:
    """As `arange` in the default dtype, `end` included."""
    length = int((end - start) / step) + 1
    return _ranged(jnp.asarray(start + step * np.arange(length), get_default_dtype().dtype), options)


def linspace(start: Any, end: Any, steps: int, *, dtype: Any = None, **options: Any) -> Any:
    """So many values from start to end, both included."""
    kind = asked(dtype, get_default_dtype().dtype)
    return _ranged(jnp.linspace(raw(start), raw(end), int(steps)).astype(kind), options)


def logspace(
    start: Any, end: Any, steps: int, base: float = 10.0, *, dtype: Any = None, **options: Any
) -> Any:
    """`base` to the power of `linspace`."""
    kind = asked(dtype, get_default_dtype().dtype)
    return _ranged(jnp.logspace(raw(start), raw(end), int(steps), base=base).astype(kind), options)


def eye(n: int, m: int | None = None, *, dtype: Any = None, **options: Any) -> Any:
    """1 on the diagonal, 0 elsewhere."""
    return _ranged(
        jnp.eye(int(n), None if m is None else int(m), dtype=asked(dtype, get_default_dtype().dtype)), options
    )


def tril_indices(row: int, col: int, offset: int = 0, *, dtype: Any = None, **options: Any) -> Any:
    """Rows and columns of what lies on and below a diagonal."""
    return _ranged(
        jnp.asarray(np.stack(np.tril_indices(row, offset, col)), asked(dtype, native_of_number(int))), options
    )


def triu_indices(row: int, col: int, offset: int = 0, *, dtype: Any = None, **options: Any) -> Any:
    """Rows and columns of what lies on and above a diagonal."""
    return _ranged(
        jnp.asarray(np.stack(np.triu_indices(row, offset, col)), asked(dtype, native_of_number(int))), options
    )


def complex(real: Any, imag: Any) -> Any:
    """Complex numbers of their parts."""
    return made(jax.lax.complex(raw(real), raw(imag)))


def polar(abs: Any, angle: Any) -> Any:
    """Complex numbers of absolute value and angle."""
    size, turn = raw(abs), raw(angle)
    return made(jax.lax.complex(size * jnp.cos(turn), size * jnp.sin(turn)))


# new_zeros and its kin: in the dtype of the tensor that they are called on ------------------------------


def _own(self: Any, options: dict[str, Any]) -> dict[str, Any]:
    return {**options, "dtype": asked(options.get("dtype"), self._array.dtype)}


@method
def new_zeros(self: Any, *size: Any, **options: Any) -> Any:
    """All 0, in this tensor's dtype."""
    return zeros(*size, **_own(self, options))


@method
def new_ones(self: Any, *size: Any, **options: Any) -> Any:
    """All 1, in this tensor's dtype."""
    return ones(*size, **_own(self, options))


@method
def new_empty(self: Any, *size: Any, **options: Any) -> Any:
    """All 0, in this tensor's dtype."""
    return zeros(*size, **_own(self, options))


@method
def new_full(self: Any, size: Any, fill_value: Any, **options: Any) -> Any:
    """All one value, in this tensor's dtype."""
    return full(size, fill_value, **_own(self, options))


@method
def new_tensor(self: Any, data: Any, **options: Any) -> Any:
    """Data in this tensor's dtype."""
    return tensor(data, **_own(self, options))


@method
def new(self: Any, *data: Any) -> Any:
    """As `torch.Tensor(...)`, in this tensor's dtype."""
    return made(legacy(data, self._array.dtype))
