"""LazyLinear: the features of the input are read off the first call."""

from __future__ import annotations

from typing import Any

from normax.nn.functional._common import as_array
from normax.nn.layers.linear import Linear
from normax.nn.lazy import LazyModuleMixin, lazily

__all__ = ["LazyLinear"]


class LazyLinear(LazyModuleMixin, Linear):
    """`Linear` whose `in_features` is the last axis of its first input.

    Args:
        out_features: as `Linear`'s.
        bias: as `Linear`'s.
        device: as `Linear`'s.
        dtype: as `Linear`'s.

    Raises:
        InputError: if it is compiled, trained or read before a first call.

    Example:
        >>> import jax.numpy as jnp
        >>> layer = LazyLinear(2)
        >>> layer(jnp.ones((5, 3))).shape
        (5, 2)
        >>> layer
        Linear(in_features=3, out_features=2, bias=True)
    """

    cls_to_become = Linear
    __init__ = lazily(Linear.__init__)

    def reset_parameters(self) -> None:
        if not self.has_uninitialized_params() and self.in_features:
            super().reset_parameters()

    def initialize_parameters(self, input: Any) -> None:
        unknown = self.weight.uninitialized
        self.in_features = as_array(input).shape[-1] if unknown else self.weight.shape[-1]
        self._materialize(weight=(self.out_features, self.in_features), bias=(self.out_features,))
