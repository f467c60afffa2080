"""Batch norm in evaluation folded into the layer before it."""

from __future__ import annotations

import copy
from typing import Any

import jax
import jax.numpy as jnp

from normax.errors import InputError
from normax.nn.cells import Parameter, as_array
from normax.nn.module import Module

__all__ = ["fuse_conv_bn_eval", "fuse_conv_bn_weights", "fuse_linear_bn_eval", "fuse_linear_bn_weights"]


def fuse_conv_bn_eval(conv: Module, bn: Module, transpose: bool = False) -> Module:
    """A copy of a convolution that does what it and a batch norm after it do in evaluation.

    Args:
        conv: in evaluation mode.
        bn: its batch norm, in evaluation mode and with running statistics.
        transpose: whether `conv` is a transposed convolution, whose weight has its outputs on axis 1.

    Raises:
        InputError: in training mode, or without running statistics.

    Example:
        >>> import jax.numpy as jnp
        >>> from normax import nn
        >>> conv, bn = nn.Conv2d(3, 4, 3).eval(), nn.BatchNorm2d(4).eval()
        >>> x = jnp.ones((1, 3, 5, 5))
        >>> bool(jnp.allclose(fuse_conv_bn_eval(conv, bn)(x), bn(conv(x)), atol=1e-5))
        True
    """
    return _fused(conv, bn, int(transpose))


def fuse_linear_bn_eval(linear: Module, bn: Module) -> Module:
    """A copy of a linear layer that does what it and a batch norm after it do in evaluation.

    Example:
        >>> import jax.numpy as jnp
        >>> from normax import nn
        >>> linear, bn = nn.Linear(3, 4).eval(), nn.BatchNorm1d(4).eval()
        >>> x = jnp.ones((2, 3))
        >>> bool(jnp.allclose(fuse_linear_bn_eval(linear, bn)(x), bn(linear(x)), atol=1e-5))
        True
    """
    return _fused(linear, bn, 0)


def fuse_conv_bn_weights(
    conv_w: Any,
    conv_b: Any,
    bn_rm: Any,
    bn_rv: Any,
    bn_eps: float,
    bn_w: Any,
    bn_b: Any,
    transpose: bool = False,
) -> tuple[Parameter, Parameter]:
    """Weight and bias of the folded convolution; see `fuse_conv_bn_eval`. Missing ones are None."""
    weight, bias = _fold(conv_w, conv_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, int(transpose))
    return Parameter(weight), Parameter(bias, role="bias")


def fuse_linear_bn_weights(
    linear_w: Any, linear_b: Any, bn_rm: Any, bn_rv: Any, bn_eps: float, bn_w: Any, bn_b: Any
) -> tuple[Parameter, Parameter]:
    """Weight and bias of the folded linear layer; see `fuse_linear_bn_eval`. Missing ones are None."""
    return fuse_conv_bn_weights(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b)


def _fold(w, b, mean, var, eps, gamma, beta, axis) -> tuple[jax.Array, jax.Array]:
    """`γ (w x + b − μ) / √(σ² + ε) + β` as `w' x + b'`."""
    w, mean, var = as_array(w), as_array(mean), as_array(var)
    scale = jax.lax.rsqrt(var + eps) * (1 if gamma is None else as_array(gamma))
    shift = (0 if beta is None else as_array(beta)) + ((0 if b is None else as_array(b)) - mean) * scale
    # Groups of (outputs, inputs, *kernel); in a transposed convolution axis 1 holds the outputs of one group.
    blocks = w[None] if axis == 0 else w.reshape(len(scale) // w.shape[1], -1, *w.shape[1:])
    factor = scale.reshape(len(blocks), *(-1 if i == axis else 1 for i in range(w.ndim)))
    return (blocks * factor).reshape(w.shape).astype(w.dtype), shift.astype(w.dtype)


def _fused(layer: Module, bn: Module, axis: int) -> Module:
    if layer.training or bn.training:
        raise InputError("fusion is for evaluation: call `net.eval()` first")
    if bn.running_mean is None:
        raise InputError(f"{type(bn).__name__} without running statistics cannot be folded into a layer")
    weight, bias = _fold(
        layer.weight, layer.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias, axis
    )
    twin = copy.deepcopy(layer)
    twin.weight.value = weight
    if twin.bias is None:
        twin.bias = Parameter(jnp.asarray(bias), role="bias")
    else:
        twin.bias.value = bias
    return twin
