"""Lanes: the fits of many strengths on one row set as one leading axis of one compiled program.

Row sets (folds, and all rows) are padded to one length, so that the same program serves them all; so do
the strengths of the pilot that finds the grid. A lane is the fit that `nx.fit` would run alone.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.binding import Binding, bind, retrying
from normax.nn.module import Module
from normax.penalties import Penalty
from normax.training.blocks import Blocks
from normax.training.loop import Data, Loop, RowSet, State
from normax.training.losses import find_loss
from normax.training.recent import Recent
from normax.training.update import Update

__all__ = ["Lanes", "convolves"]

LANES_AT_ONCE = 64
"""Lanes in one vmap: more no longer fit the cache of a core, and 50 beat 250 and 10."""


_programs = Recent()


def convolves(net: Module) -> bool:
    """Whether some module of the tree convolves."""
    return any("Conv" in type(module).__name__ for module in net.modules())


class Lanes:
    """A network and its training, ready to run k strengths on any row set.

    Args:
        net: the module; every lane starts from its present weights unless `start` says otherwise.
        loss: name or per-row function.
        penalty: trainable cell -> penalty at strength 1, which a lane's strength multiplies; penalties that
            sit on the network stay as they are and add.
        optimizer: an optax transformation.
        epochs: passes over a row set.
        batch_size: rows a step.
        sizes: how many rows each row set has, to know whether a last batch is ever short.
        prox_step: see `nx.train_step`.
    """

    def __init__(
        self, net: Module, loss: Any, penalty: dict[Any, Penalty], optimizer: Any, *, epochs: int,
        batch_size: int, sizes: list[int], prox_step: Any = None,
    ):  # fmt: skip
        self.net, self.epochs = net, epochs
        self.binding: Binding = bind(net)
        self.unit = [penalty.get(cell) for cell in self.binding.trainable]
        names = self.binding.parameter_names
        self.update = Update(optimizer, names, self.binding.trainable, self.penalties(0.0), prox_step)
        padded = any(size % batch_size for size in sizes)
        self.loop = Loop(net, self.binding, find_loss(loss), self.update, batch_size, padded)
        # On a CPU a convolution over lanes becomes a grouped one, many times slower than lane after lane.
        self.one_by_one = convolves(net) and jax.default_backend() == "cpu"
        self._train = jax.jit(self._epochs, donate_argnums=0)
        self._measure = jax.jit(self._errors)
        self._outputs = jax.jit(self._held_out)

    @staticmethod
    def of(net: Module, loss: Any, penalty: dict[Any, Penalty], optimizer: Any, **options: Any) -> Lanes:
        """Lanes, with the compiled programs of an earlier call of the same kind where there was one."""
        binding = bind(net)
        charges = tuple((penalty.get(cell), cell.penalty) for cell in binding.trainable)
        padded = any(size % options["batch_size"] for size in options["sizes"])
        rest = (options["epochs"], options["batch_size"], padded, options["prox_step"])
        kind = (binding.signature, charges, loss, optimizer, rest)
        return _programs(kind, lambda: Lanes(net, loss, penalty, optimizer, **options))

    def penalties(self, strength: Any) -> list[Penalty | None]:
        """What each trainable cell is charged at one strength: the path's share and what it carries itself."""
        result: list[Penalty | None] = []
        for cell, unit in zip(self.binding.trainable, self.unit):
            own, path = cell.penalty, None if unit is None else unit.scaled(strength)
            result.append(path if own is None else own if path is None else own + path)
        return result

    def _map(self, function: Any) -> Any:
        """`function` of a lane, over all lanes."""
        if self.one_by_one:
            return lambda *lanes: jax.lax.map(lambda lane: function(*lane), lanes)
        return jax.vmap(function)

    def _epochs(self, state, first, stop, strengths, constants, data, rows, key):
        def run(step, state, lanes):
            def one(number, carry):
                state, losses = carry
                state, loss = self.loop.epoch(step, state, data, rows, key, number, lanes)
                return state, losses.at[..., number].set(loss)

            return jax.lax.fori_loop(first, stop, one, (state, jnp.zeros((*lanes, self.epochs))))

        def step_at(strength, state, batch):
            return self.loop.step(state, self.penalties(strength), constants, batch)

        if self.one_by_one:
            lane = lambda state, strength: run(partial(step_at, strength), state, ())  # noqa: E731
            return self._map(lane)(state, strengths)
        over_lanes = jax.vmap(step_at, in_axes=(0, 0, None))
        return run(partial(over_lanes, strengths), state, strengths.shape)

    def _errors(self, state, constants, data, selections):
        def lane(weights, buffers):
            return self.loop.errors(weights, buffers, constants, data, selections)

        return self._map(lane)(state.weights, state.buffers)

    def _held_out(self, state, constants, X):
        return self._map(lambda w, b: self.loop.outputs(w, b, constants, X))(state.weights, state.buffers)

    def run(
        self,
        strengths: Any,
        data: Data,
        rows: RowSet,
        key: Any,
        start: State | None = None,
        after: Any = None,
    ):
        """Train every strength on a row set; returns the stacked state and the losses `(k, epochs)`."""
        self.update.check_curvature(self.penalties(float(max(strengths))))
        start = self.loop.initial() if start is None else start
        parts, losses = [], []
        size = -(-len(strengths) // -(-len(strengths) // LANES_AT_ONCE))
        for at in range(0, len(strengths), size):
            chosen = jnp.asarray(np.resize(strengths[at : at + size], size))
            state = jax.tree.map(lambda a: jnp.repeat(a[None], size, axis=0), start)

            def program(state, first, stop, chosen=chosen):
                def call():
                    constants = self.loop.constant_values()
                    return self._train(state, first, stop, chosen, constants, data, rows, key)

                return retrying(call, self.loop.constants)

            blocks = Blocks(program, state)
            blocks.run(self.epochs, partial(_tell, after, at * self.epochs, size))
            parts.append(jax.tree.map(np.asarray, blocks.state))
            losses.append(blocks.losses)
        k = len(strengths)
        stacked = jax.tree.map(lambda *leaves: np.concatenate(leaves)[:k], *parts)
        return stacked, np.concatenate(losses)[:k]

    def printed(self, start: State, data: Data, rows: RowSet, key: Any) -> str:
        """The training of one lane as text: what two runs that are to agree bit for bit have in common."""
        state = jax.tree.map(lambda a: a[None], start)

        def text():
            constants = self.loop.constant_values()
            program = jax.make_jaxpr(self._epochs)
            return str(program(state, 0, 1, jnp.zeros(1), constants, data, rows, key))

        return retrying(text, self.loop.constants)

    def errors(self, state: State, data: Data, selections: Any) -> np.ndarray:
        """`(k, s)` mean losses of each lane over each of s weightings of the rows."""
        return np.asarray(self._measure(state, self.loop.constant_values(), data, selections))

    def outputs(self, state: State, X: Any) -> np.ndarray:
        """`(k, n, ...)` outputs of each lane."""
        return np.asarray(self._outputs(state, self.loop.constant_values(), X))

    def nonzero(self, weights: list[Any]) -> np.ndarray:
        """`(k,)` non-zero entries among the stacked weights that the path penalises."""
        chosen = [w for w, unit in zip(weights, self.unit) if unit is not None]
        return sum(np.count_nonzero(w.reshape(len(w), -1), axis=1) for w in chosen)


def _tell(after: Any, before: int, size: int, done: int) -> None:
    if after is not None:
        after(before + done * size)
