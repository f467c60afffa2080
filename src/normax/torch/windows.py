"""Windows of signals: `hann_window` and its kin, periodic unless said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from normax.torch.creation import placed
from normax.torch.dtypes import asked, get_default_dtype

__all__ = ["bartlett_window", "blackman_window", "hamming_window", "hann_window", "kaiser_window"]


def _cosines(*weights: float) -> Callable[[int], np.ndarray]:
    """A sum of cosines: `Σ_k (−1)^k a_k cos(2π k n / (N − 1))`."""

    def window(n: int) -> np.ndarray:
        turn = 2 * np.pi * np.arange(n) / max(n - 1, 1)
        return np.sum([(-1) ** k * a * np.cos(k * turn) for k, a in enumerate(weights)], 0)

    return window


def _made(shape: Callable[[int], np.ndarray], length: int, periodic: bool, dtype: Any, options: dict) -> Any:
    values = np.ones(1) if length == 1 else shape(length + 1)[:-1] if periodic else shape(length)
    options = {name: value for name, value in options.items() if name in ("device", "requires_grad")}
    return placed(jnp.asarray(values, asked(dtype, get_default_dtype().dtype)), **options)


def hann_window(window_length: int, periodic: bool = True, *, dtype: Any = None, **options: Any) -> Any:
    """`½ (1 − cos 2πn/N)`."""
    return _made(_cosines(0.5, 0.5), window_length, periodic, dtype, options)


def hamming_window(
    window_length: int,
    periodic: bool = True,
    alpha: float = 0.54,
    beta: float = 0.46,
    *,
    dtype: Any = None,
    **options: Any,
) -> Any:
    """`α − β cos 2πn/N`."""
    return _made(_cosines(alpha, beta), window_length, periodic, dtype, options)


def blackman_window(window_length: int, periodic: bool = True, *, dtype: Any = None, **options: Any) -> Any:
    """`0.42 − 0.5 cos 2πn/N + 0.08 cos 4πn/N`."""
    return _made(_cosines(0.42, 0.5, 0.08), window_length, periodic, dtype, options)


def bartlett_window(window_length: int, periodic: bool = True, *, dtype: Any = None, **options: Any) -> Any:
    """A triangle."""
    return _made(np.bartlett, window_length, periodic, dtype, options)


def kaiser_window(
    window_length: int, periodic: bool = True, beta: float = 12.0, *, dtype: Any = None, **options: Any
) -> Any:
    """`I₀(β √(1 − (2n/N − 1)²)) / I₀(β)`."""
    return _made(lambda n: np.kaiser(n, beta), window_length, periodic, dtype, options)
