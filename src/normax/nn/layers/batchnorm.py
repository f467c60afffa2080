"""Batch normalisation layers."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from normax.errors import InputError
from normax.nn import functional as F
from normax.nn import init
from normax.nn.cells import Buffer
from normax.nn.functional._common import as_array
from normax.nn.layers._common import new_buffer, new_parameter
from normax.nn.module import Module

__all__ = ["BatchNorm1d", "BatchNorm2d", "BatchNorm3d"]


class _NormBase(Module):
    """What batch and instance normalisation share: γ, β and the running statistics."""

    axes: tuple[int, ...]

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ):
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        shape = (num_features,)
        for name, wanted in (("weight", affine), ("bias", affine and bias)):
            self.register_parameter(name, new_parameter(shape, "norm", device, dtype) if wanted else None)
        for name in ("running_mean", "running_var"):
            self.register_buffer(name, new_buffer(shape, 0.0, device, dtype) if track_running_stats else None)
        count = Buffer(jnp.zeros((), jnp.int64 if jnp.zeros(()).dtype == jnp.float64 else jnp.int32))
        self.register_buffer("num_batches_tracked", count if track_running_stats else None)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Running mean 0 and variance 1, no batch seen."""
        if self.track_running_stats:
            init.zeros_(self.running_mean)
            init.ones_(self.running_var)
            init.zeros_(self.num_batches_tracked)

    def reset_parameters(self) -> None:
        """Set the initial values anew: γ 1, β 0, running statistics of a standard normal."""
        self.reset_running_stats()
        if self.affine:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def _load_from_state_dict(self, state_dict, prefix, local_metadata, *rest: Any) -> None:
        """As any module; a state dict from before the batches were counted leaves their number as it is."""
        if local_metadata.get("version", 0) < 2 and self.num_batches_tracked is not None:
            state_dict.setdefault(prefix + "num_batches_tracked", self.num_batches_tracked)
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)

    def check(self, input: Any) -> Any:
        """The input as an array, with as many axes as this layer takes."""
        x = as_array(input)
        if x.ndim not in self.axes:
            wanted = " or ".join(f"{n}D" for n in self.axes)
            raise InputError(f"expected {wanted} input, got shape {x.shape}")
        return x

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, "
            f"track_running_stats={self.track_running_stats}"
        )


class _BatchNorm(_NormBase):
    def forward(self, input: Any) -> Any:
        x = self.check(input)
        if x.shape[1] != self.num_features:
            raise InputError(f"expected {self.num_features} channels, (N, C, ...), got shape {x.shape}")
        tracking = self.training and self.running_mean is not None
        momentum: Any = 0.0 if self.momentum is None else self.momentum
        if tracking:
            self.num_batches_tracked += 1
            if self.momentum is None:  # the mean over all batches so far
                momentum = 1.0 / self.num_batches_tracked.astype(x.dtype)
        by_batch = self.training or self.running_mean is None
        mean, var = (self.running_mean, self.running_var) if tracking or not by_batch else (None, None)
        return F.batch_norm(x, mean, var, self.weight, self.bias, by_batch, momentum, self.eps)


class BatchNorm1d(_BatchNorm):
    """Batch normalisation of `(N, C)` or `(N, C, L)`; arguments as `BatchNorm2d`'s.

    Example:
        >>> import jax.numpy as jnp
        >>> BatchNorm1d(1)(jnp.array([[0.0], [2.0]])).round(3).tolist()
        [[-1.0], [1.0]]
    """

    axes = (2, 3)


class BatchNorm2d(_BatchNorm):
    """`(x − μ) / √(σ² + ε) · γ + β` for each channel of `(N, C, H, W)`.

    In training μ and σ² are the batch's (σ² biased) and the running statistics move towards them (the
    variance towards the unbiased one); in evaluation they are the running statistics. Rows with which a
    compiled step pads its last batch count in no statistic. γ and β are norm parameters: penalties put
    on a whole network leave them alone.

    Args:
        num_features: C.
        eps: ε, against a division by zero.
        momentum: the batch's share in the new running statistics; None means their plain average.
        affine: whether there are γ (from 1) and β (from 0).
        track_running_stats: False uses the batch's statistics always.
        device: where parameters and buffers live.
        dtype: of parameters and buffers.
        bias: False leaves β out.

    Raises:
        InputError: in a call, for a wrong shape, or for one value a channel in training.

    Example:
        >>> import jax.numpy as jnp
        >>> layer = BatchNorm2d(3)
        >>> layer
        BatchNorm2d(3, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)
        >>> layer(jnp.ones((2, 3, 4, 4))).shape, int(layer.num_batches_tracked)
        ((2, 3, 4, 4), 1)

    Source:
        Ioffe & Szegedy, "Batch normalization", ICML 2015.
    """

    axes = (4,)


class BatchNorm3d(_BatchNorm):
    """Batch normalisation of `(N, C, D, H, W)`; arguments as `BatchNorm2d`'s.

    Example:
        >>> import jax.numpy as jnp
        >>> BatchNorm3d(2)(jnp.ones((2, 2, 3, 3, 3))).shape
        (2, 2, 3, 3, 3)
    """

    axes = (5,)
