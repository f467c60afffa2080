"""Dropout in its forms: elements, channels, paths, blocks and multiplicative noise."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp

from normax.errors import InputError
from normax.nn.functional._common import as_array
from normax.nn.functional._windows import axis_max, window
from normax.nn.random import layer_key

__all__ = [
    "alpha_dropout",
    "drop_block2d",
    "drop_path",
    "dropout",
    "dropout1d",
    "dropout2d",
    "dropout3d",
    "feature_alpha_dropout",
    "gaussian_dropout",
]


def is_number(p: Any, number: float) -> bool:
    """Whether p is known to be that number: in a path it may be data, and then nobody knows."""
    return not isinstance(p, jax.Array) and p == number


def check_probability(p: float) -> None:
    if not isinstance(p, jax.Array) and not 0 <= p <= 1:
        raise InputError(f"dropout probability: expected between 0 and 1, got {p}")


def _masked(x: jax.Array, p: float, shape: tuple[int, ...], key: Any) -> jax.Array:
    """x where a draw of `shape` keeps it, scaled to keep its mean, 0 elsewhere."""
    if is_number(p, 1):
        return x * 0
    keep = jax.random.bernoulli(layer_key() if key is None else key, 1 - p, shape)
    return jnp.where(keep, x / (1 - p), 0)


def dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False, key: Any = None):
    """Each element is 0 with probability p, the others are divided by `1 − p`.

    Args:
        input: any shape.
        p: the probability of 0.
        training: False returns the input as it is.
        inplace: PyTorch's; nothing happens in place.
        key: a JAX key; default, the compiled step's next, in eager code the global generator's.

    Raises:
        InputError: if p is not in [0, 1].

    Example:
        >>> import jax.numpy as jnp
        >>> dropout(jnp.ones(3), training=False).tolist()
        [1.0, 1.0, 1.0]

    Source:
        Srivastava et al., "Dropout", JMLR 2014.
    """
    check_probability(p)
    x = as_array(input)
    return _masked(x, p, x.shape, key) if training and not is_number(p, 0) else x


def _feature_dropout(n: int, input, p, training, key) -> jax.Array:
    check_probability(p)
    x = as_array(input)
    if x.ndim not in (n + 1, n + 2):
        raise InputError(f"dropout{n}d: expected {n + 1}D or {n + 2}D input, got shape {x.shape}")
    if not training or is_number(p, 0):
        return x
    return _masked(x, p, (*x.shape[: x.ndim - n], *(1,) * n), key)


def dropout1d(input, p=0.5, training=True, inplace=False, key=None) -> jax.Array:
    """Dropout of whole channels of `(N, C, L)` or `(C, L)`; see `dropout`.

    Example:
        >>> import jax.numpy as jnp
        >>> dropout1d(jnp.ones((2, 3, 4))).shape
        (2, 3, 4)

    Source:
        Tompson et al., "Efficient object localization using convolutional networks", CVPR 2015.
    """
    return _feature_dropout(1, input, p, training, key)


def dropout2d(input, p=0.5, training=True, inplace=False, key=None) -> jax.Array:
    """Dropout of whole channels of `(N, C, H, W)` or `(C, H, W)`; see `dropout`.

    Example:
        >>> import jax.numpy as jnp
        >>> dropout2d(jnp.ones((2, 3, 4, 4))).shape
        (2, 3, 4, 4)
    """
    return _feature_dropout(2, input, p, training, key)


def dropout3d(input, p=0.5, training=True, inplace=False, key=None) -> jax.Array:
    """Dropout of whole channels of `(N, C, D, H, W)` or `(C, D, H, W)`; see `dropout`.

    Example:
        >>> import jax.numpy as jnp
        >>> dropout3d(jnp.ones((2, 3, 4, 4, 4))).shape
        (2, 3, 4, 4, 4)
    """
    return _feature_dropout(3, input, p, training, key)


# SELU's limit for x → −∞, to which alpha dropout sends what it drops.
_SATURATION = -1.7580993408473766


def _alpha(x: jax.Array, p: float, shape: tuple[int, ...], key: Any) -> jax.Array:
    if is_number(p, 1):
        return x * 0
    keep = jax.random.bernoulli(layer_key() if key is None else key, 1 - p, shape)
    scale = ((1 - p) * (1 + p * _SATURATION**2)) ** -0.5
    return jnp.where(keep, x, _SATURATION) * scale - scale * p * _SATURATION


def alpha_dropout(input: Any, p: float = 0.5, training: bool = False, inplace: bool = False, key: Any = None):
    """Dropout that keeps mean 0 and variance 1, for networks of SELU: dropped elements saturate instead.

    Example:
        >>> import jax.numpy as jnp
        >>> alpha_dropout(jnp.ones(3)).tolist()
        [1.0, 1.0, 1.0]

    Source:
        Klambauer et al., "Self-normalizing neural networks", NeurIPS 2017.
    """
    check_probability(p)
    x = as_array(input)
    return _alpha(x, p, x.shape, key) if training and not is_number(p, 0) else x


def feature_alpha_dropout(input, p=0.5, training=False, inplace=False, key=None) -> jax.Array:
    """Alpha dropout of whole channels: axes 0 and 1 draw, the others share.

    Example:
        >>> import jax.numpy as jnp
        >>> feature_alpha_dropout(jnp.ones((1, 2, 3))).shape
        (1, 2, 3)
    """
    check_probability(p)
    x = as_array(input)
    if not training or is_number(p, 0):
        return x
    return _alpha(x, p, (*x.shape[:2], *(1,) * (x.ndim - 2)), key)


def drop_path(input: Any, p: float = 0.5, training: bool = True, key: Any = None) -> jax.Array:
    """Stochastic depth: each sample (axis 0) is 0 with probability p, the others are divided by `1 − p`.

    Put it on the branch of a residual block, `x + drop_path(block(x))`.

    Example:
        >>> import jax.numpy as jnp
        >>> drop_path(jnp.ones((2, 3)), training=False).shape
        (2, 3)

    Source:
        Huang et al., "Deep networks with stochastic depth", ECCV 2016.
    """
    check_probability(p)
    x = as_array(input)
    if not training or is_number(p, 0):
        return x
    return _masked(x, p, (x.shape[0], *(1,) * (x.ndim - 1)), key)


def drop_block2d(input: Any, p: float = 0.5, block_size: int = 7, training: bool = True, key: Any = None):
    """Squares of `block_size` are set to 0 so that a share p is lost on average; the rest keeps the mean.

    Args:
        input: `(N, C, H, W)`.
        p: the share of each channel to drop.
        block_size: the side of a square.
        training: False returns the input as it is.
        key: a JAX key; default, the compiled step's next, in eager code the global generator's.

    Raises:
        InputError: if p is not in [0, 1], the input has not 4 axes, or is smaller than a block.

    Example:
        >>> import jax.numpy as jnp
        >>> drop_block2d(jnp.ones((1, 2, 8, 8)), 0.2, 3).shape
        (1, 2, 8, 8)

    Source:
        Ghiasi, Lin & Le, "DropBlock", NeurIPS 2018.
    """
    check_probability(p)
    x = as_array(input)
    if x.ndim != 4 or min(x.shape[2:]) < block_size:
        raise InputError(f"drop_block2d: expected (N, C, H, W) with H, W >= {block_size}, got {x.shape}")
    if not training or is_number(p, 0):
        return x
    height, width = x.shape[2:]
    inner = (height - block_size + 1, width - block_size + 1)
    rate = jnp.minimum(1.0, p * height * width / block_size**2 / math.prod(inner))
    seeds = jax.random.bernoulli(layer_key() if key is None else key, rate, (*x.shape[:2], *inner))
    # A seed drops the square of which it is the first corner: dilate the seeds backwards.
    edge = block_size - 1
    dropped = jnp.pad(seeds.astype(x.dtype), ((0, 0), (0, 0), (edge, edge), (edge, edge)))
    for axis in (2, 3):
        squares = window(dropped.shape[axis], block_size, 1, 0, 1, False, "drop_block2d")
        dropped, _ = axis_max(dropped, axis, squares)
    keep = 1 - dropped
    return x * keep * (keep.size / jnp.maximum(keep.sum(), 1))


def gaussian_dropout(input: Any, p: float = 0.5, training: bool = True, key: Any = None) -> jax.Array:
    """x times noise `N(1, p / (1 − p))`, which has dropout's mean and variance.

    Raises:
        InputError: if p is not in [0, 1).

    Example:
        >>> import jax.numpy as jnp
        >>> gaussian_dropout(jnp.ones(3), training=False).tolist()
        [1.0, 1.0, 1.0]

    Source:
        Srivastava et al., "Dropout", JMLR 2014, section 10.
    """
    if not isinstance(p, jax.Array) and not 0 <= p < 1:
        raise InputError(f"gaussian_dropout: expected 0 <= p < 1, got {p}")
    x = as_array(input)
    if not training or is_number(p, 0):
        return x
    noise = jax.random.normal(layer_key() if key is None else key, x.shape, x.dtype)
    return x * (1 + (p / (1 - p)) ** 0.5 * noise)
