"""Smooth activations: sigmoids, exponential units, smooth gates."""

from __future__ import annotations

from typing import Any

from normax.nn import functional as F
from normax.nn.layers._activation import Activation, Inplace

__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "LogSigmoid",
    "Mish",
    "SELU",
    "SiLU",
    "Sigmoid",
    "Softplus",
    "Softsign",
    "Tanh",
    "Tanhshrink",
]


class CELU(Inplace):
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


class ELU(Inplace):
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


class GELU(Activation):
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


class LogSigmoid(Activation):
    """`log σ(x)`, without overflow.

    Example:
        >>> import jax.numpy as jnp
        >>> LogSigmoid()(jnp.zeros(2)).shape
        (2,)
    """

    def forward(self, input: Any) -> Any:
        return F.logsigmoid(input)


class Mish(Inplace):
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


class SELU(Inplace):
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


class SiLU(Inplace):
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


class Sigmoid(Activation):
    """`1 / (1 + e⁻ˣ)`.

    Example:
        >>> import jax.numpy as jnp
        >>> Sigmoid()(jnp.zeros(2)).shape
        (2,)
    """

    def forward(self, input: Any) -> Any:
        return F.sigmoid(input)


class Softplus(Activation):
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


class Softsign(Activation):
    """`x / (1 + |x|)`.

    Example:
        >>> import jax.numpy as jnp
        >>> Softsign()(jnp.zeros(2)).shape
        (2,)
    """

    def forward(self, input: Any) -> Any:
        return F.softsign(input)


class Tanh(Activation):
    """The hyperbolic tangent.

    Example:
        >>> import jax.numpy as jnp
        >>> Tanh()(jnp.zeros(2)).shape
        (2,)
    """

    def forward(self, input: Any) -> Any:
        return F.tanh(input)


class Tanhshrink(Activation):
    """`x − tanh(x)`.

    Example:
        >>> import jax.numpy as jnp
        >>> Tanhshrink()(jnp.zeros(2)).shape
        (2,)
    """

    def forward(self, input: Any) -> Any:
        return F.tanhshrink(input)
