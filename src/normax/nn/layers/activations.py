"""Activation layers."""

from __future__ import annotations

from typing import Any

from normax.errors import InputError
from normax.nn import functional as F
from normax.nn import init
from normax.nn.layers._common import new_parameter
from normax.nn.module import Module
from normax.nn.random import layer_key

__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "GLU",
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "LeakyReLU",
    "LogSigmoid",
    "LogSoftmax",
    "Mish",
    "PReLU",
    "RReLU",
    "ReLU",
    "ReLU6",
    "SELU",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softmax2d",
    "Softmin",
    "Softplus",
    "Softshrink",
    "Softsign",
    "Tanh",
    "Tanhshrink",
    "Threshold",
]


class _Activation(Module):
    """A function of the input alone; `shown` are the attributes that `repr` prints."""

    shown: tuple[str, ...] = ()

    def extra_repr(self) -> str:
        return ", ".join(f"{name}={getattr(self, name)}" for name in self.shown)


class _Inplace(_Activation):
    """An activation with PyTorch's `inplace` flag, which is kept and printed; nothing happens in place."""

    def __init__(self, inplace: bool = False):
        super().__init__()
        self.inplace = inplace

    def extra_repr(self) -> str:
        own = super().extra_repr()
        return ", ".join([*([own] if own else []), *(["inplace=True"] if self.inplace else [])])


class CELU(_Inplace):
    """`max(0, x) + min(0, α (e^(x/α) − 1))`.

    Args:
        alpha: α.
        inplace: kept for PyTorch's sake.

    Example:
        >>> import jax.numpy as jnp
        >>> CELU()(jnp.zeros((1, 2))).shape
        (1, 2)
    """

    shown = ("alpha",)

    def __init__(self, alpha: float = 1.0, inplace: bool = False):
        super().__init__(inplace)
        self.alpha = alpha

    def forward(self, input: Any) -> Any:
        return F.celu(input, self.alpha)


class ELU(_Inplace):
    """x where `x > 0`, else `α (eˣ − 1)`.

    Args:
        alpha: α.
        inplace: kept for PyTorch's sake.

    Example:
        >>> import jax.numpy as jnp
        >>> ELU()(jnp.zeros((1, 2))).shape
        (1, 2)
    """

    shown = ("alpha",)

    def __init__(self, alpha: float = 1.0, inplace: bool = False):
        super().__init__(inplace)
        self.alpha = alpha

    def forward(self, input: Any) -> Any:
        return F.elu(input, self.alpha)


class GELU(_Activation):
    """`x Φ(x)`, Φ the normal distribution function.

    Args:
        approximate: `"none"` is exact, `"tanh"` the tanh form.

    Example:
        >>> import jax.numpy as jnp
        >>> GELU()(jnp.zeros((1, 2))).shape
        (1, 2)
    """

    def __init__(self, approximate: str = "none"):
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Any) -> Any:
        return F.gelu(input, self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class GLU(_Activation):
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


class Hardshrink(_Activation):
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


class Hardsigmoid(_Inplace):
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


class Hardswish(_Inplace):
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


class Hardtanh(_Inplace):
    """x limited to `[min_val, max_val]`.

    Args:
        min_val: the least value.
        max_val: the largest.
        inplace: kept for PyTorch's sake.

    Raises:
        InputError: unless `min_val < max_val`.

    Example:
        >>> import jax.numpy as jnp
        >>> Hardtanh()(jnp.array([-3.0, 0.5])).tolist()
        [-1.0, 0.5]
    """

    shown = ("min_val", "max_val")

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False):
        super().__init__(inplace)
        if not min_val < max_val:
            raise InputError(f"Hardtanh: expected min_val < max_val, got {min_val} and {max_val}")
        self.min_val, self.max_val = min_val, max_val

    def forward(self, input: Any) -> Any:
        return F.hardtanh(input, self.min_val, self.max_val)


class LeakyReLU(_Inplace):
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


class LogSigmoid(_Activation):
    """`log σ(x)`, without overflow.

    Example:
        >>> import jax.numpy as jnp
        >>> LogSigmoid()(jnp.zeros(2)).shape
        (2,)
    """

    def forward(self, input: Any) -> Any:
        return F.logsigmoid(input)


class LogSoftmax(_Activation):
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


class Mish(_Inplace):
    """`x tanh(softplus(x))`.

    Args:
        inplace: kept for PyTorch's sake.

    Example:
        >>> import jax.numpy as jnp
        >>> Mish()(jnp.zeros(2)).shape
        (2,)
    """

    def forward(self, input: Any) -> Any:
        return F.mish(input)


class PReLU(_Activation):
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
        return F.prelu(input, self.weight.value)


class RReLU(_Inplace):
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


class ReLU(_Inplace):
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


class ReLU6(_Inplace):
    """`min(max(x, 0), 6)`.

    Args:
        inplace: kept for PyTorch's sake.

    Example:
        >>> import jax.numpy as jnp
        >>> ReLU6()(jnp.zeros(2)).shape
        (2,)
    """

    def forward(self, input: Any) -> Any:
        return F.relu6(input)


class SELU(_Inplace):
    """`λ · elu(x, α)` with the self-normalising constants of Klambauer et al. (NeurIPS 2017).

    Args:
        inplace: kept for PyTorch's sake.

    Example:
        >>> import jax.numpy as jnp
        >>> SELU()(jnp.zeros(2)).shape
        (2,)
    """

    def forward(self, input: Any) -> Any:
        return F.selu(input)


class SiLU(_Inplace):
    """`x σ(x)`, also called swish.

    Args:
        inplace: kept for PyTorch's sake.

    Example:
        >>> import jax.numpy as jnp
        >>> SiLU()(jnp.zeros(2)).shape
        (2,)
    """

    def forward(self, input: Any) -> Any:
        return F.silu(input)


class Sigmoid(_Activation):
    """`1 / (1 + e⁻ˣ)`.

    Example:
        >>> import jax.numpy as jnp
        >>> Sigmoid()(jnp.zeros(2)).shape
        (2,)
    """

    def forward(self, input: Any) -> Any:
        return F.sigmoid(input)


class Softmax(_Activation):
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


class Softmax2d(_Activation):
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


class Softmin(_Activation):
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


class Softplus(_Activation):
    """`log(1 + e^(βx)) / β`, and x itself where `βx > threshold`.

    Args:
        beta: β.
        threshold: where it becomes linear.

    Example:
        >>> import jax.numpy as jnp
        >>> Softplus()(jnp.zeros((1, 2))).shape
        (1, 2)
    """

    shown = ("beta", "threshold")

    def __init__(self, beta: float = 1.0, threshold: float = 20.0):
        super().__init__()
        self.beta = beta
        self.threshold = threshold

    def forward(self, input: Any) -> Any:
        return F.softplus(input, self.beta, self.threshold)


class Softshrink(_Activation):
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


class Softsign(_Activation):
    """`x / (1 + |x|)`.

    Example:
        >>> import jax.numpy as jnp
        >>> Softsign()(jnp.zeros(2)).shape
        (2,)
    """

    def forward(self, input: Any) -> Any:
        return F.softsign(input)


class Tanh(_Activation):
    """The hyperbolic tangent.

    Example:
        >>> import jax.numpy as jnp
        >>> Tanh()(jnp.zeros(2)).shape
        (2,)
    """

    def forward(self, input: Any) -> Any:
        return F.tanh(input)


class Tanhshrink(_Activation):
    """`x − tanh(x)`.

    Example:
        >>> import jax.numpy as jnp
        >>> Tanhshrink()(jnp.zeros(2)).shape
        (2,)
    """

    def forward(self, input: Any) -> Any:
        return F.tanhshrink(input)


class Threshold(_Inplace):
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
