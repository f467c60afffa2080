"""Functions without their dead ends: what reads an optimiser's metric computes much that nothing uses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
from jax.extend.core import ClosedJaxpr, jaxpr_as_fun
from jax.interpreters.partial_eval import dce_jaxpr

__all__ = ["lean"]


def lean(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, traced once by itself, and without what its results do not depend on.

    Under `vmap` every operation is a rule of its own in Python, and each is lowered afterwards: half of them cost half.
    """

    def call(*args: Any) -> Any:
        closed, shape = jax.make_jaxpr(function, return_shape=True)(*args)
        jaxpr, used = dce_jaxpr(closed.jaxpr, [True] * len(closed.jaxpr.outvars))
        leaves = [leaf for leaf, needed in zip(jax.tree.leaves(args), used) if needed]
        return jax.tree.unflatten(
            jax.tree.structure(shape), jaxpr_as_fun(ClosedJaxpr(jaxpr, closed.consts))(*leaves)
        )

    return call
