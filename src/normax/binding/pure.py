"""A module's forward as a pure function of the values of its cells."""

from __future__ import annotations

from typing import Any

import jax

from normax.binding.binding import bind
from normax.binding.program import retrying
from normax.errors import InputError, suggest
from normax.nn.attributes import refuse_old
from normax.nn.cells import Cell, as_array
from normax.nn.frames import current_frame
from normax.nn.module import Module

__all__ = ["functional_call"]


def functional_call(net: Module, values: dict[str, Any], *args: Any, key: Any = None, **kwargs: Any) -> Any:
    """`net(*args)` with some cells' values replaced: a pure function for any JAX transformation.

    As in PyTorch, a tuple in the place of `args` is all of them, and a dict after it the keyword arguments.

    Args:
        net: the module.
        values: path -> array, for as many parameters and buffers as wanted; the others keep theirs.
        key: raw (`uint32[2]`) or typed random key for dropout; not needed in evaluation mode, nor inside a
            compiled call of normax, which has one.

    Returns:
        What the forward returns. Writes to buffers (batch norm in training mode) are dropped.

    Raises:
        InputError: for a path that is no cell of the module.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> import normax as nx
        >>> net = nx.nn.Linear(3, 1)
        >>> f = lambda w: nx.functional_call(net, {"weight": w}, jnp.ones((2, 3))).sum()
        >>> jax.grad(f)(jnp.zeros((1, 3))).tolist()
        [[2.0, 2.0, 2.0]]
    """
    if args and type(args[0]) is tuple and (len(args) == 1 or (len(args) == 2 and type(args[1]) is dict)):
        args, kwargs = args[0], {**(args[1] if len(args) == 2 else {}), **kwargs}
    binding = bind(net)
    cells = {name: cell for cell, name in binding.names.items()}
    cells |= dict(net.named_parameters(remove_duplicate=False))  # a tied weight answers to all its names
    unknown = [f"{name!r}{suggest(name, cells)}" for name in values if name not in cells]
    if unknown:
        raise InputError(f"functional_call: {type(net).__name__} has no " + ", ".join(unknown))
    if key is not None and jax.dtypes.issubdtype(getattr(key, "dtype", None), jax.dtypes.prng_key):
        key = jax.random.key_data(key)
    # Whoever calls this says which values are to vary: the others may be kept as they are now.
    within = current_frame() is not None
    stand_ins: dict[Cell, Any] = {c: c.value if within else c._value for c in binding.buffers}
    stand_ins.update({cells[name]: as_array(value) for name, value in values.items()})
    leaves = jax.tree.leaves((list(stand_ins.values()), key, args, kwargs))
    tracing = any(isinstance(leaf, jax.core.Tracer) for leaf in leaves)

    def call():
        with binding.frame(dict(stand_ins), key, sealed=False).active(tracing):
            return refuse_old(net(*args, **kwargs))

    return retrying(call, [])
