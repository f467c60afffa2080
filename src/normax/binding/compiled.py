"""Compiled calls of a module, whose programs are kept by signature: cells, training flags, requires_grad and plain
attributes, so that `train()`/`eval()` never compiles twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax

from normax.binding.binding import Binding, bind
from normax.binding.program import Program
from normax.binding.signature import architecture
from normax.nn.cells import Cell
from normax.nn.module import Module

__all__ = ["Compiled", "jit"]


class Compiled:
    """Programs of one net by signature; base of `jit` and `value_and_grad`."""

    def __init__(self, net: Module):
        bind(net)
        self.net = net
        self._programs: dict[Any, Program] = {}
        self._last: tuple[Any, Any, Any] = (None, None, None)

    def _program(self, static: Any = None) -> Program:
        binding = bind(self.net)
        last_binding, last_static, program = self._last
        if last_binding is not binding or last_static != static or not program.foreign.is_current():
            key = (binding.signature, static)
            program = self._programs.get(key)
            if program is None or not program.foreign.is_current():
                program = self._programs[key] = Program(
                    binding, self._body(binding, static), self._kind(static)
                )
            self._last = (binding, static, program)
        return program

    def _kind(self, static: Any) -> Any:
        """What programs of other networks must equal for theirs to serve; None: they never do."""
        return None

    def _body(self, binding: Binding, static: Any) -> Callable[..., Any]:
        raise NotImplementedError


class jit(Compiled):
    """The compiled forward of a module: `nx.jit(net)(x)` equals `net(x)`.

    It sees every later change of the weights, of the mode and of the structure; buffers that the forward
    writes (batch norm) are carried; dropout draws anew at each call. Arguments are arrays or pytrees of
    them; booleans and strings are static.

    Args:
        net: the module.

    Raises:
        InputError: if `net` is no Module, or its forward writes to a parameter, or lets what an earlier call left in
            a plain attribute bear on an output. Changes of plain attributes are dropped after the call.

    Example:
        >>> import numpy as np
        >>> import normax as nx
        >>> net = nx.nn.Linear(3, 2)
        >>> nx.jit(net)(np.ones((4, 3), "float32")).shape
        (4, 2)
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        leaves, tree = jax.tree.flatten((args, kwargs), is_leaf=lambda leaf: isinstance(leaf, Cell))
        static = tree, tuple(leaf if isinstance(leaf, (bool, str)) else _ARRAY for leaf in leaves)
        arrays = [leaf for leaf in leaves if not isinstance(leaf, (bool, str))]
        return self._program(static)([leaf.value if isinstance(leaf, Cell) else leaf for leaf in arrays])

    def _kind(self, static):
        return type(self), architecture(self.net), static

    def _body(self, binding, static):
        tree, marks = static

        def body(frame, arrays):
            rest = iter(arrays)
            args, kwargs = jax.tree.unflatten(tree, [next(rest) if m is _ARRAY else m for m in marks])
            return self.net(*args, **kwargs)

        return body


_ARRAY = object()  # the place of an array among static arguments
