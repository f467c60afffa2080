"""dtypes as values: `torch.float32`, which NumPy and JAX take for their own."""

from __future__ import annotations

import warnings
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.errors import InputError, Notice
from normax.nn.cells import in_64_bits
from normax.torch.concrete import user_level

__all__ = [
    "DTYPES",
    "asked",
    "dtype",
    "dtype_of",
    "get_default_dtype",
    "native",
    "native_of_number",
    "set_default_dtype",
]

_CATEGORIES = {"b": 0, "u": 1, "i": 1, "f": 2, "V": 2, "c": 3}


class dtype:
    """An element type, PyTorch's `torch.dtype`.

    It has NumPy's own type as `.dtype`, so that NumPy and JAX take it wherever they want a dtype. Where JAX is in
    32 bits, `torch.int64 == torch.int32` and `torch.float64 == torch.float32`: they are one type there.

    Example:
        >>> import jax.numpy as jnp
        >>> from normax import torch
        >>> torch.float16, torch.float16.itemsize, torch.float16.is_floating_point
        (torch.float16, 2, True)
        >>> jnp.zeros(2, torch.int8).dtype
        dtype('int8')
    """

    __slots__ = ("dtype", "name")

    def __init__(self, name: str):
        self.name, self.dtype = name, np.dtype(getattr(jnp, "bool_" if name == "bool" else name))

    @property
    def category(self) -> int:
        """Bool 0, whole 1, floating 2, complex 3: the higher one wins where two kinds meet."""
        return _CATEGORIES[self.dtype.kind]

    @property
    def kind(self) -> str:
        """NumPy's letter, which normax's own code asks its arrays for."""
        return self.dtype.kind

    @property
    def itemsize(self) -> int:
        return self.dtype.itemsize

    @property
    def is_floating_point(self) -> bool:
        return self.category == 2

    @property
    def is_complex(self) -> bool:
        return self.category == 3

    @property
    def is_signed(self) -> bool:
        return self.dtype.kind not in "bu"

    def to_complex(self) -> dtype:
        return DTYPES["complex128" if self.dtype.itemsize == 8 else "complex64"]

    def to_real(self) -> dtype:
        return DTYPES["float64" if self.dtype == np.complex128 else "float32"] if self.is_complex else self

    def __eq__(self, other: object) -> bool:
        if isinstance(other, dtype):
            return self is other or _canonical(self.dtype) == _canonical(other.dtype)
        if isinstance(other, np.dtype) or (isinstance(other, type) and issubclass(other, np.generic)):
            return _canonical(self.dtype) == _canonical(np.dtype(other))
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self.dtype.name.replace("64", "32").replace("complex128", "complex32"))

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> tuple:
        return _named, (self.name,)


def _named(name: str) -> dtype:
    return DTYPES[name]


def _canonical(kind: np.dtype) -> np.dtype:
    return jax.dtypes.canonicalize_dtype(kind)


DTYPES = {
    name: dtype(name)
    for name in [
        "bool",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "int8",
        "int16",
        "int32",
        "int64",
        "float16",
        "bfloat16",
        "float32",
        "float64",
        "complex64",
        "complex128",
        "float8_e4m3fn",
        "float8_e5m2",
    ]
}
_OF_NUMPY = {kind.dtype: kind for kind in DTYPES.values()}
_default = [DTYPES["float32"]]
_told: set[str] = set()


def dtype_of(array: Any) -> dtype:
    """The dtype of an array as such a value."""
    return _OF_NUMPY[np.dtype(array.dtype)]


def native(kind: Any) -> Any:
    """NumPy's dtype of one that was asked for: that of 32 bits where JAX has no more, which is told once; None stays.

    Raises:
        InputError: for what is no dtype.
    """
    if kind is None:
        return None
    if isinstance(kind, type) and kind in (bool, int, float, complex):
        return native_of_number(kind)
    try:
        wanted = kind.dtype if isinstance(kind, dtype) else np.dtype(kind)
    except TypeError:
        raise InputError(f"expected a dtype such as torch.float32, got {kind!r}") from None
    if wanted.itemsize < 8 or in_64_bits() or wanted.name == "complex64":
        return wanted
    there = _canonical(wanted)
    if wanted.name not in _told:
        _told.add(wanted.name)
        warnings.warn(
            f"{wanted.name} is {there.name} here: JAX is in 32 bits until `jax.config.update('jax_enable_x64', True)`",
            Notice,
            stacklevel=user_level(),
        )
    return there


def asked(kind: Any, otherwise: np.dtype) -> np.dtype:
    """NumPy's dtype of one that was asked for, or another where none was."""
    return otherwise if kind is None else native(kind)


def native_of_number(kind: type) -> np.dtype:
    """The dtype that a Python number of this type becomes as a tensor."""
    if kind is float:
        return _default[0].dtype
    if kind is complex:
        return _default[0].to_complex().dtype
    return np.dtype(bool) if kind is bool else _canonical(np.dtype(np.int64))


def get_default_dtype() -> dtype:
    """The dtype of new floating tensors."""
    return _default[0]


def set_default_dtype(d: dtype) -> None:
    """Let new floating tensors be of this dtype.

    Raises:
        InputError: for one that is not floating, or of 64 bits where JAX has 32.
    """
    if not (isinstance(d, dtype) and d.is_floating_point):
        raise InputError(f"set_default_dtype: expected a floating dtype such as torch.float32, got {d!r}")
    if d.itemsize == 8 and not in_64_bits():
        raise InputError(
            "set_default_dtype: float64 needs JAX in 64 bits: `jax.config.update('jax_enable_x64', True)`"
        )
    _default[0] = d
