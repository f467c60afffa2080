"""What kinds of primitives programs are made of, and the programs within their equations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from jax.extend.core import ClosedJaxpr, Jaxpr

__all__ = ["CALLS", "ELEMENTWISE", "JOINING", "called", "inner_programs"]

# Elementwise primitives, by whose results no element learns of another: of several operands, and of one.
JOINING = frozenset(
    """add sub mul div rem max min pow atan2 nextafter eq ne lt le gt ge and or xor select_n
    clamp""".split()  # noqa: SIM905
)
ELEMENTWISE = JOINING | frozenset(
    """add_any neg sign abs sqrt rsqrt cbrt integer_pow square exp exp2 expm1 log log1p tanh logistic not is_finite
    convert_element_type reduce_precision copy copy_p stop_gradient floor ceil round erf erfc erf_inv lgamma digamma sin
    cos tan asin acos atan sinh cosh asinh acosh atanh""".split()  # noqa: SIM905
)
CALLS = frozenset(
    "jit pjit closed_call core_call custom_jvp_call custom_vjp_call checkpoint remat remat2".split()  # noqa: SIM905
)


def called(eqn: Any) -> tuple[Jaxpr, Sequence[Any]]:
    """The program, and its constants, that an equation of `CALLS` runs on its operands."""
    inner = next(eqn.params[k] for k in ("jaxpr", "call_jaxpr", "fun_jaxpr") if k in eqn.params)
    return (inner.jaxpr, inner.consts) if isinstance(inner, ClosedJaxpr) else (inner, ())


def inner_programs(eqn: Any) -> Iterator[tuple[str, Jaxpr]]:
    """The programs within an equation, by the parameter that holds them."""
    for name, value in eqn.params.items():
        for one in value if isinstance(value, (tuple, list)) else (value,):
            if isinstance(one, ClosedJaxpr):
                yield name, one.jaxpr
            elif isinstance(one, Jaxpr):
                yield name, one
