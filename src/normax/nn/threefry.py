"""JAX's draws in NumPy, uniform ones bit for bit: initial weights wait for no program of their shape to be compiled.

The cipher is Threefry-2x32 in twenty rounds, of the place of each draw (Salmon, Moraes, Dror & Shaw, "Parallel random
numbers: as easy as 1, 2, 3", SC 2011).
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import erf, erfinv

__all__ = ["normal", "uniform"]

ROTATIONS = (13, 15, 26, 6), (17, 29, 16, 24)

BLOCK = 1 << 16
"""Draws at a time, so that the twenty rounds stay in the cache."""


def uniform(key: np.ndarray, shape: tuple[int, ...], low: float, high: float) -> np.ndarray:
    """`jax.random.uniform` of a raw key `uint32[2]`, in float32."""
    draws = np.empty(shape, np.float32)
    flat, lowest, highest = draws.reshape(-1), np.float32(low), np.float32(high)
    for start in range(0, flat.size, BLOCK):
        block = flat[start : start + BLOCK]
        bits = _bits(key, start, block.size) >> 9 | np.float32(1).view(np.uint32)
        unit = bits.view(np.float32).astype(float) - 1
        block[:] = unit * (highest - lowest) + lowest  # rounded once, as XLA's fused multiply-add is
    return np.maximum(draws, lowest)


def normal(
    key: np.ndarray, shape: tuple[int, ...], low: float = -math.inf, high: float = math.inf
) -> np.ndarray:
    """`jax.random.truncated_normal` of a raw key, between `low` and `high`, in float32: `√2 erf⁻¹(U)`, to 2e-5 of its
    draws (its `erf⁻¹` is a polynomial)."""
    least = np.nextafter(np.float32(-1), np.float32(0))  # −1 itself would be −∞
    ends = max(float(erf(low / math.sqrt(2))), float(least)), float(erf(high / math.sqrt(2)))
    return np.clip(np.float32(math.sqrt(2)) * erfinv(uniform(key, shape, *ends)), low, high)


def _bits(key: np.ndarray, start: int, size: int) -> np.ndarray:
    first, second = map(int, key)
    keys = first, second, first ^ second ^ 0x1BD11BDA
    above, below = divmod(start, 1 << 32)
    x = np.full(size, above, np.uint32) + np.uint32(first)
    y = np.arange(below, below + size, dtype=np.uint32) + np.uint32(second)
    for five in range(1, 6):
        for r in ROTATIONS[1 - five % 2]:
            x += y
            y = (y << np.uint32(r) | y >> np.uint32(32 - r)) ^ x
        x += np.uint32(keys[five % 3])
        y += np.uint32(keys[(five + 1) % 3] + five & 0xFFFFFFFF)
    return x ^ y
