"""Gradients with respect to cells: within a frame, and compiled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from normax.binding.compiled import Compiled
from normax.binding.crossing import say_crossing
from normax.errors import InputError
from normax.nn.cells import Cell, as_array
from normax.nn.frames import Frame
from normax.nn.module import Module

__all__ = ["check_scalar", "grad_in_frame", "value_and_grad"]


class value_and_grad(Compiled):
    """`(loss, {name: gradient})` of a loss of the network, compiled.

    Args:
        net: the module; frozen parameters get no gradient.
        loss_fn: `loss_fn(net, *batch) -> scalar`. Penalties are not added: `nx.penalty(net)` is.
        has_aux: `loss_fn` returns `(scalar, anything)`, and so does the first entry of the result.

    Returns:
        A function of the batch.

    Raises:
        InputError: if the loss is not a scalar.

    Example:
        >>> import numpy as np
        >>> import normax as nx
        >>> net = nx.nn.Linear(3, 1)
        >>> loss_fn = lambda net, x, y: ((net(x) - y) ** 2).mean()
        >>> x, y = np.ones((4, 3), "float32"), np.zeros((4, 1), "float32")
        >>> loss, grads = nx.value_and_grad(net, loss_fn)(x, y)
        >>> sorted(grads)
        ['bias', 'weight']
    """

    def __init__(self, net: Module, loss_fn: Callable[..., Any], has_aux: bool = False):
        super().__init__(net)
        self.loss_fn, self.has_aux = loss_fn, has_aux
        self._traced = self._told = False

    def __call__(self, *batch: Any) -> Any:
        program = self._program()
        result = program(*batch)
        if self._traced:
            self._told = self._told or say_crossing("loss_fn", program.crossing(batch), 2)
            self._traced = False
        return result

    def _body(self, binding, static):
        def body(frame, *batch):
            self._traced = True

            def objective():
                loss = self.loss_fn(self.net, *batch)
                return loss if self.has_aux else (loss, None)

            (loss, aux), grads = grad_in_frame(frame, binding.trainable, objective, moving=True)
            return (loss, aux) if self.has_aux else loss, dict(zip(binding.parameter_names, grads))

        return body


def check_scalar(loss: Any) -> Any:
    """What a loss function returns, a tensor as its array; refused where it is no scalar."""
    if loss is None or isinstance(loss, (tuple, list, dict)):
        hint = "does it end in `return`?" if loss is None else "return the loss alone"
        raise InputError(f"loss_fn: expected a scalar, got {type(loss).__name__}; {hint}")
    if np.shape(loss) != ():
        raise InputError(f"loss_fn: expected a scalar, got shape {np.shape(loss)}; reduce it: `loss.mean()`")
    return as_array(loss)


def grad_in_frame(
    frame: Frame, cells: Sequence[Cell], objective: Callable[[], tuple[Any, Any]], moving: bool = False
) -> Any:
    """`((loss, aux), gradients)` of `objective() -> (loss, aux)` with respect to cells of the active frame.

    What the objective writes to other cells, and where `moving` by `Cell.move` to these, leaves the differentiated
    trace as auxiliary outputs.
    """
    before, assigned = dict(frame.values), frame.root().assigned
    changed: list[Cell] = []

    def pure(values):
        frame.values.update(zip(cells, values))
        frame.root().assigned = dict(assigned)  # what is assigned within lives and dies there
        loss, aux = objective()
        loss = check_scalar(loss)
        own, moved = set(cells), frame.root().moved
        changed[:] = [
            c
            for c, v in frame.values.items()
            if c in before and (c in moved or c not in own) and v is not before[c]
        ]
        wrong = [frame.names.get(c, "of another module") for c in changed if c in own]
        if wrong and not moving:
            raise InputError(
                f"{', '.join(wrong)}: Embedding(max_norm=...) changes its table while reading it, which a training "
                "step cannot follow; leave it out and constrain the rows, "
                f"`nx.penalize(net, {{{wrong[0]!r}: penalties.MaxNorm(1 / max_norm)}})`"
            )
        return loss, (aux, [frame.values[c] for c in changed])

    inputs = [before[cell] for cell in cells]
    (loss, (aux, state)), grads = jax.value_and_grad(pure, has_aux=True)(inputs)
    frame.root().assigned = assigned
    frame.values.update(before)
    frame.values.update(zip(changed, state))
    return (loss, aux), grads
