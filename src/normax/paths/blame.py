"""Where a lane broke: it is run again by itself, step by step, to the first weights that are not finite."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from normax.paths.lanes import Lanes
from normax.paths.row_sets import TrainingSet
from normax.training.loop import Epoch, shuffled

__all__ = ["Break", "first_break"]


class Break(NamedTuple):
    """The first step after which some weights were not finite, counted from 1, and the names of those."""

    epoch: int
    step: int
    names: list[str]


def first_break(
    lanes: Lanes, setting: dict[str, float], start: tuple[Any, Any], training: TrainingSet, epochs: int
) -> Break | None:
    """Run one lane from its weights and buffers until it breaks; None if, by itself, it does not: another rounding may
    save it."""
    data, rows, key, _ = training
    many = {name: np.array([value]) for name, value in setting.items()}
    stacked = jax.tree.map(lambda a: jnp.asarray(a)[None], start)
    state = jax.tree.map(lambda a: a[0], lanes.begin(many, *stacked))
    size, steps = lanes.loop.batch_size, -(-rows.n // lanes.loop.batch_size)

    @jax.jit
    def run(state, setting, constants, data, rows):
        step = partial(lanes.step(constants), setting)

        def broken(state):
            return jnp.stack([~jnp.isfinite(w).all() for w in state.weights])

        def further(carry):
            done, state = carry
            number, i = divmod(done, steps)
            epoch = Epoch(data, rows, key, steps, number, shuffled(rows, key, number, size))
            state, _ = lanes.loop.steps(step, state, epoch, i, i + 1, jnp.zeros(1))
            return done + 1, state

        done, state = jax.lax.while_loop(
            lambda carry: (carry[0] < epochs * steps) & ~broken(carry[1]).any(), further, (0, state)
        )
        return done, broken(state)

    done, broken = run(state, jax.tree.map(jnp.asarray, setting), lanes.loop.constant_values(), data, rows)
    names = [name for name, bad in zip(lanes.binding.parameter_names, np.asarray(broken)) if bad]
    if not names:
        return None
    epoch, step = divmod(int(done) - 1, steps)
    return Break(epoch + 1, step + 1, names)
