"""Weight and spectral normalisation as parametrizations."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from normax.nn import init
from normax.nn.cells import Buffer
from normax.nn.layers.transposed import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from normax.nn.module import Module
from normax.nn.utils.parametrize import register_parametrization

__all__ = ["spectral_norm", "weight_norm"]


def norm_except(weight: Any, dim: int) -> jax.Array:
    """The 2-norm of each slice along one axis, that axis kept; of everything for −1."""
    if dim == -1:
        return jnp.linalg.norm(weight.ravel())
    axes = tuple(i for i in range(weight.ndim) if i != dim % weight.ndim)
    return jnp.sqrt(jnp.sum(weight**2, axes, keepdims=True))


class _WeightNorm(Module):
    def __init__(self, dim: int | None):
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, g: Any, v: Any) -> Any:
        return v * (g / norm_except(v, self.dim))

    def right_inverse(self, weight: Any) -> Any:
        return norm_except(weight, self.dim), weight


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Weight normalisation `w = g · v / ‖v‖`: length and direction are learnt apart.

    Args:
        module: the layer.
        name: of its parameter.
        dim: the axis that keeps a length of its own; None gives the whole weight one.

    Returns:
        The layer, with `parametrizations.weight.original0` (g) and `.original1` (v) in PyTorch's manner.

    Example:
        >>> from normax import nn
        >>> list(weight_norm(nn.Linear(3, 2)).state_dict())
        ['bias', 'parametrizations.weight.original0', 'parametrizations.weight.original1']

    Source:
        Salimans & Kingma, "Weight normalization", NeurIPS 2016.
    """
    return register_parametrization(module, name, _WeightNorm(dim), unsafe=True)


def unit(x: Any, eps: float) -> jax.Array:
    return x / jnp.maximum(jnp.linalg.norm(x), eps)


def as_matrix(weight: Any, dim: int) -> jax.Array:
    return jnp.moveaxis(weight, dim, 0).reshape(weight.shape[dim], -1)


def output_axis(module: Module) -> int:
    """The axis of the outputs in a layer's weight: 1 in transposed convolutions."""
    return int(isinstance(module, (ConvTranspose1d, ConvTranspose2d, ConvTranspose3d)))


class _SpectralNorm(Module):
    _u: Any
    _v: Any

    def __init__(self, weight: jax.Array, n_power_iterations: int, dim: int, eps: float):
        super().__init__()
        if n_power_iterations <= 0:
            raise ValueError(f"n_power_iterations: expected a positive number, got {n_power_iterations}")
        self.n_power_iterations, self.dim, self.eps = n_power_iterations, dim, eps
        if weight.ndim > 1:
            matrix = as_matrix(weight, dim)
            for name, size in zip(("_u", "_v"), matrix.shape):
                self.register_buffer(name, Buffer(jnp.zeros(size, weight.dtype)))
                init.normal_(getattr(self, name))
            self._iterate(matrix, 15)

    def _iterate(self, matrix: jax.Array, times: int) -> None:
        matrix, v = jax.lax.stop_gradient(matrix), self._v
        for _ in range(times):
            u = unit(matrix @ v, self.eps)
            v = unit(matrix.T @ u, self.eps)
        self._u, self._v = u, v

    def forward(self, weight: Any) -> Any:
        if weight.ndim == 1:
            return unit(weight, self.eps)
        matrix = as_matrix(weight, self.dim)
        if self.training:
            self._iterate(matrix, self.n_power_iterations)
        return weight / (self._u @ (matrix @ self._v))

    def right_inverse(self, value: Any) -> Any:
        return value


def spectral_norm(
    module: Module,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> Module:
    """Spectral normalisation `w / σ(w)`, σ the largest singular value, by power iteration.

    In training each reading of the weight iterates once more; the vectors are buffers that compiled calls
    and training steps carry.

    Args:
        module: the layer.
        name: of its parameter.
        n_power_iterations: at each reading in training.
        eps: the least norm that is divided by.
        dim: the axis of the outputs; default 0, and 1 for transposed convolutions.

    Returns:
        The layer.

    Example:
        >>> import jax.numpy as jnp
        >>> from normax import nn
        >>> layer = spectral_norm(nn.Linear(3, 3), n_power_iterations=50)
        >>> round(float(jnp.linalg.norm(layer.weight.value, 2)), 3)
        1.0

    Source:
        Miyato et al., "Spectral normalization for GANs", ICLR 2018.
    """
    dim = output_axis(module) if dim is None else dim
    part = _SpectralNorm(getattr(module, name), n_power_iterations, dim, eps)
    return register_parametrization(module, name, part)
