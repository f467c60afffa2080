"""`torch.func`: JAX's transformations of functions that see tensors."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import jax

from normax import binding
from normax.nn.module import Module
from normax.torch.tensor import raw, taken, wrap

__all__ = [
    "functional_call",
    "grad",
    "grad_and_value",
    "hessian",
    "jacfwd",
    "jacrev",
    "jvp",
    "vjp",
    "vmap",
]


def on_arrays(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of tensors as one of arrays, which JAX can transform."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        args, kwargs = taken((args, kwargs))
        return raw(function(*args, **kwargs))

    return call


def _transformed(transform: Callable[..., Any]) -> Callable[..., Any]:
    """A transformation of JAX's for functions of tensors, with its own arguments."""

    def of(func: Callable[..., Any], *settings: Any, **more: Any) -> Callable[..., Any]:
        made = transform(on_arrays(func), *settings, **more)

        @functools.wraps(func)
        def call(*args: Any, **kwargs: Any) -> Any:
            return wrap(made(*raw(args), **raw(kwargs)))

        return call

    return of


def grad(func: Callable[..., Any], argnums: Any = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The gradient of a function that returns a scalar.

    Args:
        func: of tensors.
        argnums: which argument, or several.
        has_aux: whether it returns `(scalar, more)`.

    Example:
        >>> from normax import torch
        >>> torch.func.grad(lambda x: (x**2).sum())(torch.tensor([1.0, 2.0]))
        tensor([2., 4.])
    """
    return _transformed(jax.grad)(func, argnums, has_aux)


def grad_and_value(func: Callable[..., Any], argnums: Any = 0, has_aux: bool = False) -> Callable[..., Any]:
    """`(gradient, value)`, in PyTorch's order."""
    both = _transformed(jax.value_and_grad)(func, argnums, has_aux)
    return lambda *args, **kwargs: both(*args, **kwargs)[::-1]


def vmap(
    func: Callable[..., Any],
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """A function over one dimension of its arguments.

    Args:
        func: of tensors.
        in_dims, out_dims: the dimension of each argument and result, None for what all share.
        randomness: kept for PyTorch's sake: draws inside are the same for all.
        chunk_size: kept for PyTorch's sake.

    Example:
        >>> from normax import torch
        >>> torch.func.vmap(torch.dot)(torch.ones(2, 3), torch.ones(2, 3))
        tensor([3., 3.])
    """
    return _transformed(jax.vmap)(func, in_dims, out_dims)


def jacrev(func: Callable[..., Any], argnums: Any = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The Jacobian, row by row."""
    return _transformed(jax.jacrev)(func, argnums, has_aux)


def jacfwd(func: Callable[..., Any], argnums: Any = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The Jacobian, column by column."""
    return _transformed(jax.jacfwd)(func, argnums, has_aux)


def hessian(func: Callable[..., Any], argnums: Any = 0) -> Callable[..., Any]:
    """The second derivatives of a function that returns a scalar."""
    return _transformed(jax.hessian)(func, argnums)


def vjp(func: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., Any]]:
    """The value, and the function from cotangents to gradients: `(value, back)`."""
    value, back = jax.vjp(on_arrays(func), *raw(primals))

    return wrap(value), lambda *cotangents: wrap(
        back(raw(cotangents[0] if len(cotangents) == 1 else cotangents))
    )


def jvp(func: Callable[..., Any], primals: tuple, tangents: tuple) -> tuple[Any, Any]:
    """The value and its derivative along the tangents."""
    return wrap(jax.jvp(on_arrays(func), raw(tuple(primals)), raw(tuple(tangents))))


def functional_call(
    module: Module, parameter_and_buffer_dicts: Any, args: Any = None, kwargs: Mapping[str, Any] | None = None
) -> Any:
    """`nx.functional_call` in PyTorch's form.

    Args:
        module: the network.
        parameter_and_buffer_dicts: name -> tensor, or several of such dicts.
        args: a tuple of arguments, or the one.
        kwargs: named arguments.

    Example:
        >>> from normax import torch
        >>> net = torch.nn.Linear(2, 1, bias=False)
        >>> torch.func.functional_call(net, {"weight": torch.ones(1, 2)}, torch.ones(3, 2)).tolist()
        [[2.0], [2.0], [2.0]]
    """
    dicts = parameter_and_buffer_dicts
    values = dicts if isinstance(dicts, Mapping) else {k: v for part in dicts for k, v in part.items()}
    given = () if args is None else args if isinstance(args, tuple) else (args,)
    return binding.functional_call(module, raw(dict(values)), given, dict(kwargs or {}))
