"""PyTorch's older `weight_norm` and `spectral_norm`, whose parts lie beside the weight they make."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from normax.errors import InputError
from normax.nn import init
from normax.nn.cells import Buffer, Parameter
from normax.nn.module import Module
from normax.nn.utils.parametrizations import as_matrix, norm_except, output_axis, unit

__all__ = [
    "normalised_weight",
    "remove_spectral_norm",
    "remove_weight_norm",
    "spectral_norm",
    "spectral_weight",
    "weight_norm",
]


def _take(module: Module, name: str) -> Parameter:
    """The parameter, taken out of its place."""
    cell = module._parameters.get(name)
    if cell is None:
        raise InputError(f"{type(module).__name__} has no parameter {name!r} that is not computed already")
    delattr(module, name)
    return cell


def _like(cell: Parameter, data: Any) -> Parameter:
    return Parameter(data, cell.requires_grad, cell.role)


def normalised_weight(module: Module, name: str, dim: int) -> Any:
    v = getattr(module, name + "_v")
    return v * (getattr(module, name + "_g") / norm_except(v, dim))


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """`parametrizations.weight_norm` under the older names `weight_g` and `weight_v`; arguments as there.

    Example:
        >>> from normax import nn
        >>> list(weight_norm(nn.Linear(3, 2)).state_dict())
        ['bias', 'weight_g', 'weight_v']
    """
    dim = -1 if dim is None else dim
    cell = _take(module, name)
    module.register_parameter(name + "_g", _like(cell, norm_except(cell, dim)))
    module.register_parameter(name + "_v", _like(cell, cell))
    module._compute(name, partial(normalised_weight, name=name, dim=dim))
    return module


def remove_weight_norm(module: Module, name: str = "weight") -> Module:
    """Make the weight that `weight_norm` computes an ordinary parameter again.

    Example:
        >>> from normax import nn
        >>> layer = nn.utils.weight_norm(nn.Linear(3, 2))
        >>> sorted(nn.utils.remove_weight_norm(layer).state_dict())
        ['bias', 'weight']
    """
    return _restore(module, name, f"{name}_g", f"{name}_v")


def _restore(module: Module, name: str, *parts: str) -> Module:
    if name not in module._computed or not all(part in module.__dir__() for part in parts):
        raise InputError(f"{name!r} of {type(module).__name__} is not computed from {', '.join(parts)}")
    value, cell = getattr(module, name).value, getattr(module, parts[0])
    module._compute(name, None)
    for part in parts:
        delattr(module, part)
    module.register_parameter(name, _like(cell, value))
    return module


def spectral_weight(module: Module, name: str, times: int, dim: int, eps: float) -> Any:
    weight, u, v = (getattr(module, name + suffix) for suffix in ("_orig", "_u", "_v"))
    matrix = as_matrix(weight, dim)
    if module.training:
        still = jax.lax.stop_gradient(matrix)
        for _ in range(times):
            v.value = unit(still.T @ u, eps)
            u.value = unit(still @ v, eps)
    return weight / (u @ (matrix @ v))


def spectral_norm(
    module: Module,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> Module:
    """`parametrizations.spectral_norm` under the older names `weight_orig`, `weight_u`, `weight_v`.

    Example:
        >>> from normax import nn
        >>> list(spectral_norm(nn.Linear(3, 2)).state_dict())
        ['bias', 'weight_orig', 'weight_u', 'weight_v']

    Raises:
        ValueError: as of `parametrizations.spectral_norm`.
    """
    if n_power_iterations <= 0:
        raise ValueError(f"n_power_iterations: expected a positive number, got {n_power_iterations}")
    dim = output_axis(module) if dim is None else dim
    cell = _take(module, name)
    module.register_parameter(name + "_orig", cell)
    for suffix, size in zip("uv", as_matrix(cell, dim).shape):
        buffer = Buffer(jnp.zeros(size, cell.dtype))
        init.normal_(buffer)
        buffer.value = unit(buffer, eps)
        module.register_buffer(f"{name}_{suffix}", buffer)
    module._compute(name, partial(spectral_weight, name=name, times=n_power_iterations, dim=dim, eps=eps))
    return module


def remove_spectral_norm(module: Module, name: str = "weight") -> Module:
    """Make the weight that `spectral_norm` computes an ordinary parameter again.

    Example:
        >>> from normax import nn
        >>> layer = nn.utils.spectral_norm(nn.Linear(3, 2))
        >>> sorted(nn.utils.remove_spectral_norm(layer).state_dict())
        ['bias', 'weight']
    """
    training = module.training
    module.training = False  # the value at hand, without one more iteration
    try:
        return _restore(module, name, f"{name}_orig", f"{name}_u", f"{name}_v")
    finally:
        module.training = training
