"""Several tensors as one, and the same several times: `cat`, `stack`, `repeat`, `meshgrid`, ..."""

from __future__ import annotations

import itertools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.torch.ops import function, method, op
from normax.torch.promotion import together
from normax.torch.shaping import axis, expand, sizes

__all__ = [
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "block_diag",
    "broadcast_shapes",
    "broadcast_tensors",
    "cartesian_prod",
    "cat",
    "column_stack",
    "combinations",
    "concat",
    "concatenate",
    "dstack",
    "flip",
    "fliplr",
    "flipud",
    "hstack",
    "meshgrid",
    "repeat_interleave",
    "roll",
    "rot90",
    "row_stack",
    "stack",
    "tile",
    "vstack",
]


@function
def cat(tensors: Any, dim: int = 0) -> Any:
    """Tensors one after the other along a dimension, in their common dtype."""
    arrays = [a for a in tensors if a.shape != (0,)] or list(tensors)[
        :1
    ]  # an empty vector goes with any shape
    return jnp.concatenate(together(*arrays), axis=dim)


concat = concatenate = cat


@function
def stack(tensors: Any, dim: int = 0) -> Any:
    """Tensors of one shape along a new dimension."""
    return jnp.stack(together(*tensors), axis=dim)


def _joined(name: str, join: Any, doc: str) -> Any:
    def compute(tensors: Any) -> Any:
        return join(together(*tensors))

    compute.__name__, compute.__doc__ = name, doc
    return function(compute)


hstack = _joined("hstack", jnp.hstack, "Side by side.")
vstack = row_stack = _joined("vstack", jnp.vstack, "One above the other.")
dstack = _joined("dstack", jnp.dstack, "One behind the other.")
column_stack = _joined("column_stack", jnp.column_stack, "As columns.")


@function
def block_diag(*tensors: Any) -> Any:
    """Matrices along the diagonal of one."""
    return jax.scipy.linalg.block_diag(*together(*tensors))


def _given(tensors: tuple) -> tuple:
    """Tensors given one by one or as one list."""
    return tuple(tensors[0]) if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else tensors


def _atleast(name: str, apply: Any) -> Any:
    def compute(*tensors: Any) -> Any:
        tensors = _given(tensors)
        made = tuple(apply(t) for t in tensors)
        return made[0] if len(made) == 1 else made

    compute.__name__, compute.__doc__ = name, f"`torch.{name}`."
    return function(compute)


atleast_1d = _atleast("atleast_1d", jnp.atleast_1d)
atleast_2d = _atleast("atleast_2d", jnp.atleast_2d)
atleast_3d = _atleast("atleast_3d", jnp.atleast_3d)


def broadcast_shapes(*shapes: Any) -> Any:
    """The shape that these broadcast to."""
    from normax.torch.size import Size

    return Size(np.broadcast_shapes(*((s,) if isinstance(s, int) else tuple(s) for s in shapes)))


def broadcast_tensors(*tensors: Any) -> tuple:
    """Each expanded to the shape that they broadcast to."""
    tensors = _given(tensors)
    shape = broadcast_shapes(*(t.shape for t in tensors))
    return tuple(expand(t, shape) for t in tensors)


@function
def meshgrid(*tensors: Any, indexing: str = "ij") -> Any:
    """Vectors as grids: the first along rows ("ij"), or along columns ("xy")."""
    tensors = _given(tensors)
    return tuple(jnp.meshgrid(*(jnp.atleast_1d(t) for t in tensors), indexing=indexing))


@function
def cartesian_prod(*tensors: Any) -> Any:
    """Every combination of one element of each, as rows."""
    if len(tensors) == 1:
        return tensors[0]
    return jnp.stack([grid.reshape(-1) for grid in jnp.meshgrid(*together(*tensors), indexing="ij")], 1)


@function
def combinations(input: Any, r: int = 2, with_replacement: bool = False) -> Any:
    """Every choice of r elements, as rows."""
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    return input[np.array(list(choose(range(len(input)), r)), np.int32).reshape(-1, r)]


@method
def repeat(self: Any, *times: Any, repeats: Any = ()) -> Any:
    """The tensor so many times along each dimension, new ones in front."""
    return _repeat(self, sizes(times or (repeats,)))


@function
def _repeat(input: Any, repeats: tuple[int, ...]) -> Any:
    return jnp.tile(input.reshape((1,) * (len(repeats) - input.ndim) + input.shape), repeats)


@method
def tile(input: Any, *dims: Any) -> Any:
    """As NumPy's: so many times along the last dimensions."""
    return _tile(input, sizes(dims))


@function
def _tile(input: Any, dims: tuple[int, ...]) -> Any:
    return jnp.tile(input, dims)


@op
def repeat_interleave(
    input: Any, repeats: Any = None, dim: int | None = None, *, output_size: Any = None
) -> Any:
    """Each element so many times in a row."""
    if repeats is None:  # as numbers of times for 0, 1, ...
        return jnp.repeat(jnp.arange(len(input)), input, total_repeat_length=output_size)
    if dim is None:
        input, dim = input.reshape(-1), 0
    if hasattr(repeats, "dtype"):
        from normax.torch.concrete import refuse_traced

        if output_size is None:
            refuse_traced(repeats, "repeat_interleave with computed repeats", "output_size= as well")
    return jnp.repeat(input, repeats, axis=dim, total_repeat_length=output_size)


@op
def roll(input: Any, shifts: Any, dims: Any = None) -> Any:
    """Moved around in a circle along dimensions, or flattened."""
    return jnp.roll(input, shifts, dims if dims != () else None)


@op
def flip(input: Any, *axes: Any, dims: Any = ()) -> Any:
    """In reverse order along dimensions."""
    return jnp.flip(input, tuple(axis(d, input.ndim) for d in sizes(axes or (dims,))))


@op
def fliplr(input: Any) -> Any:
    """The second dimension in reverse."""
    return jnp.flip(input, 1)


@op
def flipud(input: Any) -> Any:
    """The first dimension in reverse."""
    return jnp.flip(input, 0)


@op
def rot90(input: Any, k: int = 1, dims: Any = (0, 1)) -> Any:
    """Turned by k right angles in a plane."""
    return jnp.rot90(input, k, tuple(dims))
