"""Normalisation: over the batch, over groups of channels, over the last axes, over neighbours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from normax.errors import InputError
from normax.nn.cells import Cell
from normax.nn.functional._common import as_array, check_dtypes, floating, optional
from normax.nn.functional._windows import Window, axis_sum
from normax.nn.random import row_mask

__all__ = ["batch_norm", "group_norm", "instance_norm", "layer_norm", "local_response_norm", "rms_norm"]


def batch_norm(
    input, running_mean=None, running_var=None, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5
) -> jax.Array:
    """`(x − μ) / √(σ² + ε) · γ + β` for each channel, μ and σ² over the batch and all positions.

    In training μ and σ² are the batch's, σ² biased; the running ones move to them by `momentum`, the
    running variance to the unbiased one. Running statistics given as cells (`Buffer`) are written in
    place, as in PyTorch; arrays cannot be. Rows of a padded batch (see `normax.nn.random.row_mask`) count in
    no statistic.

    Args:
        input: `(N, C, ...)`.
        running_mean: `(C,)`, or None.
        running_var: `(C,)`, or None.
        weight: γ `(C,)`, or None for ones.
        bias: β `(C,)`, or None for zeros.
        training: whether to use the batch's statistics.
        momentum: the share of the batch in the new running statistics.
        eps: ε.

    Raises:
        InputError: for one value a channel in training, a wrong number of channels, or evaluation
            without running statistics.

    Example:
        >>> import jax.numpy as jnp
        >>> batch_norm(jnp.array([[0.0], [2.0]]), training=True).round(3).tolist()
        [[-1.0], [1.0]]

    Source:
        Ioffe & Szegedy, "Batch normalization", ICML 2015.
    """
    x, gamma, beta = floating(input), optional(weight), optional(bias)
    channels = next((a.shape[0] for a in (gamma, running_mean) if a is not None), None)
    if x.ndim < 2 or (channels is not None and x.shape[1] != channels):
        raise InputError(f"expected input with {channels} channels, (N, C, ...), got shape {x.shape}")
    if gamma is not None:
        check_dtypes(x, gamma)
    if training:
        mean, var, count = batch_statistics(x, row_mask())
        # One row alone, the last of a padded epoch, has no variance to teach: PyTorch refuses it, here the
        # running statistics stay as they were.
        momentum = momentum if isinstance(count, int) else jnp.where(count > 1, momentum, 0)
        several = count if isinstance(count, int) else jnp.maximum(count, 2)
        _update(running_mean, mean, momentum)
        _update(running_var, var * (several / (several - 1)), momentum)
    elif running_mean is None or running_var is None:
        raise InputError("batch_norm: expected running_mean and running_var in evaluation, got None")
    else:
        mean, var = as_array(running_mean), as_array(running_var)
    shape = (-1, *(1,) * (x.ndim - 2))
    scale = jax.lax.rsqrt(var + eps)
    scale = scale if gamma is None else scale * gamma
    y = (x - mean.reshape(shape)) * scale.reshape(shape)
    return y if beta is None else y + beta.reshape(shape)


def batch_statistics(x: jax.Array, mask: jax.Array | None) -> tuple[jax.Array, jax.Array, Any]:
    """Mean and biased variance of each channel, and the number of values behind them."""
    positions = math.prod(x.shape[2:])
    shape = (-1, *(1,) * (x.ndim - 2))
    if mask is None:
        count: Any = x.shape[0] * positions
        if count <= 1:
            raise InputError(
                f"expected more than 1 value per channel when training, got input of shape {x.shape}"
            )
        mean = (_channel_sums(x) / count).astype(x.dtype)
        return mean, (_channel_sums(jnp.square(x - mean.reshape(shape))) / count).astype(x.dtype), count
    rows = mask.reshape(-1, *(1,) * (x.ndim - 1))
    count = jnp.sum(mask, dtype=x.dtype) * positions
    mean = (_channel_sums(jnp.where(rows, x, 0)) / count).astype(x.dtype)
    centred = jnp.where(rows, x - mean.reshape(shape), 0)
    return mean, (_channel_sums(jnp.square(centred)) / count).astype(x.dtype), count


def _channel_sums(x: jax.Array) -> jax.Array:
    """Σ over the batch and all positions, `(C,)`, in at least float32.

    A CPU reduces all axes but the second slowly, and its gradient too: there the sum is a product with ones
    over runs of positions, channels last, and then a sum of the runs. Short runs keep it accurate.
    """
    wide = jnp.promote_types(x.dtype, jnp.float32)
    if x.ndim == 2 or jax.default_backend() != "cpu":
        return jnp.sum(x, (0, *range(2, x.ndim)), dtype=wide)
    run = x.shape[-1]
    for length in x.shape[-2:1:-1]:
        if run * length > 1024:
            break
        run *= length
    runs = jnp.moveaxis(x, 1, -1).reshape(-1, run, x.shape[1])
    ones = jnp.ones((len(runs), 1, run), x.dtype)
    return jnp.sum(jnp.matmul(ones, runs, preferred_element_type=wide)[:, 0], 0)


def _update(running: Any, value: jax.Array, momentum: Any) -> None:
    if isinstance(running, Cell):
        value = jax.lax.stop_gradient(value)
        running.value = ((1 - momentum) * running.value + momentum * value).astype(running.dtype)


def instance_norm(
    input,
    running_mean=None,
    running_var=None,
    weight=None,
    bias=None,
    use_input_stats=True,
    momentum=0.1,
    eps=1e-5,
) -> jax.Array:
    """`batch_norm` of every sample by itself: μ and σ² over its positions alone.

    Args:
        input: `(N, C, ...)` with at least one spatial axis.
        running_mean: `(C,)`, or None; a cell is moved to the mean over the samples.
        running_var: `(C,)`, or None.
        weight: γ `(C,)`, or None.
        bias: β `(C,)`, or None.
        use_input_stats: False to use the running statistics.
        momentum: the share of the input in the new running statistics.
        eps: ε.

    Raises:
        InputError: for a single position, or a wrong number of channels.

    Example:
        >>> import jax.numpy as jnp
        >>> instance_norm(jnp.array([[[0.0, 2.0]]])).round(3).tolist()
        [[[-1.0, 1.0]]]

    Source:
        Ulyanov et al., "Instance normalization", arXiv 1607.08022.
    """
    x = floating(input)
    if not use_input_stats:
        return batch_norm(x, running_mean, running_var, weight, bias, False, momentum, eps)
    count = math.prod(x.shape[2:])
    if count <= 1:
        raise InputError(f"expected more than 1 spatial element when training, got input of shape {x.shape}")
    axes = tuple(range(2, x.ndim))
    mean, var = jnp.mean(x, axes, keepdims=True), jnp.var(x, axes, keepdims=True)
    mask = row_mask()
    for running, value in ((running_mean, mean), (running_var, var * (count / (count - 1)))):
        per_row = value.reshape(x.shape[:2])
        _update(running, jnp.mean(per_row, 0, where=None if mask is None else mask[:, None]), momentum)
    return _affine((x - mean) * jax.lax.rsqrt(var + eps), weight, bias)


def group_norm(input: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5):
    """`(x − μ) / √(σ² + ε) · γ + β`, μ and σ² of each sample over groups of channels and all positions.

    Args:
        input: `(N, C, ...)`.
        num_groups: a divisor of C.
        weight: γ `(C,)`, or None.
        bias: β `(C,)`, or None.
        eps: ε.

    Raises:
        InputError: if the channels do not divide into the groups.

    Example:
        >>> import jax.numpy as jnp
        >>> group_norm(jnp.array([[0.0, 2.0, 5.0, 7.0]]), 2).round(3).tolist()
        [[-1.0, 1.0, -1.0, 1.0]]

    Source:
        Wu & He, "Group normalization", ECCV 2018.
    """
    x = floating(input)
    if x.ndim < 2 or x.shape[1] % num_groups:
        raise InputError(
            f"expected channels divisible by {num_groups} groups, (N, C, ...), got shape {x.shape}"
        )
    groups = x.reshape(x.shape[0], num_groups, math.prod(x.shape[1:]) // num_groups)
    return _affine(_standardise(groups, (2,), eps).reshape(x.shape), weight, bias)


def layer_norm(
    input: Any, normalized_shape: Sequence[int], weight: Any = None, bias: Any = None, eps: float = 1e-5
):
    """`(x − μ) / √(σ² + ε) · γ + β`, μ and σ² over the last axes.

    Args:
        input: `(..., *normalized_shape)`.
        normalized_shape: the sizes of those axes.
        weight: γ of that shape, or None.
        bias: β of that shape, or None.
        eps: ε.

    Raises:
        InputError: if the input does not end in that shape.

    Example:
        >>> import jax.numpy as jnp
        >>> layer_norm(jnp.array([0.0, 2.0]), (2,)).round(3).tolist()
        [-1.0, 1.0]

    Source:
        Ba, Kiros & Hinton, "Layer normalization", arXiv 1607.06450.
    """
    x, axes = _last_axes(input, normalized_shape)
    y, gamma, beta = _standardise(x, axes, eps), optional(weight), optional(bias)
    y = y if gamma is None else y * gamma
    return y if beta is None else y + beta


def rms_norm(input: Any, normalized_shape: Sequence[int], weight: Any = None, eps: float | None = None):
    """`x / √(mean(x²) + ε) · γ` over the last axes.

    Args:
        input: `(..., *normalized_shape)`.
        normalized_shape: the sizes of those axes.
        weight: γ of that shape, or None.
        eps: ε; default, the dtype's machine epsilon.

    Raises:
        InputError: if the input does not end in that shape.

    Example:
        >>> import jax.numpy as jnp
        >>> rms_norm(jnp.array([3.0, 3.0]), (2,)).round(3).tolist()
        [1.0, 1.0]

    Source:
        Zhang & Sennrich, "Root mean square layer normalization", NeurIPS 2019.
    """
    x, axes = _last_axes(input, normalized_shape)
    eps = float(jnp.finfo(x.dtype).eps) if eps is None else eps
    y = x * jax.lax.rsqrt(jnp.mean(jnp.square(x), axes, keepdims=True) + eps)
    return y if weight is None else y * as_array(weight)


def local_response_norm(input: Any, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0):
    """`x_c / (k + α/size · Σ x²)^β`, the sum over `size` neighbouring channels.

    Args:
        input: `(N, C, ...)`.
        size: the number of neighbours, the channel itself included.
        alpha: α.
        beta: β.
        k: k.

    Example:
        >>> import jax.numpy as jnp
        >>> local_response_norm(jnp.ones((1, 1, 2)), 1, alpha=3.0, beta=0.5).tolist()
        [[[0.5, 0.5]]]

    Source:
        Krizhevsky, Sutskever & Hinton, "ImageNet classification with deep CNNs", NeurIPS 2012.

    Raises:
        InputError: for shapes that do not fit.
    """
    x = floating(input)
    if x.ndim < 3:
        raise InputError(f"local_response_norm: expected 3 or more axes, got shape {x.shape}")
    neighbours = Window(size, 1, size // 2, 1, x.shape[1], x.shape[1])
    return x / (k + alpha / size * axis_sum(jnp.square(x), 1, neighbours)) ** beta


def _standardise(x: jax.Array, axes: tuple[int, ...], eps: float) -> jax.Array:
    mean = jnp.mean(x, axes, keepdims=True)
    centred = x - mean
    return centred * jax.lax.rsqrt(jnp.mean(jnp.square(centred), axes, keepdims=True) + eps)


def _affine(y: jax.Array, weight: Any, bias: Any) -> jax.Array:
    shape = (-1, *(1,) * (y.ndim - 2))
    for name, factor in (("weight", weight), ("bias", bias)):
        if factor is not None and factor.shape != y.shape[1:2]:
            raise InputError(f"{name}: expected one a channel, {y.shape[1:2]}, got {factor.shape}")
    y = y if weight is None else y * as_array(weight).reshape(shape)
    return y if bias is None else y + as_array(bias).reshape(shape)


def _last_axes(input: Any, normalized_shape: Sequence[int]) -> tuple[jax.Array, tuple[int, ...]]:
    x, shape = floating(input), tuple(normalized_shape)
    if x.shape[x.ndim - len(shape) :] != shape or not shape:
        raise InputError(f"expected input of shape {('...', *shape)}, got {x.shape}".replace("'", ""))
    return x, tuple(range(-len(shape), 0))
