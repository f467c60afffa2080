"""In-place methods: `x.add_(y)` is `x` with the values of `x.add(y)`, for all who hold it."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from normax.errors import InputError
from normax.nn.cells import Cell
from normax.torch import arithmetic, elementwise, gathering, products, reductions, shaping
from normax.torch.concrete import user_line
from normax.torch.ops import method
from normax.torch.tensor import Methods, made, raw

# `torch.NAME_` that PyTorch has beside the method.
_OF_TORCH = [
    "abs",
    "acos",
    "acosh",
    "addmv",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctanh",
    "asin",
    "asinh",
    "atan",
    "atanh",
    "ceil",
    "clamp",
    "clamp_max",
    "clamp_min",
    "clip",
    "conj_physical",
    "cos",
    "cosh",
    "deg2rad",
    "erf",
    "erfc",
    "exp",
    "exp2",
    "expm1",
    "fill",
    "fix",
    "floor",
    "frac",
    "gcd",
    "i0",
    "index_put",
    "lcm",
    "ldexp",
    "log",
    "log10",
    "log1p",
    "log2",
    "logit",
    "nan_to_num",
    "neg",
    "negative",
    "rad2deg",
    "reciprocal",
    "round",
    "rsqrt",
    "sigmoid",
    "sin",
    "sinc",
    "sinh",
    "sqrt",
    "square",
    "tan",
    "tanh",
    "trunc",
    "xlogy",
    "zero",
]

__all__ = [f"{name}_" for name in _OF_TORCH]

# Methods that keep the shape, each of which has a form in place.
_KEEP = [
    "abs",
    "absolute",
    "acos",
    "acosh",
    "add",
    "addbmm",
    "addcdiv",
    "addcmul",
    "addmm",
    "addmv",
    "addr",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "baddbmm",
    "bitwise_and",
    "bitwise_left_shift",
    "bitwise_not",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "ceil",
    "clamp",
    "clamp_max",
    "clamp_min",
    "clip",
    "conj_physical",
    "copysign",
    "cos",
    "cosh",
    "cumprod",
    "cumsum",
    "deg2rad",
    "digamma",
    "div",
    "divide",
    "eq",
    "erf",
    "erfc",
    "erfinv",
    "exp",
    "exp2",
    "expm1",
    "fix",
    "float_power",
    "floor",
    "floor_divide",
    "fmod",
    "frac",
    "gcd",
    "ge",
    "greater",
    "greater_equal",
    "gt",
    "heaviside",
    "hypot",
    "i0",
    "index_add",
    "index_copy",
    "index_fill",
    "index_put",
    "index_reduce",
    "lcm",
    "ldexp",
    "le",
    "lerp",
    "less",
    "less_equal",
    "lgamma",
    "log",
    "log10",
    "log1p",
    "log2",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "logit",
    "lt",
    "masked_fill",
    "masked_scatter",
    "mul",
    "multiply",
    "mvlgamma",
    "nan_to_num",
    "ne",
    "neg",
    "negative",
    "nextafter",
    "not_equal",
    "polygamma",
    "pow",
    "put",
    "rad2deg",
    "reciprocal",
    "relu",
    "remainder",
    "renorm",
    "round",
    "rsqrt",
    "scatter",
    "scatter_add",
    "scatter_reduce",
    "sgn",
    "sigmoid",
    "sign",
    "sin",
    "sinc",
    "sinh",
    "sqrt",
    "square",
    "sub",
    "subtract",
    "tan",
    "tanh",
    "tril",
    "triu",
    "true_divide",
    "trunc",
    "xlogy",
    "igamma",
    "igammac",
]

# Methods that make another shape or order of the same elements.
_TURN = ["squeeze", "swapaxes", "swapdims", "t", "transpose", "unsqueeze"]


_HOMES = (arithmetic, elementwise, gathering, products, reductions, shaping)


def _found(name: str) -> Any:
    """The function by this name, as a method has it."""
    assert any(hasattr(home, name) for home in _HOMES), name
    return getattr(Methods, name)


def _keeping(name: str) -> None:
    compute = _found(name)

    def in_place(self: Any, *args: Any, **kwargs: Any) -> Any:
        return self._assign(raw(compute(self, *args, **kwargs)))

    in_place.__name__, in_place.__doc__ = f"{name}_", f"`{name}`, in place."
    method(in_place)


def _turning(name: str) -> None:
    compute = _found(name)

    def in_place(self: Any, *args: Any) -> Any:
        if isinstance(self, Cell) or self._viewed:  # what looks into it would see another shape
            raise InputError(
                f"{user_line()}{name}_ of a tensor that others look into; write x = x.{name}(...)"
            )
        if self._view is None:
            self._held = compute(made(self._array), *args)._array  # what is thrown away looks into nothing
        else:
            inner = self.alias()
            inner._view = self._view
            moved = compute(inner, *args)
            self._view, self._seen, self._held = moved._view, moved._seen, moved._held
        return self

    in_place.__name__, in_place.__doc__ = f"{name}_", f"`{name}`, of the tensor itself."
    method(in_place)


for _name in _KEEP:
    _keeping(_name)
for _name in _TURN:
    _turning(_name)


@method
def copy_(self: Any, src: Any, non_blocking: bool = False) -> Any:
    """Another's values, in this tensor's dtype."""
    values = jnp.asarray(raw(src))
    return self._assign(values.astype(self._array.dtype))


@method
def fill_(self: Any, value: Any) -> Any:
    """One value everywhere."""
    array = self._array
    return self._assign(jnp.full(array.shape, raw(value), array.dtype))


@method
def zero_(self: Any) -> Any:
    """0 everywhere."""
    return fill_(self, 0)


@method
def fill_diagonal_(self: Any, fill_value: Any, wrap: bool = False) -> Any:
    """One value on the diagonal."""
    return self._assign(jnp.fill_diagonal(self._array, raw(fill_value), wrap=wrap, inplace=False))


@method
def apply_(self: Any, callable: Any) -> Any:
    """A Python function of every element."""
    return self._assign(
        jnp.asarray([callable(v) for v in self.reshape(-1).tolist()]).reshape(self._array.shape)
    )


@method
def map_(self: Any, tensor: Any, callable: Any) -> Any:
    """A Python function of the elements of two."""
    pairs = zip(self.reshape(-1).tolist(), tensor.expand_as(self).reshape(-1).tolist())
    return self._assign(jnp.asarray([callable(a, b) for a, b in pairs]).reshape(self._array.shape))


@method
def set_(self: Any, source: Any) -> Any:
    """Look at another tensor's values from here on."""
    self._view = self._seen = self._pending = None
    other = source.alias()
    self._held, self._view, self._seen = other._held, other._view, other._seen
    return self


@method
def resize_(self: Any, *size: Any, memory_format: Any = None) -> Any:
    """Another number of elements: those there are, then 0."""
    from normax.torch.shaping import sizes

    shape = sizes(size)
    self._array = jnp.resize(
        jnp.pad(self._array.reshape(-1), (0, max(_count(shape) - self._array.size, 0))), shape
    )
    return self


def _count(shape: tuple[int, ...]) -> int:
    import math

    return math.prod(shape)


@method
def resize_as_(self: Any, other: Any, memory_format: Any = None) -> Any:
    """Another's number of elements."""
    return resize_(self, other._array.shape)


globals().update({name: getattr(Methods, name) for name in __all__})
