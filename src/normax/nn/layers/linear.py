"""Affine and bilinear layers, and the layer that does nothing."""

from __future__ import annotations

import math
from typing import Any

from normax.errors import InputError
from normax.nn import functional as F
from normax.nn import init
from normax.nn.layers._common import new_parameter, uniform_fan_in_
from normax.nn.module import Module

__all__ = ["Bilinear", "Identity", "Linear"]


class Identity(Module):
    """Returns its input; arguments of the constructor are ignored.

    Example:
        >>> Identity()(3)
        3
    """

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__()

    def forward(self, input: Any) -> Any:
        return input


class Linear(Module):
    """The affine map `y = x Wᵀ + b` of the last axis.

    Weight `(out_features, in_features)` and bias `(out_features,)` start from `U(−1/√in, 1/√in)`.

    Args:
        in_features: size of the input's last axis.
        out_features: size of the output's.
        bias: False leaves b out.
        device: where the parameters live; default, JAX's default device.
        dtype: of the parameters; default, JAX's default float.

    Raises:
        InputError: in a call, if the last axis is not `in_features`.

    Example:
        >>> import jax.numpy as jnp
        >>> layer = Linear(3, 2)
        >>> layer
        Linear(in_features=3, out_features=2, bias=True)
        >>> layer(jnp.ones((5, 3))).shape
        (5, 2)
    """

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None
    ):
        super().__init__()
        if in_features < 0 or out_features < 0:
            raise InputError(f"Linear: expected sizes >= 0, got {in_features} and {out_features}")
        self.in_features, self.out_features = in_features, out_features
        self.weight = new_parameter((out_features, in_features), "weight", device, dtype)
        self.register_parameter(
            "bias", new_parameter((out_features,), "bias", device, dtype) if bias else None
        )
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial values anew."""
        uniform_fan_in_(self)

    def forward(self, input: Any) -> Any:
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"
        )


class Bilinear(Module):
    """`y_o = x₁ᵀ A_o x₂ + b_o`.

    Weight `(out, in1, in2)` and bias `(out,)` start from `U(−1/√in1, 1/√in1)`.

    Args:
        in1_features: size of the first input's last axis.
        in2_features: size of the second's.
        out_features: size of the output's.
        bias: False leaves b out.
        device: where the parameters live.
        dtype: of the parameters.

    Example:
        >>> import jax.numpy as jnp
        >>> Bilinear(2, 3, 4)(jnp.ones((5, 2)), jnp.ones((5, 3))).shape
        (5, 4)
    """

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__()
        if in1_features <= 0:
            raise InputError(f"Bilinear: expected in1_features > 0, got {in1_features}")
        self.in1_features, self.in2_features, self.out_features = in1_features, in2_features, out_features
        self.weight = new_parameter((out_features, in1_features, in2_features), "weight", device, dtype)
        self.register_parameter(
            "bias", new_parameter((out_features,), "bias", device, dtype) if bias else None
        )
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial values anew."""
        bound = 1 / math.sqrt(self.in1_features)
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input1: Any, input2: Any) -> Any:
        return F.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
            f"out_features={self.out_features}, bias={self.bias is not None}"
        )
