"""Dropout layers: PyTorch's, and what the field adds to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from normax.errors import InputError
from normax.nn import functional as F
from normax.nn.functional.dropout import check_probability, is_number
from normax.nn.layers.linear import Linear
from normax.nn.module import Module
from normax.nn.random import layer_key

__all__ = [
    "AlphaDropout",
    "DropBlock2d",
    "DropConnect",
    "DropPath",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
    "FeatureAlphaDropout",
    "GaussianDropout",
]


class _DropoutNd(Module):
    """A random function in training, the identity in evaluation and for p = 0."""

    function: Callable[..., Any]

    def __init__(self, p: float = 0.5, inplace: bool = False):
        super().__init__()
        check_probability(p)
        self.p, self.inplace = p, inplace

    def forward(self, input: Any) -> Any:
        if not self.training or is_number(self.p, 0):
            return input
        return type(self).function(input, self.p, training=True, key=layer_key(self))

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_DropoutNd):
    """In training each element is 0 with probability p and the others are divided by `1 − p`.

    Masks draw from (key of the step, number of the layer, number of the call), so they survive
    rematerialisation, and a layer used twice draws twice.

    Args:
        p: the probability of 0.
        inplace: kept for PyTorch's sake; nothing happens in place.

    Raises:
        InputError: if p is not in [0, 1].

    Example:
        >>> import jax.numpy as jnp
        >>> layer = Dropout(0.3)
        >>> layer
        Dropout(p=0.3, inplace=False)
        >>> layer.eval()(jnp.ones(3)).tolist()
        [1.0, 1.0, 1.0]

    Source:
        Srivastava et al., "Dropout", JMLR 2014.
    """

    function = staticmethod(F.dropout)


class Dropout1d(_DropoutNd):
    """Dropout of whole channels of `(N, C, L)` or `(C, L)`.

    Example:
        >>> import jax.numpy as jnp
        >>> Dropout1d(0.5)(jnp.ones((2, 3, 4))).shape
        (2, 3, 4)
    """

    function = staticmethod(F.dropout1d)


class Dropout2d(_DropoutNd):
    """Dropout of whole channels of `(N, C, H, W)` or `(C, H, W)`.

    Example:
        >>> import jax.numpy as jnp
        >>> Dropout2d(0.5)(jnp.ones((2, 3, 4, 4))).shape
        (2, 3, 4, 4)
    """

    function = staticmethod(F.dropout2d)


class Dropout3d(_DropoutNd):
    """Dropout of whole channels of `(N, C, D, H, W)` or `(C, D, H, W)`.

    Example:
        >>> import jax.numpy as jnp
        >>> Dropout3d(0.5)(jnp.ones((2, 3, 2, 2, 2))).shape
        (2, 3, 2, 2, 2)
    """

    function = staticmethod(F.dropout3d)


class AlphaDropout(_DropoutNd):
    """Dropout that keeps mean 0 and variance 1, for networks of SELU: dropped elements saturate instead.

    Example:
        >>> import jax.numpy as jnp
        >>> AlphaDropout(0.1)(jnp.ones(3)).shape
        (3,)

    Source:
        Klambauer et al., "Self-normalizing neural networks", NeurIPS 2017.
    """

    function = staticmethod(F.alpha_dropout)


class FeatureAlphaDropout(_DropoutNd):
    """Alpha dropout of whole channels (axis 1).

    Example:
        >>> import jax.numpy as jnp
        >>> FeatureAlphaDropout(0.1)(jnp.ones((2, 3, 4))).shape
        (2, 3, 4)
    """

    function = staticmethod(F.feature_alpha_dropout)


class _Added(_DropoutNd):
    """A dropout that PyTorch does not have, and so without its `inplace`."""

    def __init__(self, p: float = 0.5):
        super().__init__(p)

    def extra_repr(self) -> str:
        return f"p={self.p}"


class DropPath(_Added):
    """Stochastic depth: in training each sample is 0 with probability p; for the branch of a residual block.

    Args:
        p: the probability of 0.

    Example:
        >>> import jax.numpy as jnp
        >>> DropPath(0.1)
        DropPath(p=0.1)
        >>> DropPath(0.1).eval()(jnp.ones((2, 3))).shape
        (2, 3)

    Source:
        Huang et al., "Deep networks with stochastic depth", ECCV 2016.
    """

    function = staticmethod(F.drop_path)


class GaussianDropout(_Added):
    """In training x is multiplied by noise `N(1, p / (1 − p))`, which has dropout's mean and variance.

    Args:
        p: of the dropout that it resembles, in [0, 1).

    Example:
        >>> import jax.numpy as jnp
        >>> GaussianDropout(0.2)(jnp.ones(3)).shape
        (3,)

    Source:
        Srivastava et al., "Dropout", JMLR 2014, section 10.
    """

    function = staticmethod(F.gaussian_dropout)


class DropBlock2d(_Added):
    """In training squares of a feature map `(N, C, H, W)` are 0, a share p of it on average.

    Args:
        p: the share to drop.
        block_size: the side of a square.

    Example:
        >>> import jax.numpy as jnp
        >>> DropBlock2d(0.1, 3)(jnp.ones((1, 2, 8, 8))).shape
        (1, 2, 8, 8)

    Source:
        Ghiasi, Lin & Le, "DropBlock", NeurIPS 2018.
    """

    def __init__(self, p: float = 0.1, block_size: int = 7):
        super().__init__(p)
        if block_size < 1:
            raise InputError(f"DropBlock2d: expected block_size >= 1, got {block_size}")
        self.block_size = block_size

    def forward(self, input: Any) -> Any:
        if not self.training or is_number(self.p, 0):
            return input
        return F.drop_block2d(input, self.p, self.block_size, key=layer_key(self))

    def extra_repr(self) -> str:
        return f"p={self.p}, block_size={self.block_size}"


class DropConnect(Linear):
    """A `Linear` whose weights, not its inputs, are dropped in training; the bias stays.

    Args:
        in_features: size of the input's last axis.
        out_features: size of the output's.
        p: the probability that a weight is 0; the others are divided by `1 − p`.
        bias: False leaves the bias out.
        device: where the parameters live.
        dtype: of the parameters.

    Example:
        >>> import jax.numpy as jnp
        >>> DropConnect(3, 2, p=0.2)(jnp.ones((5, 3))).shape
        (5, 2)

    Source:
        Wan et al., "Regularization of neural networks using DropConnect", ICML 2013.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        p: float = 0.5,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ):
        check_probability(p)
        super().__init__(in_features, out_features, bias, device, dtype)
        self.p = p

    def forward(self, input: Any) -> Any:
        weight = self.weight
        if self.training and not is_number(self.p, 0):
            weight = F.dropout(weight, self.p, key=layer_key(self))
        return F.linear(input, weight, self.bias)

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, p={self.p}"
