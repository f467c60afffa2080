"""Arithmetic of two, and the operators of `Tensor`, the in-place ones included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.torch.ops import alias, elementwise
from normax.torch.promotion import floating, together

__all__ = [
    "add",
    "addcdiv",
    "addcmul",
    "arctan2",
    "atan2",
    "bitwise_and",
    "bitwise_left_shift",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "copysign",
    "div",
    "divide",
    "eq",
    "float_power",
    "floor_divide",
    "fmax",
    "fmin",
    "fmod",
    "gcd",
    "ge",
    "greater",
    "greater_equal",
    "gt",
    "heaviside",
    "hypot",
    "igamma",
    "igammac",
    "isclose",
    "lcm",
    "ldexp",
    "le",
    "lerp",
    "less",
    "less_equal",
    "logaddexp",
    "logaddexp2",
    "logical_and",
    "logical_or",
    "logical_xor",
    "lt",
    "maximum",
    "minimum",
    "mul",
    "multiply",
    "ne",
    "nextafter",
    "not_equal",
    "pow",
    "remainder",
    "rsub",
    "sub",
    "subtract",
    "true_divide",
    "xlogy",
]


def _scaled(other: Any, alpha: Any) -> Any:
    return other if isinstance(alpha, (int, float)) and alpha == 1 else jnp.multiply(*together(other, alpha))


@elementwise
def add(input: Any, other: Any, *, alpha: Any = 1) -> Any:
    """`input + alpha · other`."""
    a, b = together(input, _scaled(other, alpha))
    return jnp.add(a, b)


@elementwise
def sub(input: Any, other: Any, *, alpha: Any = 1) -> Any:
    """`input − alpha · other`."""
    a, b = together(input, _scaled(other, alpha))
    if bool in (getattr(a, "dtype", 0), getattr(b, "dtype", 0)):
        raise RuntimeError(
            "Subtraction, the `-` operator, with a bool tensor is not supported: use `~x` or `logical_xor` to invert a "
            "mask"
        )
    return jnp.subtract(a, b)


@elementwise
def rsub(input: Any, other: Any, *, alpha: Any = 1) -> Any:
    """`other − alpha · input`."""
    return jnp.subtract(*together(other, _scaled(input, alpha)))


@elementwise
def mul(input: Any, other: Any) -> Any:
    """`input · other`."""
    return jnp.multiply(*together(input, other))


@elementwise
def div(input: Any, other: Any, *, rounding_mode: str | None = None) -> Any:
    """`input / other`: a floating quotient, or rounded towards zero ("trunc") or down ("floor")."""
    if rounding_mode == "floor":
        return jnp.floor_divide(*together(input, other))
    if rounding_mode == "trunc":
        a, b = together(input, other)
        if jnp.issubdtype(jnp.result_type(a, b), jnp.integer):
            a, b = jnp.asarray(a), jnp.asarray(b)
            return jax.lax.div(*jnp.broadcast_arrays(a, b.astype(a.dtype)))
        return jnp.trunc(a / b)
    if rounding_mode is not None:
        raise RuntimeError(f"div: expected rounding_mode None, 'trunc' or 'floor', got {rounding_mode!r}")
    return jnp.true_divide(*together(input, other, divide=True))


@elementwise
def floor_divide(input: Any, other: Any) -> Any:
    """The quotient rounded down."""
    return jnp.floor_divide(*together(input, other))


@elementwise
def remainder(input: Any, other: Any) -> Any:
    """What is left of the quotient rounded down; it has the divisor's sign."""
    return jnp.remainder(*together(input, other))


@elementwise
def fmod(input: Any, other: Any) -> Any:
    """What is left of the quotient rounded towards zero; it has the dividend's sign."""
    return jnp.fmod(*together(input, other))


@elementwise
def pow(input: Any, exponent: Any) -> Any:
    """`input` to the power `exponent`."""
    if (
        not hasattr(exponent, "dtype")
        and isinstance(exponent, (int, float))
        and not isinstance(exponent, bool)
    ):
        if jnp.issubdtype(input.dtype, jnp.integer) and isinstance(exponent, float):
            input = floating(input)
        if exponent == 0.5:
            return jnp.sqrt(input)
        if exponent == int(exponent) and abs(exponent) < 1 << 31 and input.dtype != bool:
            if jnp.issubdtype(input.dtype, jnp.integer) and exponent < 0:
                raise RuntimeError("Integers to negative integer powers are not allowed.")
            return jnp.power(input, int(exponent))
    return jnp.power(*together(input, exponent))


@elementwise
def float_power(input: Any, exponent: Any) -> Any:
    """`pow` in float64, or the widest there is."""
    wide = np.dtype(jax.dtypes.canonicalize_dtype(np.float64))
    return jnp.power(jnp.asarray(input, wide), jnp.asarray(exponent, wide))


@elementwise
def addcmul(input: Any, tensor1: Any, tensor2: Any, *, value: Any = 1) -> Any:
    """`input + value · tensor1 · tensor2`."""
    a, b, c = together(input, tensor1, tensor2)
    return jnp.add(*together(a, jnp.multiply(_scaled(b, value), c)))


@elementwise
def addcdiv(input: Any, tensor1: Any, tensor2: Any, *, value: Any = 1) -> Any:
    """`input + value · tensor1 / tensor2`."""
    a, b, c = together(input, tensor1, tensor2)
    return jnp.add(*together(a, jnp.true_divide(_scaled(b, value), c)))


@elementwise
def lerp(input: Any, end: Any, weight: Any) -> Any:
    """`input + weight · (end − input)`."""
    a, b = together(input, end)
    return a + _cast(weight, a) * (b - a)


def _cast(value: Any, like: Any) -> Any:
    return value.astype(like.dtype) if hasattr(value, "dtype") else value


@elementwise
def isclose(input: Any, other: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Any:
    """Where `|input − other| ≤ atol + rtol · |other|`."""
    a, b = together(input, other)
    return jnp.isclose(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan)


@elementwise
def ldexp(input: Any, other: Any) -> Any:
    """`input · 2^other`."""
    return floating(input) * jnp.exp2(floating(jnp.asarray(other)))


@elementwise
def xlogy(input: Any, other: Any) -> Any:
    """`input · log(other)`, 0 where input is 0."""
    return jax.scipy.special.xlogy(*map(jnp.asarray, together(input, other, divide=True)))


@elementwise
def heaviside(input: Any, values: Any) -> Any:
    """0 below zero, 1 above, `values` at zero."""
    return jnp.heaviside(input, values).astype(input.dtype)


def _two(name: str, apply: Callable[[Any, Any], Any], doc: str, *others: str, divide: bool = False) -> Any:
    """Define a function of two in their common dtype, under all its names."""

    def compute(input: Any, other: Any) -> Any:
        return apply(*together(input, other, divide=divide))

    compute.__name__, compute.__doc__ = name, doc
    call = elementwise(compute)
    alias(call, *others)
    return call


eq = _two("eq", jnp.equal, "Where the two are equal.")
ne = not_equal = _two("ne", jnp.not_equal, "Where the two differ.", "not_equal")
lt = less = _two("lt", jnp.less, "Where the first is less.", "less")
le = less_equal = _two("le", jnp.less_equal, "Where the first is no more.", "less_equal")
gt = greater = _two("gt", jnp.greater, "Where the first is more.", "greater")
ge = greater_equal = _two("ge", jnp.greater_equal, "Where the first is no less.", "greater_equal")
maximum = _two("maximum", jnp.maximum, "The larger of the two; NaN where either is.")
minimum = _two("minimum", jnp.minimum, "The smaller of the two; NaN where either is.")
fmax = _two("fmax", jnp.fmax, "The larger of the two, a number before NaN.")
fmin = _two("fmin", jnp.fmin, "The smaller of the two, a number before NaN.")
atan2 = arctan2 = _two("atan2", jnp.arctan2, "The angle of the point (other, input).", "arctan2", divide=True)
hypot = _two("hypot", jnp.hypot, "`√(input² + other²)`.")
copysign = _two("copysign", jnp.copysign, "The first with the sign of the second.", divide=True)
nextafter = _two("nextafter", jnp.nextafter, "The next number towards the second.")
logaddexp = _two("logaddexp", jnp.logaddexp, "`log(exp(input) + exp(other))`.")
logaddexp2 = _two("logaddexp2", jnp.logaddexp2, "`log2(2^input + 2^other)`.")
bitwise_and = _two("bitwise_and", jnp.bitwise_and, "And, bit by bit.")
bitwise_or = _two("bitwise_or", jnp.bitwise_or, "Or, bit by bit.")
bitwise_xor = _two("bitwise_xor", jnp.bitwise_xor, "Exclusive or, bit by bit.")
bitwise_left_shift = _two("bitwise_left_shift", jnp.left_shift, "`input · 2^other`, of whole numbers.")
bitwise_right_shift = _two("bitwise_right_shift", jnp.right_shift, "`input / 2^other`, rounded down.")
gcd = _two("gcd", jnp.gcd, "The greatest common divisor.")
lcm = _two("lcm", jnp.lcm, "The least common multiple.")
logical_and = _two("logical_and", jnp.logical_and, "And, of what is not zero.")
logical_or = _two("logical_or", jnp.logical_or, "Or, of what is not zero.")
logical_xor = _two("logical_xor", jnp.logical_xor, "Exclusive or, of what is not zero.")
igamma = _two(
    "igamma", jax.scipy.special.gammainc, "The lower incomplete gamma function, regularised.", divide=True
)
igammac = _two(
    "igammac", jax.scipy.special.gammaincc, "The upper incomplete gamma function, regularised.", divide=True
)
multiply, divide, true_divide, subtract = mul, div, div, sub
alias(mul, "multiply")
alias(div, "divide", "true_divide")
alias(sub, "subtract")
