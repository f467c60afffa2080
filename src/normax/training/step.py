"""train_step: one compiled, donated, flat step of a user's own loop."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from typing import Any, cast

import jax
import jax.numpy as jnp

from normax.binding import (
    Binding,
    Foreign,
    bind,
    check_batch,
    check_scalar,
    grad_in_frame,
    retrying,
    rows_of,
    sides,
    written,
)
from normax.binding.crossing import crossing, say_crossing
from normax.errors import InputError, Notice
from normax.nn.backend import settings
from normax.nn.cells import Buffer, copied
from normax.nn.frames import Frame
from normax.nn.module import Module
from normax.nn.random import raw_key, wrap_key
from normax.training.accumulation import accumulated
from normax.training.alike import check_alike
from normax.training.data import check_arrays, check_counts
from normax.training.groups import grouped
from normax.training.packing import Packing
from normax.training.partition import partition
from normax.training.penalize import untrainable
from normax.training.update import Update, at, smooth_part

__all__ = ["train_step"]


class train_step:
    """A compiled training step: `loss = step(*batch)` moves the weights of the network in place.

    It minimises `loss_fn(net, *batch) + Ω(w)`: the smooth part of the penalties enters the gradient, the
    rest is a prox after the optimiser's update, in the optimiser's own metric, so that zeros are exact.
    Arrays are donated: an array taken out of a cell before a step is gone after it; take `state_dict()`,
    which copies.

    Args:
        net: the module; its penalties are those of `nx.penalize`, and may change between steps.
        loss_fn: `loss_fn(net, *batch) -> scalar`, without penalties.
        optimizer: an optax transformation, an optimiser of `normax.torch.optim`, or the name of one of optax's, such as
            "adam", at learning rate 1e-3.
        prox_step: step of the prox where the optimiser's own cannot be read (Lion, LAMB, ...): a number or
            a function of the number of steps done.
        packing: whether weights of at most 8192 elements travel as one vector per dtype, which the optimiser
            sees in their stead: faster for deep nets of narrow layers, and the same numbers. Only where
            the update is one elementwise formula for all weights; those with a non-smooth penalty stay apart.
        accumulate: parts in which each batch is gone through, to save memory: arrays are split along their first
            axis, which it must divide, and the gradients of the parts' losses are averaged. That is the large
            batch's where `loss_fn` is a mean over rows; batch norm sees the parts one by one, as in PyTorch.
        clip: largest norm of the gradient of all weights together; shorthand for
            `optax.chain(optax.clip_by_global_norm(clip), optimizer)`. The prox keeps the unclipped step: while
            clipping bites, data count for less against a non-smooth penalty; the minimum stays where it is.
        rates: pattern, or predicate `f(name, parameter)`, -> factor on the learning rate (0 leaves alone what
            `requires_grad=False` would not even differentiate); the prox and decoupled decay scale with it.
        mesh, shard: devices that train together, and parameters that are cut over them, as of `nx.fit`; None: where the
            network lies. Batches are cut by rows over the axis "data". In a run of several processes each gives its own
            rows of every batch, as many as the others.

    Returns:
        The data loss of the batch before the step, without Ω.

    Raises:
        InputError: for an optimiser that does not admit a prox under a non-smooth penalty, for an L2
            strength that diverges, for a network whose trainable parameters changed since,
            for `packing` with an optimiser that looks across elements or weights (clipping by norm, masks,
            LAMB, LARS, Adafactor, Muon, noise).

    Example:
        >>> import numpy as np, optax
        >>> import normax as nx
        >>> nx.manual_seed(0)
        >>> net = nx.penalize(nx.nn.Linear(3, 1), nx.penalties.L1(0.1))
        >>> step = nx.train_step(net, lambda net, x, y: ((net(x) - y) ** 2).mean() / 2, optax.sgd(0.1))
        >>> x = np.random.default_rng(0).normal(size=(50, 3)).astype("float32")
        >>> for _ in range(200):
        ...     loss = step(x, 2 * x[:, :1])
        >>> [round(w, 1) for w in net.weight.tolist()[0]]
        [1.9, 0.0, 0.0]
    """

    def __init__(
        self,
        net: Module,
        loss_fn: Callable[..., Any],
        optimizer: Any,
        *,
        prox_step: float | Callable[[Any], Any] | None = None,
        packing: bool = False,
        accumulate: int = 1,
        clip: float | None = None,
        rates: Mapping[Any, float] | None = None,
        mesh: Any = None,
        shard: Any = None,
    ):
        check_counts(accumulate=accumulate)
        if not callable(loss_fn) or isinstance(loss_fn, Module):
            raise InputError(
                f"loss_fn: expected a function (net, *batch) -> scalar, got {loss_fn!r}; write "
                "lambda net, x, y: loss(net(x), y)"
            )
        self.net, self.loss_fn, self.prox_step, self.accumulate = net, loss_fn, prox_step, accumulate
        self.optimizer = grouped(net, optimizer, clip, rates)
        if not bind(net).trainable:
            raise InputError(untrainable(net))
        self.partition = partition(net, mesh, shard)
        if packing and self.partition is not None:
            raise InputError("packing: joins weights on one device; leave it out on a mesh")
        binding = bind(net)
        self.cells = binding.trainable
        penalties = [cell.penalty for cell in self.cells]
        self._packing = Packing(self.cells, binding.parameter_names, penalties, packing)
        if self._packing.groups:
            check_alike(self.optimizer, binding.parameter_names, [cell.value for cell in self.cells])
        self._owned: list[Any] = [None] * len(self._packing.names)
        self._programs: dict[Any, _StepProgram] = {}
        self._last: tuple[Any, Any] = (None, None)
        self.told = self._broken = False
        self._done, self._loss = 0, cast(Any, None)
        weights = self._packing.leaves()
        state = self._update(binding).init(weights)
        if self.partition is not None:
            state = jax.jit(self.partition.update)(state, weights)
        leaves, self._tree = jax.tree.flatten(state)
        self._state = [copied(leaf) for leaf in leaves]

    @property
    def optimizer_state(self) -> Any:
        """The optimiser's state, as optax lays it out."""
        return jax.tree.unflatten(self._tree, self._state)[0]

    def _update(self, binding: Binding) -> Update:
        packing, penalties = self._packing, [cell.penalty for cell in self.cells]
        packing.check_penalties(penalties)
        leaves = packing.leaves()
        return Update(self.optimizer, packing.names, leaves, packing.steepest(penalties), self.prox_step)

    def _program(self) -> _StepProgram:
        binding = bind(self.net)
        last, program = self._last
        if last is not binding or not program.foreign.is_current():
            if [id(c) for c in binding.trainable] != [id(c) for c in self.cells]:
                raise InputError(
                    "the trainable parameters changed since this train_step was made (frozen, freed or "
                    "replaced); make a new one: `step = nx.train_step(net, loss_fn, optimizer)`"
                )
            kinds = tuple(jax.tree.structure(cell.penalty) for cell in self.cells)
            key = (binding.signature, kinds)
            program = self._programs.get(key)
            if program is None or not program.foreign.is_current():
                program = self._programs[key] = _StepProgram(self, binding, self._update(binding))
            program.charge([cell.penalty for cell in self.cells])
            self._last = (binding, program)
        return program

    def __call__(self, *batch: Any) -> jax.Array:
        check_batch(batch)
        program = self._program()
        if self.partition is not None:
            batch = self.partition.batch(batch)
        weights = self._packing.leaves()
        for i, (value, owned) in enumerate(zip(weights, self._owned)):
            if value is not owned:  # somebody else's array must survive the donation
                weights[i] = copied(value)
        done: list[Any] = []
        try:
            program.run(done, weights, self._state, batch)
        except TypeError:
            check_arrays(batch)
            raise
        finally:
            if done:
                loose, self._state, vectors, loss, changes = done[0]
                self._owned = [*loose, *vectors]
                self._packing.keep(self._owned)
                for i, value in changes.items():
                    program.others[i].value = value
        self._done += 1
        if self._done < 16 or not self._done % 64:  # a look costs what a tenth of a small step does
            self._look(loss)
        if program.traced:
            self.told = program.tell(weights, batch, self.told)
        return loss

    def _look(self, loss: jax.Array) -> None:
        """Give notice, once, of a loss that is not finite: of an earlier step, which nothing has to wait for."""
        before, number = self._loss, self._done - 1
        if before is None or before.is_ready():
            self._loss = loss
        if self._broken or before is None or not before.is_ready() or math.isfinite(before):
            return
        self._broken = True
        names = bind(self.net).parameter_names
        lost = [n for n, cell in zip(names, self.cells) if not bool(jnp.isfinite(cell.value).all())]
        what = f", and so are weights now ({', '.join(lost[:3])})" if lost else ""
        warnings.warn(
            f"train_step: the loss was {float(before)} at step {number} or before{what}: a batch holds NaN, inf or "
            "a class or index that there is not, or the learning rate is too high; load weights of before, "
            "`net.load_state_dict(state)`",
            Notice,
            stacklevel=3,
        )


class _StepProgram:
    """The compiled step for one signature of the network and one set of kinds of penalties."""

    def __init__(self, step: train_step, binding: Binding, update: Update):
        self.others = [*binding.frozen, *binding.buffers]
        self.traced = False
        self.foreign = Foreign()
        self._update, self._steepest, self._parts = update, step._packing.steepest, step.accumulate
        self._state = lambda: step._state
        self._charged: Any = None
        self.penalties: Any = None
        cells = binding.trainable

        packing = self.packing = step._packing

        def program(loose, vectors, state, others, penalties, key, batch):
            self.traced = True
            outside, weights = list(self.others), [*loose, *vectors]
            values = packing.unpack(weights)
            frame = binding.frame(dict(zip([*cells, *outside], [*values, *others])), key)

            state = jax.tree.unflatten(step._tree, state)
            charged = at(penalties, state[1])

            def objective(batch):
                loss = check_scalar(step.loss_fn(step.net, *batch))
                smooth = smooth_part(charged, [cell.value for cell in cells]) if step.accumulate == 1 else 0
                return loss + smooth, loss

            def gradients_of(batch):
                (_, loss), gradients = grad_in_frame(frame, cells, lambda: objective(batch))
                return loss, gradients

            with frame.active():
                if step.accumulate == 1:
                    loss, gradients = gradients_of(batch)
                else:
                    loss, gradients = _in_parts(gradients_of, frame, outside, values, batch, step.accumulate)
                    smooth = jax.grad(lambda values: smooth_part(charged, values))(values)
                    gradients = jax.tree.map(jnp.add, gradients, smooth)
            self.foreign.note(frame)
            new, state = update(packing.pack(gradients), state, weights, packing.select(penalties))
            if step.partition is not None:
                new, state = step.partition.weights(new), step.partition.update(state, new)
            changes, count = written(frame, outside, others), len(loose)
            # What is donated first, in its order: so is it matched.
            return new[:count], jax.tree.leaves(state), new[count:], loss, changes

        # A donated vector XLA would copy whole: it does not see that the update comes after the last use of a part.
        self.compiled = jax.jit(program, donate_argnums=(0, 2), compiler_options=settings())

    def charge(self, penalties: list[Any]) -> None:
        """Take the penalties of the next steps: same kinds, perhaps other strengths."""
        if penalties != self._charged:
            self._update.check_curvature(self._steepest(penalties))
            self._charged, self.penalties = penalties, jax.tree.map(jnp.asarray, penalties)

    def tell(self, weights: list[Any], batch: tuple, told: bool) -> bool:
        """Give notice, once, of a loss that crosses the batch just traced with itself; the weights' shapes will do."""
        if told:
            self.traced = False
            return True
        shapes = [jax.ShapeDtypeStruct(w.shape, w.dtype) for w in weights]
        loose, others = len(self.packing.loose), [cell._value for cell in self.others]
        state = self._state()
        traced = self.compiled.trace(
            shapes[:loose], shapes[loose:], state, others, self.penalties, raw_key(0), batch
        ).jaxpr.jaxpr
        self.traced = False
        rows = rows_of(batch)
        rows |= {n // self._parts for n in rows}
        return say_crossing("loss_fn", crossing(traced, sides(traced, batch), rows), 3)

    def run(self, done: list[Any], weights: list[Any], state: list[Any], batch: tuple) -> None:
        """Append the results of one step to `done`.

        map and extend run in C: an interrupt between the call and the keeping of its results would leave the
        cells with donated arrays.
        """

        def call():
            others = [cell._value for cell in self.others]
            loose = len(self.packing.loose)
            inputs = weights[:loose], weights[loose:], state, others, self.penalties, raw_key(), batch
            done.extend(map(self.compiled, *([item] for item in inputs)))

        retrying(call, self.others)


def _in_parts(
    gradients_of: Any, frame: Frame, outside: list[Any], weights: list[Any], batch: tuple, k: int
) -> Any:
    """Mean loss and gradients over `k` parts of a batch, one after the other, each with draws of its own."""
    leaves, tree = jax.tree.flatten(batch)
    rows = [jnp.ndim(leaf) > 0 for leaf in leaves]
    odd = [jnp.shape(leaf) for leaf, has in zip(leaves, rows) if has and len(leaf) % k]
    if odd or not any(rows):
        raise InputError(f"accumulate: {k} parts do not divide a batch of shape {odd[0] if odd else ()}")
    parts = [leaf.reshape(k, -1, *leaf.shape[1:]) for leaf, has in zip(leaves, rows) if has]
    key, buffers = wrap_key(frame.key), [cell for cell in outside if isinstance(cell, Buffer)]
    precision = jnp.result_type(float)

    def part(number, arrays, held):
        frame.key, frame.draws = jax.random.key_data(jax.random.fold_in(key, number)), {}
        frame.values.update(zip(buffers, held))
        rest = iter(arrays)
        loss, gradients = gradients_of(
            jax.tree.unflatten(tree, [next(rest) if has else leaf for leaf, has in zip(leaves, rows)])
        )
        return gradients, loss.astype(precision), [frame.values[cell] for cell in buffers]

    blank = [jnp.zeros_like(w) for w in weights], jnp.zeros((), precision)
    sums, total, held = accumulated(part, (*blank, [frame.values[cell] for cell in buffers]), parts)
    frame.values.update(zip(buffers, held))
    return total / k, [g / k for g in sums]
