"""remat: JAX's checkpoint for bodies that read, write and draw through modules."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from normax.binding.captured import arrays, is_cell, numbers_of, under_bare_jit, write_back
from normax.errors import InputError
from normax.nn.cells import Cell
from normax.nn.frames import CapturingFrame, current_frame
from normax.nn.module import Module
from normax.nn.random import raw_key

__all__ = ["remat"]


def remat(body: Any, *, policy: Callable[..., bool] | None = None) -> Any:
    """The same module or function, its inner results computed again in the backward pass instead of kept.

    A training step need keep only the activations at the border (and what `policy` keeps), for one more
    forward. The compiler decides when they are freed: on a CPU an unrolled stack keeps its peak, and memory falls
    where the blocks are scanned (16 blocks of 256-1024-256: 139 MB plain, 84 MB with `nx.scan_layers` over
    rematerialised layers). Outputs, gradients, buffers and dropout masks are the same as without.

    Args:
        body: a Module, whose rematerialised twin shares its cells, children, mode and state-dict keys:
            write `nx.remat(self.block)(x)` in a forward, or `self.block = nx.remat(Block())`; or a
            function that calls modules.
        policy: one of `jax.checkpoint_policies`; None keeps nothing inside.

    Raises:
        InputError: if `body` cannot be called.

    Example:
        >>> import numpy as np
        >>> import normax as nx
        >>> block = nx.nn.Sequential(nx.nn.Linear(3, 8), nx.nn.Tanh(), nx.nn.Linear(8, 3))
        >>> x = np.ones((2, 3), "float32")
        >>> bool((nx.remat(block)(x) == block(x)).all())
        True

    Source:
        Chen et al., "Training deep nets with sublinear memory cost", 2016; `jax.checkpoint`.
    """
    if isinstance(body, Module):
        while isinstance(body, _Remat):
            body = body._wrapped
        kind: Any = type(body)
        twin: Any = object.__new__(_twin_of(kind))
        object.__setattr__(twin, "__dict__", body.__dict__)
        object.__setattr__(twin, "_wrapped", body)
        object.__setattr__(twin, "_policy", policy)
        return twin
    if not callable(body):
        raise InputError(f"remat: expected a Module or a function, got {type(body).__name__}")
    return functools.wraps(body)(functools.partial(_rematerialise, body, policy, None))


class _Remat:
    """What a rematerialised twin adds to the class of its module, with which it shares its `__dict__`."""

    __slots__ = ()
    _wrapped: Module
    _policy: Any

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        frame = current_frame()
        if frame is not None:
            frame.entered(self)
        return _rematerialise(self._wrapped, self._policy, self, *args, **kwargs)

    def _get_name(self) -> str:
        return f"Remat{self._wrapped._get_name()}"

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _again, (self._wrapped, self._policy)


def _again(module: Module, policy: Any) -> Any:
    return remat(module, policy=policy)


@functools.cache
def _twin_of(kind: type) -> type:
    return type(f"Remat{kind.__name__}", (_Remat, kind), {"__slots__": ("_policy", "_wrapped")})


def _rematerialise(body: Any, policy: Any, twin: Any, /, *args: Any, **kwargs: Any) -> Any:
    leaves, tree = jax.tree.flatten((args, kwargs), is_leaf=is_cell)
    if current_frame() is None and not any(isinstance(leaf, jax.core.Tracer) for leaf in leaves):
        return body(*args, **kwargs)  # nothing is differentiated, so nothing is kept
    traced = [i for i, leaf in enumerate(leaves) if isinstance(leaf, (jax.Array, np.ndarray, Cell))]
    key = raw_key() if current_frame() is None and not under_bare_jit() else None
    last: list[Any] = []

    def pure(given):
        full = list(leaves)
        for i, array in zip(traced, given):
            full[i] = array
        a, k = jax.tree.unflatten(tree, full)
        frame = CapturingFrame(key, numbers_of(body))
        if id(twin) in frame.numbers:
            frame.numbers[id(body)] = frame.numbers[id(twin)]
        with frame.active():
            result = arrays(body(*a, **k))
        last[:] = [frame, frame.changed()]
        return result, [frame.values[cell] for cell in last[1]]

    result, values = jax.checkpoint(pure, policy=policy)([arrays(leaves[i]) for i in traced])
    frame, cells = last
    write_back(cells, values)
    if frame.source is not None:
        frame.source.draws.update(frame.draws)
    return result
