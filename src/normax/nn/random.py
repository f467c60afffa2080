"""Random draws: one global generator for eager code, derived keys inside compiled steps."""

from __future__ import annotations

import contextlib
import secrets
from contextvars import ContextVar
from typing import Any

import jax
import numpy as np

from normax.errors import InputError
from normax.nn.backend import check_process
from normax.nn.frames import current_frame

__all__ = ["check_seed", "fork", "layer_key", "manual_seed", "next_key", "raw_key", "row_mask"]

_MASK = (1 << 64) - 1
_NOWHERE = (1 << 31) - 1  # the number of what draws outside the bound tree: functions, modules of others


def _mix(z: int) -> int:
    """SplitMix64's finaliser: neighbouring counters become unrelated keys."""
    z = (z + 0x9E3779B97F4A7C15) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


class _Generator:
    """A seed and a counter: a draw costs a microsecond and no dispatch."""

    def __init__(self, seed: int):
        self.seed, self.count = seed, 0

    def __call__(self) -> np.ndarray:
        check_process()
        self.count += 1
        z = _mix(_mix(self.seed & _MASK) + self.count)
        return np.array([z >> 32, z & 0xFFFFFFFF], np.uint32)


_global = _Generator(secrets.randbits(63))
_forked: ContextVar[_Generator | None] = ContextVar("_forked", default=None)


def _generator() -> _Generator:
    """The one that draws here: this thread's own inside `fork`, otherwise the global one."""
    return _forked.get() or _global


def manual_seed(seed: int) -> None:
    """Seed every random draw of normax: initial weights, dropout, shuffling.

    Args:
        seed: an integer of 64 bits, with a sign or without; −1 is 2⁶⁴ − 1, as in PyTorch. Without a call, each process
            starts from fresh entropy.

    Raises:
        InputError: for what is no such integer.

    Example:
        >>> import normax as nx
        >>> nx.manual_seed(0)
        >>> a = nx.nn.Linear(2, 2).weight.tolist()
        >>> nx.manual_seed(0)
        >>> a == nx.nn.Linear(2, 2).weight.tolist()
        True
    """
    generator = _generator()
    generator.seed, generator.count = check_seed("manual_seed", seed, least=-(1 << 63)), 0


def check_seed(name: str, seed: Any, least: int = 0, most: int = _MASK) -> int:
    """A seed as an int, refused where it is none or would stand for another."""
    whole = isinstance(seed, (int, np.integer)) and not isinstance(seed, bool)
    if not whole or not least <= seed <= most:
        words = {-(1 << 63): "-2**63", 0: "0", _MASK: "2**64 - 1", (1 << 32) - 1: "2**32 - 1"}
        ends = f"{words.get(least, least)} to {words.get(most, most)}"
        raise InputError(f"{name}: expected a whole number from {ends}, got {seed!r}")
    return int(seed)


@contextlib.contextmanager
def fork(seed: int):
    """Draw from another seed for the length of a `with` block, in this thread; the global generator goes on unmoved."""
    token = _forked.set(_Generator(check_seed("seed", seed, least=-(1 << 63))))
    try:
        yield
    finally:
        _forked.reset(token)


def raw_key(seed: int | None = None) -> np.ndarray:
    """The next raw key `uint32[2]` of the global generator, or the one of a seed of its own."""
    return _generator()() if seed is None else _Generator(check_seed("seed", seed))()


def wrap_key(raw: Any) -> jax.Array:
    """A typed key of a raw one. Compiled functions take raw keys: typed ones cost spurious cache misses."""
    return jax.random.wrap_key_data(raw, impl="threefry2x32")


def next_key() -> jax.Array:
    """The next typed key of the global generator, for initial weights."""
    return wrap_key(_generator()())


def layer_key(module: Any = None) -> jax.Array:
    """A typed key for a draw inside a forward pass.

    In a compiled step it derives from (step key, number of the layer, number of the call), so that masks
    survive rematerialisation, one layer used twice draws twice, and a lane of a path draws what the
    same fit alone would draw. In eager code it comes from the global generator.

    Raises:
        InputError: under a bare `jax.jit`, where the mask would be frozen into the program, and in a
            `functional_call` without a key.
    """
    frame = current_frame()
    frame = None if frame is None else frame.drawing()
    if frame is None:
        key = next_key()
        if isinstance(key, jax.core.Tracer):
            raise InputError(
                "a random draw inside a bare `jax.jit` would repeat for ever; compile with `nx.jit(net)`"
            )
        return key
    if frame.key is None:
        raise InputError(
            "a random draw without a key: pass `key=` to `nx.functional_call`, or call `net.eval()` first"
        )
    place = id(module) if id(module) in frame.numbers else None
    number = frame.numbers.get(id(module), _NOWHERE)
    done = frame.draws.get(place, 0)
    call = frame.starts.get(place, 0) + done
    frame.draws[place] = done + 1
    return jax.random.fold_in(jax.random.fold_in(wrap_key(frame.key), number), call)


def row_mask() -> Any:
    """`(batch,)` booleans, False on padding rows, while a compiled step runs on a padded batch; else None.

    Layers that mix rows, such as batch norm, leave the padding out of their statistics.
    """
    frame = current_frame()
    return None if frame is None else frame.row_mask
