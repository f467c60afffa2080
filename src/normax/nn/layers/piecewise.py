"""Activations that are linear piece by piece, or a product of such: ReLU and its kin, shrinkage, hard gates."""

from __future__ import annotations

from typing import Any

from normax.errors import InputError
from normax.nn import functional as F
from normax.nn import init
from normax.nn.layers._activation import Activation, Inplace
from normax.nn.layers._common import new_parameter
from normax.nn.random import layer_key

__all__ = [
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "LeakyReLU",
    "PReLU",
    "RReLU",
    "ReLU",
    "ReLU6",
    "Softshrink",
    "Threshold",
]


class Hardshrink(Activation):
    """x where `|x| > λ`, else 0.

    Args:
        lambd: λ.

    Example:
        >>> import jax.numpy as jnp
        >>> Hardshrink()(jnp.zeros((1, 2))).shape
        (1, 2)
    """

    def __init__(self, lambd: float = 0.5):
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Any) -> Any:
        return F.hardshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return f"{self.lambd}"


class Hardsigmoid(Inplace):
    """`relu6(x + 3) / 6`.

    Args:
        inplace: kept for PyTorch's sake.

    Example:
        >>> import jax.numpy as jnp
        >>> Hardsigmoid()(jnp.zeros(2)).shape
        (2,)
    """

    def forward(self, input: Any) -> Any:
        return F.hardsigmoid(input)


class Hardswish(Inplace):
    """`x relu6(x + 3) / 6`.

    Args:
        inplace: kept for PyTorch's sake.

    Example:
        >>> import jax.numpy as jnp
        >>> Hardswish()(jnp.zeros(2)).shape
        (2,)
    """

    def forward(self, input: Any) -> Any:
        return F.hardswish(input)


class Hardtanh(Inplace):
    """x limited to `[min_val, max_val]`.

    Args:
        min_val: the least value.
        max_val: the largest.
        inplace: kept for PyTorch's sake.
        min_value: deprecated in PyTorch; `min_val` says it.
        max_value: deprecated in PyTorch; `max_val` says it.

    Raises:
        InputError: unless `min_val < max_val`.

    Example:
        >>> import jax.numpy as jnp
        >>> Hardtanh()(jnp.array([-3.0, 0.5])).tolist()
        [-1.0, 0.5]
    """

    shown: tuple[str, ...] = ("min_val", "max_val")

    def __init__(
        self,
        min_val: float = -1.0,
        max_val: float = 1.0,
        inplace: bool = False,
        min_value: float | None = None,
        max_value: float | None = None,
    ):
        super().__init__(inplace)
        min_val = min_val if min_value is None else min_value
        max_val = max_val if max_value is None else max_value
        if not min_val < max_val:
            raise InputError(f"Hardtanh: expected min_val < max_val, got {min_val} and {max_val}")
        self.min_val, self.max_val = min_val, max_val

    def forward(self, input: Any) -> Any:
        return F.hardtanh(input, self.min_val, self.max_val)


class LeakyReLU(Inplace):
    """x where `x > 0`, else `negative_slope · x`.

    Args:
        negative_slope: the slope left of 0.
        inplace: kept for PyTorch's sake.

    Example:
        >>> import jax.numpy as jnp
        >>> LeakyReLU()(jnp.zeros((1, 2))).shape
        (1, 2)
    """

    shown = ("negative_slope",)

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False):
        super().__init__(inplace)
        self.negative_slope = negative_slope

    def forward(self, input: Any) -> Any:
        return F.leaky_relu(input, self.negative_slope)


class PReLU(Activation):
    """`leaky_relu` with a learnt slope, one for all or one for each channel (axis 1).

    Args:
        num_parameters: 1, or the number of channels.
        init: where the slopes start.
        device: where they live.
        dtype: of the slopes.

    Example:
        >>> import jax.numpy as jnp
        >>> PReLU()(jnp.array([-4.0, 2.0])).tolist()
        [-1.0, 2.0]

    Source:
        He et al., "Delving deep into rectifiers", ICCV 2015.
    """

    shown = ("num_parameters",)

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None):
        super().__init__()
        self.num_parameters, self.init = num_parameters, init
        self.weight = new_parameter((num_parameters,), "weight", device, dtype)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the initial values anew."""
        init.constant_(self.weight, self.init)

    def forward(self, input: Any) -> Any:
        return F.prelu(input, self.weight)


class RReLU(Inplace):
    """`leaky_relu` with slopes drawn from `[lower, upper]` in training and their mean in evaluation.

    Args:
        lower: the least slope.
        upper: the largest.
        inplace: kept for PyTorch's sake.

    Example:
        >>> import jax.numpy as jnp
        >>> RReLU(0.25, 0.75).eval()(jnp.array([-1.0, 2.0])).tolist()
        [-0.5, 2.0]

    Source:
        Xu et al., "Empirical evaluation of rectified activations", arXiv 1505.00853.
    """

    shown = ("lower", "upper")

    def __init__(self, lower: float = 1.0 / 8, upper: float = 1.0 / 3, inplace: bool = False):
        super().__init__(inplace)
        self.lower, self.upper = lower, upper

    def forward(self, input: Any) -> Any:
        key = layer_key(self) if self.training else None
        return F.rrelu(input, self.lower, self.upper, self.training, key=key)


class ReLU(Inplace):
    """`max(x, 0)`.

    Args:
        inplace: kept for PyTorch's sake.

    Example:
        >>> import jax.numpy as jnp
        >>> ReLU()(jnp.zeros(2)).shape
        (2,)
    """

    def forward(self, input: Any) -> Any:
        return F.relu(input)


class ReLU6(Hardtanh):
    """`min(max(x, 0), 6)`.

    Args:
        inplace: kept for PyTorch's sake.

    Example:
        >>> import jax.numpy as jnp
        >>> ReLU6()(jnp.array([-1.0, 7.0])).tolist()
        [0.0, 6.0]
    """

    shown = ()

    def __init__(self, inplace: bool = False):
        super().__init__(0.0, 6.0, inplace)

    def forward(self, input: Any) -> Any:
        return F.relu6(input)


class Softshrink(Activation):
    """Soft thresholding, `sign(x) max(|x| − λ, 0)`: the prox of an L1 penalty.

    Args:
        lambd: λ >= 0.

    Example:
        >>> import jax.numpy as jnp
        >>> Softshrink()(jnp.zeros((1, 2))).shape
        (1, 2)
    """

    def __init__(self, lambd: float = 0.5):
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Any) -> Any:
        return F.softshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return f"{self.lambd}"


class Threshold(Inplace):
    """x where `x > threshold`, else `value`.

    Args:
        threshold: the limit.
        value: what stands below it.
        inplace: kept for PyTorch's sake.

    Example:
        >>> import jax.numpy as jnp
        >>> Threshold(0.5, 9.0)(jnp.array([0.25, 0.75])).tolist()
        [9.0, 0.75]
    """

    shown = ("threshold", "value")

    def __init__(self, threshold: float, value: float, inplace: bool = False):
        super().__init__(inplace)
        self.threshold, self.value = threshold, value

    def forward(self, input: Any) -> Any:
        return F.threshold(input, self.threshold, self.value)
