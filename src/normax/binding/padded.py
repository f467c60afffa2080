"""Predictions of any number of rows by few programs: rows are rounded up where they do not know of each other."""

from __future__ import annotations

import copy
import re
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.binding.compiled import jit
from normax.binding.modes import evaluating
from normax.binding.pure import functional_call
from normax.binding.recent import Recent
from normax.binding.signature import architecture
from normax.nn.module import Module
from normax.nn.random import fork, next_key

__all__ = ["predict_rows", "rounded"]

_apart = Recent(32)
_COUNTS = 7919, 7927  # primes, which no other number of a program repeats by chance


def rounded(n: int) -> int:
    """The next of few counts: multiples of 8 up to 64, then four to every doubling, at most a quarter more.

    Example:
        >>> [rounded(n) for n in (1, 8, 9, 65, 100, 1000)]
        [8, 8, 16, 80, 112, 1024]
    """
    step = max(8, 1 << max(0, (n - 1).bit_length() - 3))
    return -(-n // step) * step


def predict_rows(net: Module, X: Any) -> np.ndarray:
    """`net(X)` of a network in evaluation mode, by a program for `rounded` rows: a new count compiles nothing.

    The rows that are added repeat the last one, and what becomes of them is dropped. A network whose rows know of each
    other, as where a mean is taken over them, or that takes whole numbers, is given its rows as they are.

    Args:
        net: the network; X: (n, ...) rows.

    Example:
        >>> from normax import nn
        >>> predict_rows(nn.Linear(3, 2).eval(), jnp.ones((5, 3))).shape
        (5, 2)
    """
    n, count, forward = len(X), rounded(len(X)), jit(net)
    if n in (0, count) or X.dtype.kind != "f":
        return np.asarray(forward(X))
    key = architecture(net), X.shape[1:], X.dtype
    if not _apart(key, lambda: _told_apart(net, X.shape[1:], X.dtype)):
        return np.asarray(forward(X))
    rows = np.asarray(X)  # padded by NumPy: JAX would compile that for every count
    padded = np.concatenate([rows, np.repeat(rows[-1:], count - n, axis=0)])
    return np.asarray(forward(jax.device_put(padded)))[:n]


def _told_apart(net: Module, shape: tuple[int, ...], dtype: Any) -> bool:
    """`_rows_apart`, and no for a network that takes a certain number of rows, or cannot be copied or traced."""
    try:
        return _rows_apart(net, shape, dtype)
    except Exception:
        return False


def _rows_apart(net: Module, shape: tuple[int, ...], dtype: Any) -> bool:
    """Whether a row's output depends on that row alone, for any weights of such a network.

    Its program must not change with the number of rows, but for shapes; and with positive weights and rows, so that no
    ReLU and no zero cuts a way off, other last rows must leave the first ones' outputs the same to the last bit.
    """
    twin, draw = copy.deepcopy(net), np.random.default_rng(0)
    with fork(0), evaluating(twin):
        if len({_program(twin, count, shape, dtype) for count in _COUNTS}) > 1:
            return False
        for cell in (*twin.parameters(), *twin.buffers()):
            if cell.value.dtype.kind == "f":
                width = cell.value.shape[-1] if cell.value.ndim > 1 else 1
                cell.value = jnp.asarray(draw.uniform(0.5, 1.5, cell.value.shape) / width, cell.value.dtype)
        rows, others = (draw.uniform(0.5, 1.5, (8, *shape)) for _ in range(2))
        others[:3] = rows[:3]
        forward = jit(twin)
        one, two = (np.asarray(forward(jnp.asarray(each, dtype))) for each in (rows, others))
    return len(one) == 8 and np.array_equal(one[:3], two[:3])


def _program(net: Module, count: int, shape: tuple[int, ...], dtype: Any) -> str:
    """The forward's program as text, without the number of rows among its shapes."""
    rows = jax.ShapeDtypeStruct((count, *shape), dtype)
    text = str(jax.make_jaxpr(lambda x: functional_call(net, {}, x, key=next_key()))(rows))
    return re.sub(rf"\b{count}\b(?![.:e])|0x[0-9a-f]+", "n", text)
