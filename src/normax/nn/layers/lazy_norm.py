"""Lazy batch and instance norms: the channels of the input are read off the first call."""

from __future__ import annotations

from typing import Any

from normax.nn.layers.batchnorm import BatchNorm1d, BatchNorm2d, BatchNorm3d, _NormBase
from normax.nn.layers.normalization import InstanceNorm1d, InstanceNorm2d, InstanceNorm3d, _InstanceNorm
from normax.nn.lazy import LazyModuleMixin, lazily

__all__ = [
    "LazyBatchNorm1d",
    "LazyBatchNorm2d",
    "LazyBatchNorm3d",
    "LazyInstanceNorm1d",
    "LazyInstanceNorm2d",
    "LazyInstanceNorm3d",
]


class _LazyNormBase(LazyModuleMixin, _NormBase):
    """What lazy batch and instance norms share."""

    def reset_parameters(self) -> None:
        if not self.has_uninitialized_params() and self.num_features:
            super().reset_parameters()

    def initialize_parameters(self, input: Any) -> None:
        x = self.check(input)
        axis = 0 if isinstance(self, _InstanceNorm) and x.ndim == self.axes[0] else 1
        known = [c for c in (self.weight, self.running_mean) if c is not None and not c.uninitialized]
        self.num_features = known[0].shape[0] if known else x.shape[axis]
        shape = (self.num_features,)
        self._materialize(weight=shape, bias=shape, running_mean=shape, running_var=shape)


class LazyBatchNorm1d(_LazyNormBase, BatchNorm1d):
    """`BatchNorm1d` whose `num_features` is read off its first input; the other arguments are its own.

    Example:
        >>> import jax.numpy as jnp
        >>> layer = LazyBatchNorm1d()
        >>> layer(jnp.ones((2, 3, 4))).shape, layer.num_features
        ((2, 3, 4), 3)
    """

    cls_to_become = BatchNorm1d
    __init__ = lazily(BatchNorm1d.__init__)


class LazyBatchNorm2d(_LazyNormBase, BatchNorm2d):
    """`BatchNorm2d` whose `num_features` is read off its first input; the other arguments are its own.

    Example:
        >>> import jax.numpy as jnp
        >>> layer = LazyBatchNorm2d()
        >>> layer(jnp.ones((2, 3, 4, 4))).shape, layer.num_features
        ((2, 3, 4, 4), 3)
    """

    cls_to_become = BatchNorm2d
    __init__ = lazily(BatchNorm2d.__init__)


class LazyBatchNorm3d(_LazyNormBase, BatchNorm3d):
    """`BatchNorm3d` whose `num_features` is read off its first input; the other arguments are its own.

    Example:
        >>> import jax.numpy as jnp
        >>> layer = LazyBatchNorm3d()
        >>> layer(jnp.ones((2, 3, 4, 4, 4))).shape, layer.num_features
        ((2, 3, 4, 4, 4), 3)
    """

    cls_to_become = BatchNorm3d
    __init__ = lazily(BatchNorm3d.__init__)


class LazyInstanceNorm1d(_LazyNormBase, InstanceNorm1d):
    """`InstanceNorm1d` whose `num_features` is read off its first input; the other arguments are its own.

    Example:
        >>> import jax.numpy as jnp
        >>> layer = LazyInstanceNorm1d()
        >>> layer(jnp.ones((2, 3, 4))).shape, layer.num_features
        ((2, 3, 4), 3)
    """

    cls_to_become = InstanceNorm1d
    __init__ = lazily(InstanceNorm1d.__init__, affine=True, track_running_stats=True)


class LazyInstanceNorm2d(_LazyNormBase, InstanceNorm2d):
    """`InstanceNorm2d` whose `num_features` is read off its first input; the other arguments are its own.

    Example:
        >>> import jax.numpy as jnp
        >>> layer = LazyInstanceNorm2d()
        >>> layer(jnp.ones((2, 3, 4, 4))).shape, layer.num_features
        ((2, 3, 4, 4), 3)
    """

    cls_to_become = InstanceNorm2d
    __init__ = lazily(InstanceNorm2d.__init__, affine=True, track_running_stats=True)


class LazyInstanceNorm3d(_LazyNormBase, InstanceNorm3d):
    """`InstanceNorm3d` whose `num_features` is read off its first input; the other arguments are its own.

    Example:
        >>> import jax.numpy as jnp
        >>> layer = LazyInstanceNorm3d()
        >>> layer(jnp.ones((2, 3, 4, 4, 4))).shape, layer.num_features
        ((2, 3, 4, 4, 4), 3)
    """

    cls_to_become = InstanceNorm3d
    __init__ = lazily(InstanceNorm3d.__init__, affine=True, track_running_stats=True)
