"""`torch.autograd.functional`: derivatives of functions, by JAX's transformations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax

from normax.torch.func import on_arrays
from normax.torch.tensor import raw, wrap

__all__ = ["hessian", "jacobian", "jvp", "vjp"]


def jacobian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """The Jacobian at `inputs`: for each output, and each input where these are a tuple, of both their shapes.

    Args:
        func: of tensors, which returns one tensor or a tuple.
        inputs: a tensor, or a tuple of them.
        create_graph, strict, vectorize: kept for PyTorch's sake.
        strategy: `"reverse-mode"` or `"forward-mode"`.

    Example:
        >>> from normax import torch
        >>> torch.autograd.functional.jacobian(torch.exp, torch.zeros(2))
        tensor([[1., 0.],
                [0., 1.]])
    """
    transform = jax.jacfwd if strategy == "forward-mode" else jax.jacrev
    return _at(transform, func, inputs)


def hessian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """The second derivatives at `inputs` of a function that returns a scalar; of every two where inputs are a tuple."""
    return _at(jax.hessian, func, inputs)


def vjp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The value, and `v` times the Jacobian; `v` may be left out where the value is a scalar."""
    value, back = jax.vjp(on_arrays(func), *_several(inputs))
    if v is None:
        if value.size != 1:
            raise RuntimeError(
                "The vector v can only be None if the user-provided function returns a single element"
            )
        v = jax.numpy.ones_like(value)
    gradients = back(raw(v))
    return wrap(value), wrap(gradients if isinstance(inputs, tuple) else gradients[0])


def jvp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The value, and the Jacobian times `v`, which may be left out where the input is a scalar."""
    primals = _several(inputs)
    if v is None:
        if len(primals) != 1 or primals[0].size != 1:
            raise RuntimeError(
                "The vector v can only be None if the input to the function is a single element"
            )
        v = jax.numpy.ones_like(primals[0])
    return wrap(jax.jvp(on_arrays(func), primals, _several(v)))


def _several(values: Any) -> tuple:
    return tuple(raw(values)) if isinstance(values, tuple) else (raw(values),)


def _at(transform: Callable[..., Any], func: Callable[..., Any], inputs: Any) -> Any:
    numbers = tuple(range(len(inputs))) if isinstance(inputs, tuple) else 0
    return wrap(transform(on_arrays(func), argnums=numbers)(*_several(inputs)))
