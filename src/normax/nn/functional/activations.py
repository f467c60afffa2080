"""Activations: elementwise functions, and the few that look along an axis."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from normax.errors import InputError
from normax.nn.backend import elsewhere
from normax.nn.frames import current_frame
from normax.nn.functional._common import as_array, check_axis, floating
from normax.nn.random import layer_key

__all__ = [
    "celu",
    "elu",
    "gelu",
    "glu",
    "gumbel_softmax",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "leaky_relu",
    "log_softmax",
    "logsigmoid",
    "mish",
    "normalize",
    "prelu",
    "relu",
    "relu6",
    "rrelu",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softmin",
    "softplus",
    "softshrink",
    "softsign",
    "tanh",
    "tanhshrink",
    "threshold",
]


def relu(input: Any, inplace: bool = False) -> jax.Array:
    """`max(x, 0)`; the gradient at 0 is 0.

    Example:
        >>> import jax.numpy as jnp
        >>> relu(jnp.array([-1.0, 2.0])).tolist()
        [0.0, 2.0]
    """
    frame = current_frame()
    lanes = frame is not None and frame.lanes  # where computing it anew is what costs less
    return (jax.nn.relu if lanes or elsewhere() else _relu)(as_array(input))


# From `max(x, 0)`, which costs nothing, XLA computes the result anew where the gradient asks for its sign, and keeps
# every x for that. What reads x twice it does not repeat, and a net keeps half as much: a step of 32 layers takes 0.9
# of the time.
@jax.custom_jvp
@jax.jit
def _relu(x: jax.Array) -> jax.Array:
    return jnp.where(x <= 0, 0, x)


_relu.defjvps(lambda tangent, result, x: jnp.where(result > 0, tangent, 0))


def relu6(input: Any, inplace: bool = False) -> jax.Array:
    """`min(max(x, 0), 6)`.

    Example:
        >>> import jax.numpy as jnp
        >>> relu6(jnp.array([-1.0, 2.0, 9.0])).tolist()
        [0.0, 2.0, 6.0]
    """
    return hardtanh(input, 0.0, 6.0)


def hardtanh(input: Any, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> jax.Array:
    """x limited to `[min_val, max_val]`, with gradient 0 on and beyond the limits.

    Example:
        >>> import jax.numpy as jnp
        >>> hardtanh(jnp.array([-3.0, 0.5, 3.0])).tolist()
        [-1.0, 0.5, 1.0]
    """
    x = as_array(input)
    return jnp.where(x <= min_val, min_val, jnp.where(x >= max_val, max_val, x)).astype(x.dtype)


def threshold(input: Any, threshold: float, value: float, inplace: bool = False) -> jax.Array:
    """x where `x > threshold`, else `value`.

    Example:
        >>> import jax.numpy as jnp
        >>> threshold(jnp.array([0.1, 0.7]), 0.5, 9.0).tolist()
        [9.0, 0.699999...]
    """
    x = as_array(input)
    return jnp.where(x > threshold, x, jnp.asarray(value, x.dtype))


def leaky_relu(input: Any, negative_slope: float = 0.01, inplace: bool = False) -> jax.Array:
    """x where `x > 0`, else `negative_slope · x`.

    Example:
        >>> import jax.numpy as jnp
        >>> leaky_relu(jnp.array([-1.0, 2.0]), 0.5).tolist()
        [-0.5, 2.0]
    """
    x = as_array(input)
    return jnp.where(x > 0, x, negative_slope * x)


def prelu(input: Any, weight: Any) -> jax.Array:
    """`leaky_relu` with a learnt slope, one for all or one for each channel (axis 1).

    Args:
        input: `(N, C, ...)`, or any shape for a single slope.
        weight: `(1,)` or `(C,)`.

    Raises:
        InputError: if the number of slopes is not the number of channels.

    Example:
        >>> import jax.numpy as jnp
        >>> prelu(jnp.array([-4.0, 2.0]), jnp.array([0.25])).tolist()
        [-1.0, 2.0]
    """
    x, w = as_array(input), as_array(weight)
    if w.size == 1:
        w = w.reshape(())
    else:
        channels = x.shape[1] if x.ndim > 1 else 1
        if w.size != channels:
            raise InputError(
                f"prelu: expected {w.size} channels, one a slope, got {channels} in shape {x.shape}"
            )
        w = w.reshape(-1, *(1,) * (x.ndim - 2))
    return jnp.where(x > 0, x, w * x)


def rrelu(input, lower=1.0 / 8, upper=1.0 / 3, training=False, inplace=False, key=None) -> jax.Array:
    """`leaky_relu` with slopes drawn uniformly from `[lower, upper]` in training, their mean otherwise.

    Example:
        >>> import jax.numpy as jnp
        >>> rrelu(jnp.array([-1.0, 2.0]), 0.25, 0.75).tolist()
        [-0.5, 2.0]
    """
    x = floating(input)
    if not training:
        return leaky_relu(x, (lower + upper) / 2)
    slope = jax.random.uniform(layer_key() if key is None else key, x.shape, x.dtype, lower, upper)
    return jnp.where(x > 0, x, slope * x)


def elu(input: Any, alpha: float = 1.0, inplace: bool = False) -> jax.Array:
    """x where `x > 0`, else `α (eˣ − 1)`.

    Example:
        >>> import jax.numpy as jnp
        >>> elu(jnp.array([0.0, 2.0])).tolist()
        [0.0, 2.0]
    """
    return jax.nn.elu(floating(input), alpha)


def celu(input: Any, alpha: float = 1.0, inplace: bool = False) -> jax.Array:
    """`max(0, x) + min(0, α (e^(x/α) − 1))`.

    Example:
        >>> import jax.numpy as jnp
        >>> celu(jnp.array([0.0, 2.0])).tolist()
        [0.0, 2.0]
    """
    return jax.nn.celu(floating(input), alpha)


def selu(input: Any, inplace: bool = False) -> jax.Array:
    """`λ · elu(x, α)` with the self-normalising λ ≈ 1.0507 and α ≈ 1.6733.

    Example:
        >>> import jax.numpy as jnp
        >>> round(float(selu(jnp.array(1.0))), 4)
        1.0507

    Source:
        Klambauer et al., "Self-normalizing neural networks", NeurIPS 2017.
    """
    return jax.nn.selu(floating(input))


def gelu(input: Any, approximate: str = "none") -> jax.Array:
    """`x Φ(x)`, Φ the normal distribution function, or with `approximate="tanh"` its tanh form.

    Example:
        >>> import jax.numpy as jnp
        >>> round(float(gelu(jnp.array(1.0))), 4)
        0.8413

    Source:
        Hendrycks & Gimpel, "Gaussian error linear units", arXiv 1606.08415.
    """
    if approximate not in ("none", "tanh"):
        raise InputError(f"approximate: expected 'none' or 'tanh', got {approximate!r}")
    return jax.nn.gelu(floating(input), approximate=approximate == "tanh")


def silu(input: Any, inplace: bool = False) -> jax.Array:
    """`x σ(x)`, also called swish.

    Example:
        >>> import jax.numpy as jnp
        >>> round(float(silu(jnp.array(1.0))), 4)
        0.7311
    """
    return jax.nn.silu(floating(input))


def mish(input: Any, inplace: bool = False) -> jax.Array:
    """`x tanh(softplus(x))`.

    Example:
        >>> import jax.numpy as jnp
        >>> round(float(mish(jnp.array(1.0))), 4)
        0.8651
    """
    x = floating(input)
    return x * jnp.tanh(jax.nn.softplus(x))


def sigmoid(input: Any) -> jax.Array:
    """`σ(x) = 1 / (1 + e⁻ˣ)`.

    Example:
        >>> import jax.numpy as jnp
        >>> float(sigmoid(jnp.array(0.0)))
        0.5
    """
    return jax.nn.sigmoid(floating(input))


def hardsigmoid(input: Any, inplace: bool = False) -> jax.Array:
    """`relu6(x + 3) / 6`.

    Example:
        >>> import jax.numpy as jnp
        >>> float(hardsigmoid(jnp.array(0.0)))
        0.5
    """
    return relu6(floating(input) + 3) / 6


def hardswish(input: Any, inplace: bool = False) -> jax.Array:
    """`x relu6(x + 3) / 6`.

    Example:
        >>> import jax.numpy as jnp
        >>> hardswish(jnp.array([-4.0, 3.0])).tolist()
        [-0.0, 3.0]
    """
    x = floating(input)
    return x * hardsigmoid(x)


def tanh(input: Any) -> jax.Array:
    """The hyperbolic tangent.

    Example:
        >>> import jax.numpy as jnp
        >>> float(tanh(jnp.array(0.0)))
        0.0
    """
    return jnp.tanh(floating(input))


def tanhshrink(input: Any) -> jax.Array:
    """`x − tanh(x)`.

    Example:
        >>> import jax.numpy as jnp
        >>> float(tanhshrink(jnp.array(0.0)))
        0.0
    """
    x = floating(input)
    return x - jnp.tanh(x)


def hardshrink(input: Any, lambd: float = 0.5) -> jax.Array:
    """x where `|x| > λ`, else 0: the prox of an L0 penalty.

    Example:
        >>> import jax.numpy as jnp
        >>> hardshrink(jnp.array([-1.0, 0.3, 2.0])).tolist()
        [-1.0, 0.0, 2.0]
    """
    x = floating(input)
    return jnp.where(jnp.abs(x) > lambd, x, 0)


def softshrink(input: Any, lambd: float = 0.5) -> jax.Array:
    """`sign(x) max(|x| − λ, 0)`, soft thresholding: the prox of an L1 penalty.

    Raises:
        InputError: if λ is negative.

    Example:
        >>> import jax.numpy as jnp
        >>> softshrink(jnp.array([-1.0, 0.3, 2.0])).tolist()
        [-0.5, 0.0, 1.5]
    """
    if lambd < 0:
        raise InputError(f"softshrink: expected lambd >= 0, got {lambd}")
    x = floating(input)
    return jnp.where(x > lambd, x - lambd, jnp.where(x < -lambd, x + lambd, 0))


def softplus(input: Any, beta: float = 1.0, threshold: float = 20.0) -> jax.Array:
    """`log(1 + e^(βx)) / β`, and x itself where `βx > threshold`.

    Example:
        >>> import jax.numpy as jnp
        >>> round(float(softplus(jnp.array(0.0))), 4)
        0.6931
    """
    x = floating(input)
    return jnp.where(beta * x > threshold, x, jax.nn.softplus(beta * x) / beta)


def softsign(input: Any) -> jax.Array:
    """`x / (1 + |x|)`.

    Example:
        >>> import jax.numpy as jnp
        >>> softsign(jnp.array([-1.0, 3.0])).tolist()
        [-0.5, 0.75]
    """
    x = floating(input)
    return x / (1 + jnp.abs(x))


def logsigmoid(input: Any) -> jax.Array:
    """`log σ(x)`, without overflow.

    Example:
        >>> import jax.numpy as jnp
        >>> round(float(logsigmoid(jnp.array(0.0))), 4)
        -0.6931
    """
    return jax.nn.log_sigmoid(floating(input))


def glu(input: Any, dim: int = -1) -> jax.Array:
    """`a σ(b)`, a and b the two halves along an axis.

    Raises:
        InputError: if the axis has an odd length.

    Example:
        >>> import jax.numpy as jnp
        >>> glu(jnp.array([2.0, 0.0])).tolist()
        [1.0]
    """
    x = floating(input)
    if x.shape[dim] % 2:
        raise InputError(f"glu: expected an even length of axis {dim}, got {x.shape[dim]} in shape {x.shape}")
    return jax.nn.glu(x, dim)


def _default_dim(ndim: int) -> int:
    """PyTorch's historical axis where none is named: 0 for 0, 1 and 3 axes, else 1."""
    return 0 if ndim in (0, 1, 3) else 1


def _along(function: Callable, input: Any, dim: int | None, dtype: Any) -> jax.Array:
    """A function along an axis, of which a number counts as one."""
    x = floating(input).astype(dtype) if dtype is not None else floating(input)
    axis = _default_dim(x.ndim) if dim is None else dim
    check_axis(axis, x)
    return function(x, axis) if x.ndim else function(x[None], axis)[0]


def softmax(input: Any, dim: int | None = None, dtype: Any = None) -> jax.Array:
    """`e^{x_i} / Σ_j e^{x_j}` along an axis.

    Args:
        input: any shape.
        dim: the axis. Name it; without it PyTorch's historical choice holds (0 for 0, 1 and 3 axes, else 1).
        dtype: convert to this first.

    Example:
        >>> import jax.numpy as jnp
        >>> softmax(jnp.zeros((1, 2)), -1).tolist()
        [[0.5, 0.5]]
    """
    return _along(jax.nn.softmax, input, dim, dtype)


def softmin(input: Any, dim: int | None = None, dtype: Any = None) -> jax.Array:
    """`softmax(−x)`.

    Example:
        >>> import jax.numpy as jnp
        >>> softmin(jnp.zeros((1, 2)), -1).tolist()
        [[0.5, 0.5]]
    """
    return softmax(-floating(input), dim, dtype)


def log_softmax(input: Any, dim: int | None = None, dtype: Any = None) -> jax.Array:
    """`x_i − log Σ_j e^{x_j}` along an axis; see `softmax`.

    Example:
        >>> import jax.numpy as jnp
        >>> [round(v, 4) for v in log_softmax(jnp.zeros(2), 0).tolist()]
        [-0.6931, -0.6931]
    """
    return _along(jax.nn.log_softmax, input, dim, dtype)


def gumbel_softmax(logits: Any, tau: float = 1.0, hard: bool = False, dim: int = -1, key: Any = None):
    """`softmax((logits + g) / τ)` with Gumbel noise g: a differentiable draw of a category.

    Args:
        logits: unnormalised log-probabilities.
        tau: the temperature τ > 0.
        hard: one-hot forward, the soft gradient backward.
        dim: the axis of the categories.
        key: a JAX key; default, the compiled step's next, in eager code the global generator's.

    Example:
        >>> import jax.numpy as jnp
        >>> float(gumbel_softmax(jnp.zeros(4), hard=True).sum())
        1.0

    Source:
        Jang, Gu & Poole, "Categorical reparameterization with Gumbel-softmax", ICLR 2017.
    """
    x = floating(logits)
    noise = jax.random.gumbel(layer_key() if key is None else key, x.shape, x.dtype)
    soft = softmax((x + noise) / tau, dim)
    if not hard or not x.ndim:  # a number alone is 1 either way
        return soft
    one_hot = jax.nn.one_hot(jnp.argmax(soft, dim), x.shape[dim], axis=dim, dtype=x.dtype)
    return one_hot + (soft - jax.lax.stop_gradient(soft))  # exactly one-hot: the bracket is zero


def normalize(input: Any, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> jax.Array:
    """`x / max(‖x‖_p, ε)` along an axis.

    Example:
        >>> import jax.numpy as jnp
        >>> normalize(jnp.array([[3.0, 4.0]])).tolist()
        [[0.6..., 0.8...]]
    """
    x = floating(input)
    return x / jnp.maximum(vector_norm(x, p, dim), eps)


def vector_norm(x: jax.Array, p: float, dim: int, keepdims: bool = True) -> jax.Array:
    """The p-norm along an axis, with gradient 0 (not NaN) at the zero vector."""
    if p in (math.inf, -math.inf, 0, 1):
        return jnp.linalg.norm(x, p, dim, keepdims)
    total = jnp.sum(jnp.abs(x) ** p, dim, keepdims=keepdims)
    zero = total == 0
    return jnp.where(zero, 0, jnp.where(zero, 1, total) ** (1 / p))
