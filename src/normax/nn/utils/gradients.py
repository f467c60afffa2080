"""Gradients clipped, and parameters as one vector."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.errors import InputError
from normax.nn.cells import Cell, as_array

__all__ = [
    "clip_grad_norm",
    "clip_grad_norm_",
    "clip_grad_value",
    "clip_grad_value_",
    "get_total_norm",
    "parameters_to_vector",
    "vector_to_parameters",
]


def get_total_norm(grads: Any, norm_type: float = 2.0, error_if_nonfinite: bool = False) -> jax.Array:
    """The norm `(Σ |g|^p)^{1/p}` over all gradients together.

    Args:
        grads: a dict or any pytree of arrays.
        norm_type: p; `inf` is the largest absolute value.
        error_if_nonfinite: raise instead of returning NaN or infinity; in eager code only.

    Example:
        >>> import jax.numpy as jnp
        >>> float(get_total_norm({"a": jnp.array([3.0]), "b": jnp.array([4.0])}))
        5.0
    """
    leaves = [as_array(g) for g in jax.tree.leaves(grads)]
    norms = [jnp.linalg.norm(jnp.ravel(g), norm_type) for g in leaves]
    total = jnp.linalg.norm(jnp.stack(norms), norm_type) if norms else jnp.zeros(())
    if error_if_nonfinite and not isinstance(total, jax.core.Tracer) and not bool(jnp.isfinite(total)):
        raise InputError(f"the norm of the gradients is {float(total)}")
    return total


def clip_grad_norm(
    grads: Any, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False
) -> tuple[Any, jax.Array]:
    """Gradients scaled by `min(1, max_norm / (norm + 1e-6))`, and the norm before.

    Args:
        grads: what `nx.value_and_grad` returns, or any pytree of arrays.
        max_norm: the largest norm let through.
        norm_type: p of the norm over all gradients together.
        error_if_nonfinite: raise where the norm is NaN or infinite.

    Returns:
        `(gradients, norm)`. In `nx.train_step` clip with `optax.clip_by_global_norm` before the optimiser.

    Example:
        >>> import jax.numpy as jnp
        >>> grads, norm = clip_grad_norm({"w": jnp.array([3.0, 4.0])}, 1.0)
        >>> grads["w"].round(3).tolist(), float(norm)
        ([0.6000000238418579, 0.800000011920929], 5.0)
    """
    norm = get_total_norm(grads, norm_type, error_if_nonfinite)
    scale = jnp.minimum(max_norm / (norm + 1e-6), 1.0)
    return jax.tree.map(lambda g: (g * scale).astype(g.dtype), grads), norm


def clip_grad_value(grads: Any, clip_value: float) -> Any:
    """Gradients with every entry clipped to `[−clip_value, clip_value]`.

    Example:
        >>> import jax.numpy as jnp
        >>> clip_grad_value({"w": jnp.array([3.0, -0.5])}, 1.0)["w"].tolist()
        [1.0, -0.5]
    """
    return jax.tree.map(lambda g: jnp.clip(g, -clip_value, clip_value), grads)


def clip_grad_norm_(*args: Any, **kwargs: Any) -> Any:
    """Refused: parameters hold no gradients here. The error says what to write.

    See `clip_grad_norm`.
    """
    raise InputError(
        "clip_grad_norm_: parameters hold no gradients; write `grads, norm = nn.utils.clip_grad_norm(grads, "
        "max_norm)`, or `optax.chain(optax.clip_by_global_norm(max_norm), optimizer)` as the optimizer"
    )


def clip_grad_value_(*args: Any, **kwargs: Any) -> Any:
    """Refused: parameters hold no gradients here. The error says what to write.

    See `clip_grad_value`.
    """
    raise InputError(
        "clip_grad_value_: parameters hold no gradients; write `grads = nn.utils.clip_grad_value(grads, "
        "clip_value)`, or `optax.chain(optax.clip(clip_value), optimizer)` as the optimizer"
    )


def parameters_to_vector(parameters: Iterable[Any]) -> jax.Array:
    """All entries of all parameters, one after the other.

    Example:
        >>> from normax import nn
        >>> parameters_to_vector(nn.Linear(3, 2).parameters()).shape
        (8,)
    """
    return jnp.concatenate([jnp.ravel(as_array(p)) for p in parameters])


def vector_to_parameters(vec: Any, parameters: Iterable[Cell]) -> None:
    """Write a vector of all entries back into the parameters.

    Raises:
        InputError: if its length is not their number of entries; no parameter is then touched.

    Example:
        >>> import numpy as np
        >>> from normax import nn
        >>> layer = nn.Linear(2, 1)
        >>> vector_to_parameters(np.arange(3.0, dtype="float32"), layer.parameters())
        >>> layer.bias.value.tolist()
        [2.0]
    """
    cells, vec = list(parameters), as_array(vec)
    sizes = [cell.numel() for cell in cells]
    if vec.shape != (sum(sizes),):
        raise InputError(f"vec: expected shape ({sum(sizes)},), got {vec.shape}")
    for cell, part in zip(cells, jnp.split(vec, np.cumsum(sizes)[:-1])):
        cell.value = part.reshape(cell.shape).astype(cell.dtype)
