"""train_step: one compiled, donated, flat step of a user's own loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from normax.binding import Binding, Foreign, bind, grad_in_frame, retrying, written
from normax.errors import InputError
from normax.nn.module import Module
from normax.nn.random import raw_key
from normax.training.packing import Packing, check_alike
from normax.training.update import Update, smooth_part

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
        optimizer: an optax transformation.
        prox_step: step of the prox where the optimiser's own cannot be read (Lion, LAMB, ...): a number or
            a function of the number of steps done.
        packing: whether weights of at most 8192 elements travel as one vector per dtype, which the optimiser
            sees in their stead: faster for deep nets of narrow layers, and the same numbers. Only where
            the update is one elementwise formula for all weights; those with a non-smooth penalty stay apart.

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
    ):
        self.net, self.loss_fn, self.optimizer, self.prox_step = net, loss_fn, optimizer, prox_step
        binding = bind(net)
        self.cells = binding.trainable
        if not self.cells:
            raise InputError(f"{type(net).__name__} has no trainable parameter")
        penalties = [cell.penalty for cell in self.cells]
        self._packing = Packing(self.cells, binding.parameter_names, penalties, packing)
        if self._packing.groups:
            check_alike(optimizer, binding.parameter_names, [cell.value for cell in self.cells])
        self._owned: list[Any] = [None] * len(self._packing.names)
        self._programs: dict[Any, _StepProgram] = {}
        self._last: tuple[Any, Any] = (None, None)
        leaves, self._tree = jax.tree.flatten(self._update(binding).init(self._packing.leaves()))
        self._state = [jnp.array(leaf, copy=True) for leaf in leaves]

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
        program = self._program()
        weights = self._packing.leaves()
        for i, (value, owned) in enumerate(zip(weights, self._owned)):
            if value is not owned:  # somebody else's array must survive the donation
                weights[i] = jnp.array(value, copy=True)
        done: list[Any] = []
        try:
            program.run(done, weights, self._state, batch)
        finally:
            if done:
                loss, self._owned, self._state, changes = done[0]
                self._packing.keep(self._owned)
                for i, value in changes.items():
                    program.others[i].value = value
        return loss


class _StepProgram:
    """The compiled step for one signature of the network and one set of kinds of penalties."""

    def __init__(self, step: train_step, binding: Binding, update: Update):
        self.others = [*binding.frozen, *binding.buffers]
        self.foreign = Foreign()
        self._update, self._steepest = update, step._packing.steepest
        self._charged: Any = None
        self.penalties: Any = None
        cells = binding.trainable

        packing = step._packing

        def program(weights, state, others, penalties, key, batch):
            outside = list(self.others)
            values = packing.unpack(weights)
            frame = binding.frame(dict(zip([*cells, *outside], [*values, *others])), key)

            def objective():
                loss = step.loss_fn(step.net, *batch)
                return loss + smooth_part(penalties, [cell.value for cell in cells]), loss

            with frame.active():
                (_, loss), gradients = grad_in_frame(frame, cells, objective)
            self.foreign.note(frame)
            state = jax.tree.unflatten(step._tree, state)
            new, state = update(packing.pack(gradients), state, weights, packing.select(penalties))
            return loss, new, jax.tree.leaves(state), written(frame, outside, others)

        self.compiled = jax.jit(program, donate_argnums=(0, 1))

    def charge(self, penalties: list[Any]) -> None:
        """Take the penalties of the next steps: same kinds, perhaps other strengths."""
        if penalties != self._charged:
            self._update.check_curvature(self._steepest(penalties))
            self._charged, self.penalties = penalties, jax.tree.map(jnp.asarray, penalties)

    def run(self, done: list[Any], weights: list[Any], state: list[Any], batch: tuple) -> None:
        """Append the results of one step to `done`.

        map and extend run in C: an interrupt between the call and the keeping of its results would leave the
        cells with donated arrays.
        """

        def call():
            others = [cell._value for cell in self.others]
            inputs = weights, state, others, self.penalties, raw_key(), batch
            done.extend(map(self.compiled, *([item] for item in inputs)))

        retrying(call, self.others)
