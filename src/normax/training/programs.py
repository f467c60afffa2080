"""The compiled programs of a fit: some steps of one epoch, or of several."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from normax.nn.backend import settings
from normax.training.loop import Data, Epoch, Loop, TrainState, learned, shuffled

__all__ = ["Carry", "Given", "Programs", "finite"]


class Carry(NamedTuple):
    """What a fit moves: the state, and the history so far.

    Attributes:
        sums: `(epochs, 1 + m)` sums of losses and of m metrics, as the batches met them.
        held_out: `(epochs, 1 + m)` means over the rows held out.
    """

    state: TrainState
    sums: Any
    held_out: Any


class Given(NamedTuple):
    """What stays as it is: values of the constants, penalties, and the rows held out."""

    constants: Any
    penalties: Any
    validation: Data | None


class Programs:
    """The compiled programs of a loop and of all that equal it; where `loop` is an argument, it is `Weakly` held."""

    def __init__(self, loop: Loop, shuffle: bool):
        self.loop, self.shuffle = loop.bare(), shuffle
        self.memory = jax.jit(self._memory, static_argnums=0, compiler_options=settings())
        self.chunk = jax.jit(self._chunk, static_argnums=0, compiler_options=settings())
        self.sound = jax.jit(lambda carry: jnp.stack([finite(carry.state.weights), finite(carry.sums)]).all())

    def _memory(self, loop, carry: Carry, given: Given, epoch: Epoch, first, stop):
        """Steps `first` to `stop`, pairs of epoch and step in it, of epochs like this one."""
        loop, rows = loop(), epoch.rows

        def one(number, carry):
            begin = jnp.where(number == first[0], first[1], 0)
            end = jnp.where(number == stop[0], stop[1], epoch.steps)
            size = loop.batch_size
            if self.shuffle:
                order = shuffled(rows, epoch.key, number, size)
            else:
                order = jnp.pad(rows.rows, (0, -rows.rows.shape[0] % size), mode="edge")
            this = epoch._replace(number=number, order=order)
            return self._advance(loop, carry, given, this, begin, end, end == epoch.steps)

        return jax.lax.fori_loop(first[0], stop[0] + (stop[1] > 0), one, carry)

    def _chunk(self, loop, carry: Carry, given: Given, epoch: Epoch, begin, end, closing):
        """Steps `begin` to `end` of an epoch whose rows are read as they come."""
        return self._advance(loop(), carry, given, epoch, begin, end, closing)

    def _advance(self, loop: Loop, carry: Carry, given: Given, epoch: Epoch, begin, end, closing) -> Carry:
        """The carry after some steps of an epoch, `closing` where these end it."""
        state, sums, held_out = carry
        constants, penalties, validation = given

        def step(state, batch):
            return loop.step(state, penalties, constants, batch)

        # On top of the sums so far, so that they do not depend on where a block ends.
        state, totals = loop.steps(step, state, epoch, begin, end, sums[epoch.number])
        sums = sums.at[epoch.number].set(totals)
        if validation is not None:
            weight = validation.weight
            select = jnp.ones((1, len(validation.X))) if weight is None else weight[None]

            def measured():
                return loop.measured(learned(state), state.buffers, constants, validation, select)[0]

            last = jax.lax.cond(closing, measured, lambda: held_out[epoch.number])
            held_out = held_out.at[epoch.number].set(last)
        return Carry(state, sums, held_out)


def finite(arrays: Any) -> Any:
    """Whether every number of a pytree is."""
    return jnp.stack([jnp.isfinite(a).all() for a in jax.tree.leaves(arrays)]).all()
