"""Between dtypes, devices, Python and NumPy: `to`, `float`, `item`, `numpy`, `clone`, `detach`, `repr`."""

from __future__ import annotations

import builtins
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.nn.cells import as_array
from normax.torch.concrete import number, refuse_traced
from normax.torch.devices import place_of
from normax.torch.dtypes import DTYPES, dtype, dtype_of, native
from normax.torch.layout import lay
from normax.torch.ops import elementwise, method
from normax.torch.printing import shown
from normax.torch.tensor import Methods, look, raw, stopped, wrap

__all__ = [
    "clone",
    "detach",
    "is_complex",
    "is_conj",
    "is_inference",
    "is_neg",
    "is_floating_point",
    "is_nonzero",
    "is_same_size",
    "is_signed",
    "is_storage",
    "is_tensor",
    "numel",
]


def _moved(self: Any, kind: Any, where: Any, copy: bool = False) -> Any:
    """In another dtype, on another device: itself where it is both."""
    array, wanted, place = self._array, native(kind), place_of(where)
    if wanted is not None and array.dtype != wanted:
        array = array.astype(wanted)
    if place is not None and not isinstance(array, jax.core.Tracer) and array.devices() != {place}:
        array = jax.device_put(array, place)
    return self if array is self._array and not copy else lay(wrap(array), [self])


def _is_dtype(value: Any) -> bool:
    return isinstance(value, (dtype, np.dtype, builtins.type))


@method
def to(
    self: Any, *args: Any, dtype: Any = None, device: Any = None, copy: bool = False, **ignored: Any
) -> Any:
    """In another dtype, on another device, or in those of another tensor."""
    for value in args:
        if isinstance(value, Methods):
            dtype, device = value._array.dtype, None
        elif _is_dtype(value):
            dtype = value
        elif not isinstance(value, bool) and value is not None:
            device = value
    return _moved(self, dtype, device, copy)


@method
def cpu(self: Any, memory_format: Any = None) -> Any:
    """On the CPU."""
    return _moved(self, None, "cpu")


@method
def cuda(self: Any, device: Any = None, non_blocking: bool = False, memory_format: Any = None) -> Any:
    """On a GPU."""
    return _moved(self, None, "cuda" if device is None else device)


@method
def type(self: Any, dtype: Any = None, non_blocking: bool = False) -> Any:
    """In another dtype, named as such or as a class of tensors; without one, the name of its class."""
    if dtype is None:
        return f"torch.{CLASSES[dtype_of(self._array).name]}"
    if isinstance(dtype, str):
        dtype = _NAMED[dtype.removeprefix("torch.").removeprefix("cuda.")]
    return _moved(self, getattr(dtype, "dtype_of_class", dtype), None)


CLASSES = {
    "float32": "FloatTensor",
    "float64": "DoubleTensor",
    "float16": "HalfTensor",
    "bfloat16": "BFloat16Tensor",
    "uint8": "ByteTensor",
    "int8": "CharTensor",
    "int16": "ShortTensor",
    "int32": "IntTensor",
    "int64": "LongTensor",
    "bool": "BoolTensor",
}
_NAMED = {theirs: DTYPES[ours] for ours, theirs in CLASSES.items()}


def _cast(name: str, kind: str) -> None:
    def cast(self: Any, memory_format: Any = None) -> Any:
        return _moved(self, DTYPES[kind], None)

    cast.__name__, cast.__doc__ = name, f"In `torch.{kind}`."
    method(cast)


for _name, _kind in {
    "float": "float32",
    "double": "float64",
    "half": "float16",
    "bfloat16": "bfloat16",
    "int": "int32",
    "long": "int64",
    "short": "int16",
    "char": "int8",
    "byte": "uint8",
    "bool": "bool",
    "cfloat": "complex64",
    "cdouble": "complex128",
}.items():
    _cast(_name, _kind)


@elementwise
def clone(input: Any, *, memory_format: Any = None) -> Any:
    """A copy that in-place changes do not reach."""
    return input


def detach(input: Any) -> Any:
    """The same values without gradient; in-place changes reach both."""
    return look(input, stopped, lambda base, values: values, lambda strided: strided)


method(detach)


@method
def detach_(self: Any) -> Any:
    """Without gradient from here on."""
    self._array = stopped(self._array)
    return self


def _data(self: Any) -> Any:
    return detach(self)


def _set_data(self: Any, values: Any) -> None:
    self._array = as_array(values)


Methods.data = property(_data, _set_data)  # type: ignore[attr-defined]


# To Python --------------------------------------------------------------------------------------------

_INSTEAD = "torch.where(condition, a, b), or take the value as an argument"


@method
def item(self: Any) -> Any:
    """The number that a tensor of one element holds."""
    return number(self._array, ".item()", _INSTEAD)


@method
def tolist(self: Any) -> Any:
    """The numbers as nested lists."""
    refuse_traced(self._array, ".tolist()", _INSTEAD)
    return self._array.tolist()


@method
def numpy(self: Any, *, force: bool = False) -> np.ndarray:
    """A copy as an array of NumPy's."""
    refuse_traced(self._array, ".numpy()", "the torch function instead of NumPy's")
    return np.array(self._array)


@method
def __array__(self: Any, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
    refuse_traced(self._array, "NumPy", "the torch function instead of NumPy's")
    return np.array(self._array, dtype=dtype, copy=True if copy is None else copy)


def _conversion(name: str, convert: Any, what: str, instead: str) -> None:
    def call(self: Any) -> Any:
        return convert(number(self._array, what, instead))

    call.__name__ = name
    method(call)


_conversion("__bool__", bool, "`if` or `while` on a tensor", "torch.where(condition, a, b)")
_conversion("__float__", float, "float(tensor)", _INSTEAD)
_conversion("__int__", int, "int(tensor)", _INSTEAD)
_conversion("__complex__", complex, "complex(tensor)", _INSTEAD)
_conversion("__index__", int, "a tensor as a Python index", "torch.gather or x[tensor]")


@method
def __repr__(self: Any) -> str:
    return shown(self)


@method
def __format__(self: Any, spec: str) -> str:
    alone = not self._array.ndim and not isinstance(self._array, jax.core.Tracer)
    return format(self.item(), spec) if alone else repr(self)


@method
def __contains__(self: Any, value: Any) -> bool:
    return bool((self == value).any())


# Questions --------------------------------------------------------------------------------------------


def is_tensor(obj: Any) -> bool:
    """Whether it is a tensor."""
    return isinstance(obj, Methods)


def is_storage(obj: Any) -> bool:
    """False: a tensor's memory is no object of its own here."""
    return False


def numel(input: Any) -> int:
    """The number of elements."""
    return raw(input).size


def _question(answer: Any) -> Any:
    setattr(Methods, answer.__name__, answer)
    return answer


@_question
def is_floating_point(input: Any) -> bool:
    """Whether the dtype is floating."""
    return bool(jnp.issubdtype(raw(input).dtype, jnp.floating))


@_question
def is_complex(input: Any) -> bool:
    """Whether the dtype is complex."""
    return bool(jnp.issubdtype(raw(input).dtype, jnp.complexfloating))


@_question
def is_neg(input: Any) -> bool:
    """False: negatives are computed at once."""
    return False


@_question
def is_inference(input: Any) -> bool:
    """False: there are no tensors of inference mode."""
    return False


@_question
def is_conj(input: Any) -> bool:
    """False: conjugates are computed at once."""
    return False


@_question
def is_signed(input: Any) -> bool:
    """Whether the dtype has negative numbers."""
    return dtype_of(raw(input)).is_signed


@_question
def is_same_size(input: Any, other: Any) -> bool:
    """Whether the shapes are equal."""
    return raw(input).shape == raw(other).shape


@_question
def is_nonzero(input: Any) -> bool:
    """Whether its one element is not zero."""
    return bool(input)


@method
def get_device(self: Any) -> int:
    """The number of its GPU, −1 on the CPU."""
    where = self.device
    return -1 if where.type == "cpu" else where.index or 0


@method
def element_size(self: Any) -> int:
    """Bytes of an element."""
    return self._array.dtype.itemsize


@method
def requires_grad_(self: Any, requires_grad: bool = True) -> Any:
    """Say that gradients are wanted; they are taken where they are asked for."""
    self.requires_grad = requires_grad
    return self


@method
def pin_memory(self: Any, device: Any = None) -> Any:
    """Itself."""
    return self


@method
def share_memory_(self: Any) -> Any:
    """Itself."""
    return self


@method
def to_dense(self: Any, dtype: Any = None, **ignored: Any) -> Any:
    """Itself: all tensors are dense."""
    return _moved(self, dtype, None)


@method
def data_ptr(self: Any) -> int:
    """A number that tensors share which are the same: here, of what they hold."""
    return id(self._array)


@method
def storage_offset(self: Any) -> int:
    """0: each tensor's values are counted from its first."""
    return 0


for _name in ("is_shared", "is_pinned", "is_coalesced", "is_distributed"):
    setattr(Methods, _name, lambda self: False)


@method
def retain_grad(self: Any) -> None:
    """Nothing: gradients are returned by `nx.value_and_grad`."""


def _is_on(kind: str) -> property:
    return property(lambda self: self.device.type == kind)


for _kind in ("cuda", "cpu", "mps", "meta", "xla", "xpu"):
    setattr(Methods, f"is_{_kind}", _is_on(_kind))
for _name, _value in {
    "is_sparse": False,
    "is_quantized": False,
    "is_nested": False,
    "is_leaf": True,
    "retains_grad": False,
    "grad": None,
    "grad_fn": None,
    "output_nr": 0,
    "layout": "torch.strided",
    "names": None,
}.items():
    setattr(Methods, _name, _value)
Methods.itemsize = property(element_size)  # type: ignore[attr-defined]
Methods.nbytes = property(lambda self: self._array.nbytes)  # type: ignore[attr-defined]
