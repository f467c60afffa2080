"""Initial values, drawn into a cell in place, with PyTorch's names and distributions.

Every function takes a `Parameter` (or Buffer), writes its value and returns it. Draws come from the
global generator (`nx.manual_seed`), or from `key`.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from functools import wraps
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.errors import InputError, suggest
from normax.nn import threefry
from normax.nn.cells import Cell
from normax.nn.frames import current_frame
from normax.nn.random import raw_key, wrap_key

__all__ = [
    "calculate_gain",
    "constant_",
    "dirac_",
    "eye_",
    "kaiming_normal_",
    "kaiming_uniform_",
    "normal_",
    "ones_",
    "orthogonal_",
    "sparse_",
    "trunc_normal_",
    "uniform_",
    "xavier_normal_",
    "xavier_uniform_",
    "zeros_",
]

_GAINS = {
    "linear": 1.0,
    "conv1d": 1.0,
    "conv2d": 1.0,
    "conv3d": 1.0,
    "conv_transpose1d": 1.0,
    "conv_transpose2d": 1.0,
    "conv_transpose3d": 1.0,
    "sigmoid": 1.0,
    "tanh": 5.0 / 3,
    "relu": math.sqrt(2.0),
    "selu": 3.0 / 4,
}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor by which a nonlinearity wants its weights larger to keep the variance.

    Args:
        nonlinearity: `"linear"`, `"conv2d"`, `"sigmoid"`, `"tanh"`, `"relu"`, `"leaky_relu"`, `"selu"`, ...
        param: the negative slope of `"leaky_relu"`, default 0.01.

    Raises:
        InputError: for an unknown name.

    Example:
        >>> round(calculate_gain("leaky_relu", 0.2), 4)
        1.3868
    """
    if nonlinearity == "leaky_relu":
        return math.sqrt(2.0 / (1 + (0.01 if param is None else param) ** 2))
    if nonlinearity not in _GAINS:
        known = [*_GAINS, "leaky_relu"]
        raise InputError(
            f"nonlinearity: expected one of {known}, got {nonlinearity!r}{suggest(nonlinearity, known)}"
        )
    return _GAINS[nonlinearity]


def _cell(tensor: Any) -> Cell:
    if not isinstance(tensor, Cell):
        raise InputError(
            f"expected a Parameter or Buffer to write to, got {type(tensor).__name__}: arrays cannot be changed; "
            "write `init.normal_(layer.weight)`"
        )
    return tensor


def _calculate_fan_in_and_fan_out(tensor: Any) -> tuple[int, int]:
    """Inputs and outputs of one unit: `(out, in, *kernel)` as in PyTorch."""
    if tensor.ndim < 2:
        raise InputError(f"fan in and fan out: expected 2 or more axes, got shape {tuple(tensor.shape)}")
    receptive = math.prod(tensor.shape[2:])
    return tensor.shape[1] * receptive, tensor.shape[0] * receptive


def _calculate_correct_fan(tensor: Any, mode: str) -> int:
    """The one of the two that `mode` names."""
    if mode not in ("fan_in", "fan_out"):
        raise InputError(f"mode: expected 'fan_in' or 'fan_out', got {mode!r}")
    return _calculate_fan_in_and_fan_out(tensor)[mode == "fan_out"]


def _write(tensor: Cell, value: Any) -> Cell:
    tensor.value = value
    return tensor


def _draw(tensor: Cell, sample: Callable[[tuple[int, ...]], jax.Array]) -> Cell:
    """Independent draws. Small cells take the first of a fixed number, so that one compiled program serves them all."""
    size, shape = tensor.numel(), tensor.shape
    if size > _ENOUGH:
        return _write(tensor, sample(shape))
    draws = sample((_ENOUGH,))
    if isinstance(draws, jax.core.Tracer):
        return _write(tensor, draws[:size].reshape(shape))
    return _write(tensor, jax.device_put(np.asarray(draws)[:size].reshape(shape).copy()))


_ENOUGH = 4096


def _native(tensor: Cell, key: Any) -> bool:
    """Whether `threefry` draws: no program is compiled then, and there are as many shapes as layers."""
    return key is None and tensor.dtype == np.float32


def _gaussian(tensor: Cell, shape: tuple[int, ...], key: Any) -> Any:
    """Draws of N(0, 1) in the cell's dtype."""
    if _native(tensor, key):
        return threefry.normal(_raw(), shape)
    return jax.random.normal(_key(key), shape, tensor.dtype)


def uniform_(tensor: Cell, a: float = 0.0, b: float = 1.0, key: Any = None) -> Cell:
    """`U(a, b)`.

    Example:
        >>> import jax.numpy as jnp
        >>> from normax import nn
        >>> w = uniform_(nn.Parameter(jnp.zeros(100)), -1, 1)
        >>> bool((abs(w) <= 1).all())
        True
    """
    cell = _cell(tensor)
    if _native(cell, key):
        return _write(cell, jax.device_put(threefry.uniform(_raw(), cell.shape, a, b)))
    return _draw(cell, lambda shape: jax.random.uniform(_key(key), shape, cell.dtype, a, b))


def normal_(tensor: Cell, mean: float = 0.0, std: float = 1.0, key: Any = None) -> Cell:
    """`N(mean, std²)`.

    Example:
        >>> import jax.numpy as jnp
        >>> from normax import nn
        >>> normal_(nn.Parameter(jnp.zeros((2, 3)))).shape
        (2, 3)
    """
    cell = _cell(tensor)
    if _native(cell, key):
        draw = np.float32(mean) + np.float32(std) * _gaussian(cell, cell.shape, key)
        return _write(cell, jax.device_put(draw))
    return _draw(cell, lambda shape: mean + std * _gaussian(cell, shape, key))


def trunc_normal_(
    tensor: Cell, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0, key: Any = None
) -> Cell:
    """`N(mean, std²)` restricted to `[a, b]` (absolute limits, not multiples of std).

    Example:
        >>> import jax.numpy as jnp
        >>> from normax import nn
        >>> bool((abs(trunc_normal_(nn.Parameter(jnp.zeros(100)))) <= 2).all())
        True
    """
    cell = _cell(tensor)
    low, high = (a - mean) / std, (b - mean) / std
    if _native(cell, key):
        draw = threefry.normal(_raw(), cell.shape, low, high)
        return _write(cell, jax.device_put(np.clip(np.float32(mean) + np.float32(std) * draw, a, b)))

    def sample(shape):
        draw = jax.random.truncated_normal(_key(key), low, high, shape, cell.dtype)
        return jnp.clip(mean + std * draw, a, b)

    return _draw(cell, sample)


def constant_(tensor: Cell, val: float) -> Cell:
    """Every element `val`.

    Example:
        >>> import jax.numpy as jnp
        >>> from normax import nn
        >>> constant_(nn.Parameter(jnp.zeros(2)), 3.0).tolist()
        [3.0, 3.0]
    """
    cell = _cell(tensor)
    return _write(cell, jax.device_put(np.full(cell.shape, val, cell.dtype)))


def ones_(tensor: Cell) -> Cell:
    """Every element 1.

    Example:
        >>> import jax.numpy as jnp
        >>> from normax import nn
        >>> ones_(nn.Parameter(jnp.zeros(2))).tolist()
        [1.0, 1.0]
    """
    return constant_(tensor, 1.0)


def zeros_(tensor: Cell) -> Cell:
    """Every element 0.

    Example:
        >>> import jax.numpy as jnp
        >>> from normax import nn
        >>> zeros_(nn.Parameter(jnp.ones(2))).tolist()
        [0.0, 0.0]
    """
    return constant_(tensor, 0.0)


def eye_(tensor: Cell) -> Cell:
    """The identity matrix, padded with zeros.

    Raises:
        InputError: unless the cell has 2 axes.

    Example:
        >>> import jax.numpy as jnp
        >>> from normax import nn
        >>> eye_(nn.Parameter(jnp.zeros((2, 3)))).tolist()
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    """
    cell = _cell(tensor)
    if cell.ndim != 2:
        raise InputError(f"eye_: expected 2 axes, got shape {tuple(cell.shape)}")
    return _write(cell, jnp.eye(cell.shape[0], cell.shape[1], dtype=cell.dtype))


def dirac_(tensor: Cell, groups: int = 1) -> Cell:
    """A convolution kernel that passes its input channels on unchanged, within each group.

    Raises:
        InputError: unless the cell has 3, 4 or 5 axes and the groups divide its outputs.

    Example:
        >>> import jax.numpy as jnp
        >>> from normax import nn
        >>> dirac_(nn.Parameter(jnp.zeros((1, 1, 3)))).tolist()
        [[[0.0, 1.0, 0.0]]]
    """
    cell = _cell(tensor)
    if cell.ndim not in (3, 4, 5) or cell.shape[0] % groups:
        raise InputError(
            f"dirac_: expected 3 to 5 axes and {groups} groups of outputs, got {tuple(cell.shape)}"
        )
    size = cell.shape[0] // groups
    value = jnp.zeros(cell.shape, cell.dtype)
    centre = tuple(k // 2 for k in cell.shape[2:])
    for group in range(groups):
        for d in range(min(size, cell.shape[1])):
            value = value.at[(group * size + d, d, *centre)].set(1)
    return _write(cell, value)


def xavier_uniform_(tensor: Cell, gain: float = 1.0, key: Any = None) -> Cell:
    """`U(−a, a)`, `a = gain · √(6 / (fan_in + fan_out))`.

    Raises:
        InputError: for fewer than 2 axes.

    Example:
        >>> import jax.numpy as jnp
        >>> from normax import nn
        >>> bool((abs(xavier_uniform_(nn.Parameter(jnp.zeros((2, 4))))) <= 1).all())
        True

    Source:
        Glorot & Bengio, "Understanding the difficulty of training deep networks", AISTATS 2010.
    """
    bound = gain * math.sqrt(6.0 / sum(_calculate_fan_in_and_fan_out(_cell(tensor))))
    return uniform_(tensor, -bound, bound, key)


def xavier_normal_(tensor: Cell, gain: float = 1.0, key: Any = None) -> Cell:
    """`N(0, σ²)`, `σ = gain · √(2 / (fan_in + fan_out))`.

    Raises:
        InputError: for fewer than 2 axes.

    Example:
        >>> import jax.numpy as jnp
        >>> from normax import nn
        >>> xavier_normal_(nn.Parameter(jnp.zeros((2, 4)))).shape
        (2, 4)
    """
    return normal_(
        tensor, 0.0, gain * math.sqrt(2.0 / sum(_calculate_fan_in_and_fan_out(_cell(tensor)))), key
    )


def _kaiming_scale(tensor: Cell, a: float, mode: str, nonlinearity: str) -> float:
    fan = _calculate_correct_fan(_cell(tensor), mode)
    return calculate_gain(nonlinearity, a) / math.sqrt(max(fan, 1))


def kaiming_uniform_(
    tensor: Cell, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", key: Any = None
) -> Cell:
    """`U(−b, b)`, `b = gain · √(3 / fan)`: keeps the variance through rectifiers.

    Args:
        tensor: the cell, `(out, in, *kernel)`.
        a: the negative slope of `"leaky_relu"`.
        mode: `"fan_in"` keeps the forward variance, `"fan_out"` the backward one.
        nonlinearity: what follows; see `calculate_gain`.
        key: a JAX key; default, the global generator's next.

    Raises:
        InputError: for fewer than 2 axes, an unknown mode or nonlinearity.

    Example:
        >>> import jax.numpy as jnp
        >>> from normax import nn
        >>> bool((abs(kaiming_uniform_(nn.Parameter(jnp.zeros((2, 6))))) <= 1).all())
        True

    Source:
        He et al., "Delving deep into rectifiers", ICCV 2015.
    """
    bound = math.sqrt(3.0) * _kaiming_scale(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, key)


def kaiming_normal_(
    tensor: Cell, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", key: Any = None
) -> Cell:
    """`N(0, gain² / fan)`; see `kaiming_uniform_`.

    Example:
        >>> import jax.numpy as jnp
        >>> from normax import nn
        >>> kaiming_normal_(nn.Parameter(jnp.zeros((2, 6)))).shape
        (2, 6)
    """
    return normal_(tensor, 0.0, _kaiming_scale(tensor, a, mode, nonlinearity), key)


def orthogonal_(tensor: Cell, gain: float = 1.0, key: Any = None) -> Cell:
    """A random (semi-)orthogonal matrix times `gain`; axes after the first are flattened.

    Raises:
        InputError: for fewer than 2 axes.

    Example:
        >>> import jax.numpy as jnp
        >>> from normax import nn
        >>> w = orthogonal_(nn.Parameter(jnp.zeros((3, 5))))
        >>> bool(jnp.allclose(w @ w.T, jnp.eye(3), atol=1e-5))
        True

    Source:
        Saxe, McClelland & Ganguli, "Exact solutions to the nonlinear dynamics of learning", ICLR 2014.
    """
    cell = _cell(tensor)
    if cell.ndim < 2:
        raise InputError(f"orthogonal_: expected 2 or more axes, got shape {tuple(cell.shape)}")
    rows, columns = cell.shape[0], math.prod(cell.shape[1:])
    xp: Any = np if _native(cell, key) else jnp
    q, r = xp.linalg.qr(_gaussian(cell, (max(rows, columns), min(rows, columns)), key))
    q = q * xp.sign(xp.diagonal(r))
    return _write(cell, jnp.asarray(gain * (q.T if rows < columns else q).reshape(cell.shape), cell.dtype))


def sparse_(tensor: Cell, sparsity: float, std: float = 0.01, key: Any = None) -> Cell:
    """`N(0, std²)` with the share `sparsity` of each column set to 0.

    Raises:
        InputError: unless the cell has 2 axes.

    Example:
        >>> import jax.numpy as jnp
        >>> from normax import nn
        >>> int((sparse_(nn.Parameter(jnp.zeros((10, 2))), 0.3).value == 0).sum())
        6
    """
    cell = _cell(tensor)
    if cell.ndim != 2:
        raise InputError(f"sparse_: expected 2 axes, got shape {tuple(cell.shape)}")
    xp: Any
    xp, keys = (np, (None, None)) if _native(cell, key) else (jnp, jax.random.split(_key(key)))
    draw, places = (_gaussian(cell, cell.shape, k) for k in keys)  # the places in a random order
    rank = xp.argsort(xp.argsort(places, 0), 0)
    kept = rank >= math.ceil(sparsity * cell.shape[0])
    return _write(cell, jnp.asarray(xp.where(kept, std * draw, 0), cell.dtype))


def _key(key: Any) -> Any:
    return wrap_key(_raw()) if key is None else key


def _raw() -> np.ndarray:
    """The next raw key of the global generator."""
    if current_frame() is not None:
        raise InputError(
            "initial weights were drawn inside a compiled call, where they would be the same for ever and never "
            "train: make the layer in __init__"
        )
    return raw_key()


def _deprecated(function: Callable) -> Callable:
    """PyTorch's old name, without the underscore, with its warning."""
    old = function.__name__[:-1]

    @wraps(function)
    def renamed(*args, **kwargs):
        message = f"`nn.init.{old}` is now deprecated in favor of `nn.init.{old}_`."
        warnings.warn(message, FutureWarning, stacklevel=2)
        return function(*args, **kwargs)

    renamed.__name__, renamed.__doc__ = old, f"`{old}_`, as it was called before."
    return renamed


uniform = _deprecated(uniform_)
normal = _deprecated(normal_)
constant = _deprecated(constant_)
eye = _deprecated(eye_)
dirac = _deprecated(dirac_)
xavier_uniform = _deprecated(xavier_uniform_)
xavier_normal = _deprecated(xavier_normal_)
kaiming_uniform = _deprecated(kaiming_uniform_)
kaiming_normal = _deprecated(kaiming_normal_)
orthogonal = _deprecated(orthogonal_)
sparse = _deprecated(sparse_)
