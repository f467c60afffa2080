"""Large batches in small memory: gradients added over the parts of a batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

__all__ = ["accumulated"]

Sums = tuple[Any, Any, Any]


def accumulated(part: Callable[[Any, Any, Any], Sums], start: Sums, parts: Any, real: Any = None) -> Sums:
    """Sums of gradients and of losses over the parts of a batch, one after the other, and the buffers after the last.

    Args:
        part: `(number, arrays, buffers) -> (gradients, losses, buffers)` of one of them.
        start: what the sums begin from, and the buffers before.
        parts: a pytree of arrays whose leading axis is that of the parts.
        real: `(parts,)`, False for a part to leave out; None: all count.
    """

    def body(carry: Sums, item: Any) -> tuple[Sums, None]:
        number, arrays, counts = item
        gradients, losses, buffers = part(number, arrays, carry[2])
        after = (*jax.tree.map(jnp.add, carry[:2], (gradients, losses)), buffers)
        return after if counts is None else jax.tree.map(
            lambda a, b: jnp.where(counts, a, b), after, carry
        ), None

    count = len(jax.tree.leaves(parts)[0])
    return jax.lax.scan(body, start, (jnp.arange(count), parts, real))[0]
