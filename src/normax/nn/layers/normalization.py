"""Normalisation layers that need no batch: over groups, last axes, samples, neighbours."""

from __future__ import annotations

from typing import Any

from normax.errors import InputError
from normax.nn import functional as F
from normax.nn import init
from normax.nn.layers._common import new_parameter
from normax.nn.layers.batchnorm import _NormBase
from normax.nn.module import Module

__all__ = [
    "CrossMapLRN2d",
    "GroupNorm",
    "InstanceNorm1d",
    "InstanceNorm2d",
    "InstanceNorm3d",
    "LayerNorm",
    "LocalResponseNorm",
    "RMSNorm",
]


class _Affine(Module):
    """γ and β, either of which may be missing."""

    def _register(
        self, shape: tuple[int, ...], weight: bool, bias: bool | None, device: Any, dtype: Any
    ) -> None:
        self.register_parameter("weight", new_parameter(shape, "norm", device, dtype) if weight else None)
        if bias is not None:
            self.register_parameter("bias", new_parameter(shape, "norm", device, dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the initial values anew: γ 1, β 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self._parameters.get("bias") is not None:
            init.zeros_(self.bias)


class GroupNorm(_Affine):
    """`(x − μ) / √(σ² + ε) · γ + β`, μ and σ² of each sample over groups of channels and all positions.

    Args:
        num_groups: a divisor of the channels.
        num_channels: C, of an input `(N, C, ...)`.
        eps: ε.
        affine: whether there are γ and β.
        device: where the parameters live.
        dtype: of the parameters.
        bias: False leaves β out.

    Raises:
        InputError: if the channels do not divide into the groups.

    Example:
        >>> import jax.numpy as jnp
        >>> GroupNorm(2, 4)(jnp.array([[0.0, 2.0, 5.0, 7.0]])).round(3).tolist()
        [[-1.0, 1.0, -1.0, 1.0]]

    Source:
        Wu & He, "Group normalization", ECCV 2018.
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ):
        super().__init__()
        if num_channels % num_groups:
            raise InputError(f"num_groups: expected a divisor of {num_channels} channels, got {num_groups}")
        self.num_groups, self.num_channels, self.eps, self.affine = num_groups, num_channels, eps, affine
        self._register((num_channels,), affine, affine and bias, device, dtype)

    def forward(self, input: Any) -> Any:
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


class LayerNorm(_Affine):
    """`(x − μ) / √(σ² + ε) · γ + β`, μ and σ² over the last axes.

    Args:
        normalized_shape: the sizes of those axes, or the size of the last one.
        eps: ε.
        elementwise_affine: whether there are γ and β, of that shape.
        bias: False leaves β out.
        device: where the parameters live.
        dtype: of the parameters.

    Example:
        >>> import jax.numpy as jnp
        >>> LayerNorm(2)(jnp.array([0.0, 2.0])).round(3).tolist()
        [-1.0, 1.0]

    Source:
        Ba, Kiros & Hinton, "Layer normalization", arXiv 1607.06450.
    """

    def __init__(
        self,
        normalized_shape: Any,
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__()
        shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.normalized_shape, self.eps, self.elementwise_affine = shape, eps, elementwise_affine
        self._register(shape, elementwise_affine, elementwise_affine and bias, device, dtype)

    def forward(self, input: Any) -> Any:
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class RMSNorm(_Affine):
    """`x / √(mean(x²) + ε) · γ` over the last axes.

    Args:
        normalized_shape: the sizes of those axes, or the size of the last one.
        eps: ε; default, the dtype's machine epsilon.
        elementwise_affine: whether there is γ.
        device: where it lives.
        dtype: of γ.

    Example:
        >>> import jax.numpy as jnp
        >>> RMSNorm(2)(jnp.array([3.0, 3.0])).round(3).tolist()
        [1.0, 1.0]

    Source:
        Zhang & Sennrich, "Root mean square layer normalization", NeurIPS 2019.
    """

    def __init__(
        self,
        normalized_shape: Any,
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__()
        shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.normalized_shape, self.eps, self.elementwise_affine = shape, eps, elementwise_affine
        self._register(shape, elementwise_affine, None, device, dtype)

    def forward(self, input: Any) -> Any:
        return F.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class _InstanceNorm(_NormBase):
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ):
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def forward(self, input: Any) -> Any:
        x = self.check(input)
        batch = x if x.ndim == self.axes[-1] else x[None]
        if batch.shape[1] != self.num_features:
            raise InputError(f"expected {self.num_features} channels, got shape {x.shape}")
        by_input = self.training or not self.track_running_stats
        y = F.instance_norm(
            batch,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            by_input,
            0.0 if self.momentum is None else self.momentum,
            self.eps,
        )
        return y if x.ndim == self.axes[-1] else y[0]


class InstanceNorm1d(_InstanceNorm):
    """`batch_norm` of each sample by itself, `(N, C, L)` or `(C, L)`; arguments as `InstanceNorm2d`'s.

    Example:
        >>> import jax.numpy as jnp
        >>> InstanceNorm1d(1)(jnp.array([[0.0, 2.0]])).round(3).tolist()
        [[-1.0, 1.0]]
    """

    axes = (2, 3)


class InstanceNorm2d(_InstanceNorm):
    """`(x − μ) / √(σ² + ε) · γ + β`, μ and σ² of each channel of each sample, `(N, C, H, W)` or `(C, H, W)`.

    Args:
        num_features: C.
        eps: ε.
        momentum: the input's share in the new running statistics.
        affine: whether there are γ and β.
        track_running_stats: whether to keep running statistics and use them in evaluation.
        device: where parameters and buffers live.
        dtype: of parameters and buffers.
        bias: False leaves β out.

    Example:
        >>> import jax.numpy as jnp
        >>> InstanceNorm2d(3)(jnp.ones((2, 3, 4, 4))).shape
        (2, 3, 4, 4)

    Source:
        Ulyanov et al., "Instance normalization", arXiv 1607.08022.
    """

    axes = (3, 4)


class InstanceNorm3d(_InstanceNorm):
    """`InstanceNorm2d` of `(N, C, D, H, W)` or `(C, D, H, W)`.

    Example:
        >>> import jax.numpy as jnp
        >>> InstanceNorm3d(2)(jnp.ones((2, 2, 3, 3, 3))).shape
        (2, 2, 3, 3, 3)
    """

    axes = (4, 5)


class LocalResponseNorm(Module):
    """`x_c / (k + α/size · Σ x²)^β`, the sum over `size` neighbouring channels.

    Args:
        size: the number of neighbours, the channel itself included.
        alpha: α.
        beta: β.
        k: k.

    Example:
        >>> import jax.numpy as jnp
        >>> LocalResponseNorm(1, alpha=3.0, beta=0.5)(jnp.ones((1, 1, 2))).tolist()
        [[[0.5, 0.5]]]

    Source:
        Krizhevsky, Sutskever & Hinton, "ImageNet classification with deep CNNs", NeurIPS 2012.
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0):
        super().__init__()
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, input: Any) -> Any:
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


class CrossMapLRN2d(LocalResponseNorm):
    """`LocalResponseNorm` of images `(N, C, H, W)`, under its older name.

    Example:
        >>> import jax.numpy as jnp
        >>> CrossMapLRN2d(3)(jnp.ones((1, 4, 2, 2))).shape
        (1, 4, 2, 2)
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1):
        super().__init__(size, alpha, beta, k)
