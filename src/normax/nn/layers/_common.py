"""What the layers share: new parameters and buffers, and how affine ones start."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.nn import init
from normax.nn.cells import Buffer, Parameter
from normax.nn.device import device as find_device
from normax.nn.module import Module

__all__ = ["new_buffer", "new_parameter", "uniform_fan_in_"]


def _filled(shape: tuple[int, ...], fill: float, device: Any, dtype: Any) -> jax.Array:
    if dtype is not None and "torch." in str(dtype):
        dtype = str(dtype).removeprefix("torch.")
    # Made by NumPy: JAX would compile a program for each shape.
    kind = jax.dtypes.canonicalize_dtype(float) if dtype is None else jnp.zeros((), dtype).dtype
    array = np.full(shape, fill, kind)
    return jax.device_put(array, None if device is None else find_device(device))


def new_parameter(
    shape: tuple[int, ...], role: str = "weight", device: Any = None, dtype: Any = None, fill: float = 0.0
) -> Parameter:
    """A parameter of constants, in JAX's default float unless a dtype is named."""
    return Parameter(_filled(shape, fill, device, dtype), role=role)


def new_buffer(shape: tuple[int, ...], fill: float = 0.0, device: Any = None, dtype: Any = None) -> Buffer:
    """A buffer of constants."""
    return Buffer(_filled(shape, fill, device, dtype))


def uniform_fan_in_(module: Module) -> None:
    """PyTorch's default for affine layers: weight and bias from `U(−b, b)`, `b = 1 / √fan_in`."""
    weight = module.weight
    fan_in = math.prod(weight.shape[1:])
    bound = 1 / math.sqrt(fan_in) if fan_in > 0 else 0.0
    init.uniform_(weight, -bound, bound)
    if module.bias is not None:
        init.uniform_(module.bias, -bound, bound)
