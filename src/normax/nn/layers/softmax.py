"""Activations along an axis: softmax, its kin, and the gated linear unit."""

from __future__ import annotations

from typing import Any

from normax.errors import InputError
from normax.nn import functional as F
from normax.nn.layers._activation import Activation

__all__ = [
    "GLU",
    "LogSoftmax",
    "Softmax",
    "Softmax2d",
    "Softmin",
]


class GLU(Activation):
    """`a σ(b)`, a and b the two halves along an axis.

    Args:
        dim: the axis.

    Example:
        >>> import jax.numpy as jnp
        >>> GLU()(jnp.zeros((1, 2))).shape
        (1, 1)
    """

    shown = ("dim",)

    def __init__(self, dim: int = -1):
        super().__init__()
        self.dim = dim

    def forward(self, input: Any) -> Any:
        return F.glu(input, self.dim)


class LogSoftmax(Activation):
    """`x_i − log Σ_j e^{x_j}` along an axis.

    Args:
        dim: the axis; name it.

    Example:
        >>> import jax.numpy as jnp
        >>> LogSoftmax()(jnp.zeros((1, 2))).shape
        (1, 2)
    """

    shown = ("dim",)

    def __init__(self, dim: int | None = None):
        super().__init__()
        self.dim = dim

    def forward(self, input: Any) -> Any:
        return F.log_softmax(input, self.dim)


class Softmax(Activation):
    """`e^{x_i} / Σ_j e^{x_j}` along an axis.

    Args:
        dim: the axis; name it.

    Example:
        >>> import jax.numpy as jnp
        >>> Softmax()(jnp.zeros((1, 2))).shape
        (1, 2)
    """

    shown = ("dim",)

    def __init__(self, dim: int | None = None):
        super().__init__()
        self.dim = dim

    def forward(self, input: Any) -> Any:
        return F.softmax(input, self.dim)


class Softmax2d(Activation):
    """Softmax over the channels of `(N, C, H, W)` or `(C, H, W)`.

    Example:
        >>> import jax.numpy as jnp
        >>> Softmax2d()(jnp.zeros((2, 1, 1))).tolist()
        [[[0.5]], [[0.5]]]
    """

    def forward(self, input: Any) -> Any:
        if input.ndim not in (3, 4):
            raise InputError(f"expected 3D or 4D input, got shape {input.shape}")
        return F.softmax(input, -3)


class Softmin(Activation):
    """`softmax(−x)`.

    Args:
        dim: the axis; name it.

    Example:
        >>> import jax.numpy as jnp
        >>> Softmin()(jnp.zeros((1, 2))).shape
        (1, 2)
    """

    shown = ("dim",)

    def __init__(self, dim: int | None = None):
        super().__init__()
        self.dim = dim

    def forward(self, input: Any) -> Any:
        return F.softmin(input, self.dim)
