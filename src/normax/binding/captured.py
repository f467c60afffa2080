"""Bodies that are traced in a frame of their own: cells are taken in when first touched, what was written leaves as an
output, and draws keep the numbers they would have without the transformation. A bare `jax.checkpoint(self.block)` or
`lax.scan` would leave tracers behind in buffers and repeat random draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.nn.cells import Cell
from normax.nn.frames import current_frame
from normax.nn.module import Module

__all__ = ["arrays", "is_cell", "kind_of", "numbers_of", "under_bare_jit", "write_back"]


def write_back(cells: Sequence[Cell], values: Sequence[Any]) -> None:
    for cell, value in zip(cells, values):
        cell.value = value


def numbers_of(body: Any) -> dict[int, int]:
    """Numbers for the draws of a module's tree where no frame around has given any."""
    modules = body.modules() if isinstance(body, Module) else ()
    return {id(module): i for i, module in enumerate(modules)}


def under_bare_jit() -> bool:
    return current_frame() is None and isinstance(jnp.zeros(()), jax.core.Tracer)


def is_cell(leaf: Any) -> bool:
    return isinstance(leaf, Cell)


def arrays(tree: Any) -> Any:
    """Cells as their arrays, numbers and lists as arrays."""
    return jax.tree.map(
        lambda leaf: leaf.value if is_cell(leaf) else jnp.asarray(leaf), tree, is_leaf=is_cell
    )


def kind_of(array: Any) -> str:
    return f"{np.dtype(array.dtype).name}{list(array.shape)}"
