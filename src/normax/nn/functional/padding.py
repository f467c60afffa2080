"""Padding of the last axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from normax.errors import InputError
from normax.nn.functional._common import as_array

__all__ = ["pad"]

_MODES = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def pad(input: Any, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> jax.Array:
    """More elements at both ends of the last axes; negative numbers cut.

    Args:
        input: any shape.
        pad: `(before, after)` of the last axis, then of the one before it, and so on.
        mode: `"constant"`, `"reflect"` (the edge not repeated), `"replicate"` or `"circular"`.
        value: the constant, default 0.

    Raises:
        InputError: for an odd number of widths, more than the input's axes, an unknown mode, or a
            reflection or circle larger than the axis.

    Example:
        >>> import jax.numpy as jnp
        >>> pad(jnp.array([1, 2, 3]), (1, 2)).tolist()
        [0, 1, 2, 3, 0, 0]
        >>> pad(jnp.array([[1, 2, 3]]), (2, 0), "reflect").tolist()
        [[3, 2, 1, 2, 3]]
    """
    x = as_array(input)
    if len(pad) % 2 or len(pad) // 2 > x.ndim:
        raise InputError(f"pad: expected a pair for each of up to {x.ndim} axes, got {tuple(pad)}")
    pairs = [(int(a), int(b)) for a, b in zip(pad[::2], pad[1::2])]
    config = [(0, 0)] * (x.ndim - len(pairs)) + pairs[::-1]
    if any(size + a + b < 0 for size, (a, b) in zip(x.shape, config)):
        raise InputError(f"pad: {tuple(pad)} cuts more than there is in shape {x.shape}")
    if mode == "constant":
        return lax.pad(x, jnp.asarray(0 if value is None else value, x.dtype), [(a, b, 0) for a, b in config])
    if mode not in _MODES:
        raise InputError(f"mode: expected 'constant', 'reflect', 'replicate' or 'circular', got {mode!r}")
    room = {"reflect": -1, "circular": 0}.get(mode)
    if room is not None and any(max(pair) > size + room for size, pair in zip(x.shape, config) if any(pair)):
        raise InputError(f"pad: {mode} padding {tuple(pad)} is larger than the axes of shape {x.shape} allow")
    x = jnp.pad(x, [(max(a, 0), max(b, 0)) for a, b in config], mode=_MODES[mode])
    return lax.pad(x, jnp.zeros((), x.dtype), [(min(a, 0), min(b, 0), 0) for a, b in config])
