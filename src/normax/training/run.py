"""A fit on its way: blocks of steps, what is checked and told after each, and where it stands."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.binding import retrying
from normax.errors import InputError
from normax.nn.backend import settings
from normax.nn.cells import Cell
from normax.training import checkpoint as files
from normax.training.blocks import BLOCK_SECONDS, held_interrupts
from normax.training.loop import Loop, RowSet, Weakly, learned, shuffled
from normax.training.progress import Report
from normax.training.sources import Batches, Memory, prefetched
from normax.training.update import IDLE_STEPS

__all__ = ["Programs", "Run"]


class Programs:
    """The compiled programs of a loop and of all that equal it; a carry is (state, sums `(epochs, 1 + m)`, validation alike)."""

    def __init__(self, loop: Loop, shuffle: bool):
        self.loop, self.shuffle = loop.bare(), shuffle
        self.memory = jax.jit(self._memory, static_argnums=0, compiler_options=settings())
        self.chunk = jax.jit(self._chunk, static_argnums=0, compiler_options=settings())
        self.sound = jax.jit(lambda carry: jnp.stack([_finite(carry[0].weights), _finite(carry[1])]).all())

    def _memory(self, loop, carry, constants, first, stop, penalties, data, rows, steps, validation, key):
        """Steps `first` to `stop`, pairs of epoch and step in it; `loop` is `Weakly` held."""
        loop = loop()

        def one(number, carry):
            begin = jnp.where(number == first[0], first[1], 0)
            end = jnp.where(number == stop[0], stop[1], steps)
            size = loop.batch_size
            if self.shuffle:
                order = shuffled(rows, key, number, size)
            else:
                order = jnp.pad(rows.rows, (0, -rows.rows.shape[0] % size), mode="edge")
            return self._advance(
                loop, carry, constants, penalties, data, rows, order, key, number, begin, end, steps, validation, end == steps
            )  # fmt: skip

        return jax.lax.fori_loop(first[0], stop[0] + (stop[1] > 0), one, carry)

    def _chunk(
        self,
        loop,
        carry,
        constants,
        number,
        begin,
        end,
        offset,
        idle,
        closing,
        penalties,
        data,
        rows,
        validation,
        key,
    ):
        order = jnp.arange(data.X.shape[0])
        return self._advance(
            loop(), carry, constants, penalties, data, rows, order, key, number, begin, end, idle, validation, closing, offset
        )  # fmt: skip

    def _advance(
        self, loop, carry, constants, penalties, data, rows, order, key, number, begin, end, idle, validation, closing,
        offset=0,
    ):  # fmt: skip
        state, sums, valid = carry

        def step(state, batch):
            return loop.step(state, penalties, constants, batch)

        # On top of the sums so far, so that they do not depend on where a block ends.
        state, totals = loop.steps(
            step, state, data, rows, order, key, number, begin, end, idle, sums[number], offset=offset
        )
        sums = sums.at[number].set(totals)
        if validation is not None:
            weight = validation.weight
            select = jnp.ones((1, len(validation.X))) if weight is None else weight[None]

            def measured():
                return loop.measured(learned(state), state.buffers, constants, validation, select)[0]

            valid = valid.at[number].set(jax.lax.cond(closing, measured, lambda: valid[number]))
        return state, sums, valid


def _finite(arrays: Any) -> Any:
    """Whether every number of a pytree is."""
    return jnp.stack([jnp.isfinite(a).all() for a in jax.tree.leaves(arrays)]).all()


class Run:
    """What callbacks see, and what a checkpoint holds.

    Attributes:
        epoch, step: epochs done, and steps done of the next one.
        columns: the names of the history's columns.
    """

    def __init__(
        self, programs: Programs, loop: Loop, source: Any, epochs: int, penalties: Any, validation: Any, key: Any,
        names: list[str], callbacks: list[Any], report: Report,
        checkpoint: files.Checkpoint | None = None, facts: dict[str, Any] | None = None,
    ):  # fmt: skip
        self.programs, self.loop, self.source, self.epochs = programs, loop, source, epochs
        self.penalties, self.validation, self.key = penalties, validation, key
        self.callbacks, self.report, self.checkpoint, self.facts = callbacks, report, checkpoint, facts or {}
        self.epoch = self.step = 0
        self.first_seconds = 0.0
        self._stopped = False
        self._saved = time.monotonic()
        # What each epoch's sums are divided by: rows times their mean weight.
        self.weights_of_epochs = np.ones(epochs)
        self.names = ["loss", *names]
        held_out = [] if validation is None else [f"validation_{name}" for name in self.names]
        self.columns = ["epoch", *self.names, *held_out]
        blank = jnp.zeros((epochs, len(self.names)))
        self.carry = self.loop.initial(), blank, blank
        self.facts["measures"] = self.columns

    @property
    def net(self) -> Any:
        """The network, with the weights of now."""
        self.loop.keep(self.carry[0])
        return self.loop.net

    @property
    def last(self) -> dict[str, float]:
        """The last row of the history, by column."""
        return self.row(self.epoch - 1)

    def row(self, epoch: int) -> dict[str, float]:
        """One epoch of the history; `epoch` counts from 0."""
        means = np.asarray(self.carry[1])[epoch] / self.weights_of_epochs[epoch]
        values = [*means, *(() if self.validation is None else np.asarray(self.carry[2])[epoch])]
        return {"epoch": epoch + 1} | {n: float(v) for n, v in zip(self.columns[1:], values)}

    def _cells(self) -> dict[str, Cell]:
        binding = self.loop.binding
        return {binding.names[cell]: cell for cell in [*binding.trainable, *binding.buffers]}

    def values(self) -> dict[str, np.ndarray]:
        """Copies of the weights and buffers of now, by path."""
        arrays = [*learned(self.carry[0]), *self.carry[0].buffers]
        return {name: np.array(array) for name, array in zip(self._cells(), arrays)}

    def put(self, values: dict[str, np.ndarray]) -> None:
        """Write what `values` gave into the network."""
        for name, cell in self._cells().items():
            cell.value = jnp.asarray(values[name])

    def train(self) -> None:
        """Go on from where the run stands to its end."""
        for callback in self.callbacks:
            callback.start(self)
        self.restore()
        while self.epoch < self.epochs and not self._stopped:
            if isinstance(self.source, Memory):
                self._in_memory()
            else:
                self._streamed()
        if self.checkpoint is not None:
            self.save()

    def _in_memory(self) -> None:
        """Blocks that grow until one lasts long enough; they end with the epoch where somebody is told of it."""
        data, rows, steps = self.source
        self.weights_of_epochs[:] = rows.n * rows.mean_weight
        size = 1
        at, total = self.epoch * steps + self.step, self.epochs * steps

        def program(carry, first, stop):
            return self._call(
                self.programs.memory, carry, divmod(first, steps), divmod(stop, steps), self.penalties, data,
                rows, steps, self.validation, self.key,
            )  # fmt: skip

        while at < total and not self._stopped:
            stop = min(at + size, total)
            if self.callbacks:
                stop = min(stop, (at // steps + 1) * steps)
            first = self.first_seconds == 0
            spent = self._block(program, at, stop, lambda at: divmod(at, steps))
            if not first:
                size = max(1, min(round((stop - at) * BLOCK_SECONDS / max(spent, 1e-4)), 4 * size))
            at = stop

    def _streamed(self) -> None:
        """One epoch, chunk by chunk."""
        number, done = self.epoch, self.step
        source, weight = self.source, self.source.mean_weight
        chunks = prefetched(source.chunks(self.key, number, self.programs.shuffle))
        try:
            for chunk in chunks:
                if chunk.stop <= done:
                    continue
                rows = RowSet(None, chunk.n, weight)

                def program(carry, first, stop, chunk=chunk, rows=rows):
                    return self._call(
                        self.programs.chunk, carry, number, first, stop, chunk.first, source.steps or IDLE_STEPS,
                        chunk.last and stop == chunk.stop, self.penalties, chunk.data, rows, self.validation, self.key,
                    )  # fmt: skip

                def place(at, chunk=chunk):
                    return (number + 1, 0) if chunk.last and at == chunk.stop else (number, at)

                self.weights_of_epochs[number] = chunk.n * weight
                self._block(program, max(done, chunk.first), chunk.stop, place)
        finally:
            chunks.close()

    def _call(self, program: Any, carry: Any, *args: Any) -> Any:
        loop = self.loop
        held = Weakly(loop)
        return retrying(lambda: program(held, carry, loop.constant_values(), *args), loop.constants)

    def _block(self, program: Any, first: int, stop: int, place: Callable[[int], tuple[int, int]]) -> float:
        """Run steps `first` to `stop`, and tell of it; returns the seconds they took.

        The carry before is kept until the new one is found sound: whatever happens, the run holds whole weights.
        """
        began = time.perf_counter()
        carry = program(self.carry, first, stop)
        if not self.programs.sound(carry):
            self._blame(program, first, stop, place)
        spent = time.perf_counter() - began
        before = self.epoch
        with held_interrupts():  # what is trained and where it stands change together
            self.carry, (self.epoch, self.step) = carry, place(stop)
        self.first_seconds = self.first_seconds or spent
        self._tell()
        if self.epoch > before and self.callbacks:
            answers = [callback(self) for callback in self.callbacks]  # all are told, whoever stops
            self._stopped = any(answers)
        if self.checkpoint is not None and time.monotonic() - self._saved >= self.checkpoint.every:
            self.save()
        return spent

    def _blame(self, program: Any, first: int, stop: int, place: Any) -> None:
        """Find the step that went bad by halving, keep what was before it, and raise."""
        good = self.carry
        while stop - first > 1:
            middle = (first + stop) // 2
            carry = program(good, first, middle)
            if self.programs.sound(carry):
                good, first = carry, middle
            else:
                stop = middle
        epoch, step = place(first)
        self.carry, self.epoch, self.step = good, epoch, step
        bad = program(good, first, stop)
        loss = float(np.asarray(bad[1])[epoch, 0])
        names = self.loop.binding.parameter_names
        wrong = [name for name, w in zip(names, bad[0].weights) if not bool(_finite([w]))]
        what = f"the loss became {loss}" if not np.isfinite(loss) else "the weights are no longer finite"
        parameter = f"; the first parameter that went bad: {wrong[0]}" if wrong else ""
        raise InputError(
            f"{what} at step {step + 1} of epoch {epoch + 1}{parameter}; the network holds the weights before that "
            "step. Lower the learning rate, or clip gradients (clip=1.0)"
        )

    def _tell(self) -> None:
        # Asked for lazily: counting zeros costs a pass over the weights.
        self.report(self.epoch + self._share(), self._text)

    def _share(self) -> float:
        steps = self.source.steps
        return self.step / steps if steps else 0.0

    def _text(self) -> str:
        number = self.epoch if self.step else self.epoch - 1
        row = self.row(number)
        if self.step:  # under way: the sums so far
            scale = 1.0 if isinstance(self.source, Batches) else self._share()
            row = {name: row[name] / scale for name in self.names}
        parts = [f"epoch {number + 1} of {self.epochs}"]
        parts += [f"{name} {value:.4g}" for name, value in row.items() if name != "epoch"]
        charged = [w for w, p in zip(learned(self.carry[0]), self.penalties) if p is not None]
        if charged:
            zeros = sum(int((w == 0).sum()) for w in charged)
            parts.append(f"zeros {zeros / sum(w.size for w in charged):.1%}")
        return ", ".join(parts)

    # Checkpoints

    def _tree(self) -> dict[str, Any]:
        binding, state = self.loop.binding, self.carry[0]
        tree = {
            "weights": dict(zip(binding.parameter_names, state.weights)),
            "frozen": {binding.names[cell]: cell._value for cell in binding.frozen},
            "buffers": {binding.names[cell]: b for cell, b in zip(binding.buffers, state.buffers)},
            "optimizer": state.update,
        }
        if state.average is not None:
            tree["average"] = dict(zip(binding.parameter_names, state.average))
        return tree

    def save(self) -> None:
        """Write a checkpoint of now."""
        assert self.checkpoint is not None
        told = {str(i): c.state() for i, c in enumerate(self.callbacks)}
        history = {"sums": self.carry[1], "validation": self.carry[2], "weights": self.weights_of_epochs}
        facts = self.facts | {"epoch": self.epoch, "step": self.step, "stopped": self._stopped}
        files.write(
            self.checkpoint.file, {"state": self._tree(), "history": history, "callbacks": told, "key": self.key}, facts
        )  # fmt: skip
        self._saved = time.monotonic()

    def resume(self, arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> None:
        """Stand where a checkpoint stood."""
        assert self.checkpoint is not None
        file = self.checkpoint.file
        changed = [
            f"{name}: {facts.get(name)!r} there, {value!r} here"
            for name, value in self.facts.items()
            if facts.get(name) != value
        ]
        if changed:
            raise InputError(
                f"{file} is of another fit: {'; '.join(changed)}; name another file, or resume=False"
            )
        inner = {n.removeprefix("state/"): a for n, a in arrays.items() if n.startswith("state/")}
        tree = files.fill(file, self._tree(), inner)
        done = facts["epoch"] + (facts["step"] > 0)
        if done > self.epochs:
            raise InputError(f"{file}: {done} epochs were begun there, more than epochs={self.epochs}")
        told = [arrays[f"history/{name}"] for name in ("sums", "validation", "weights")]
        here: list[Any] = [*self.carry[1:], self.weights_of_epochs]
        fits = [a.shape[1:] == b.shape[1:] and a.shape[:1] >= (done,) for a, b in zip(told, here)]
        if min(facts["epoch"], facts["step"]) < 0 or not all(fits):
            raise InputError(f"{file}: damaged: its history is not of {done} epochs")
        binding = self.loop.binding
        average = tree.get("average")
        state = self.carry[0]._replace(
            weights=[tree["weights"][name] for name in binding.parameter_names],
            buffers=[tree["buffers"][binding.names[cell]] for cell in binding.buffers],
            update=tree["optimizer"],
            average=None if average is None else [average[name] for name in binding.parameter_names],
        )
        for cell in binding.frozen:
            cell.value = tree["frozen"][binding.names[cell]]
        history = [blank.at[:done].set(a[:done]) for blank, a in zip(self.carry[1:], told)]
        self.weights_of_epochs[:done] = told[2][:done]
        self.carry = state, history[0], history[1]
        self.epoch, self.step, self._stopped = facts["epoch"], facts["step"], facts["stopped"]
        self._told = arrays

    _told: dict[str, np.ndarray] | None = None

    def restore(self) -> None:
        """Hand the callbacks what the checkpoint held for them."""
        if self._told is None:
            return
        for i, callback in enumerate(self.callbacks):
            start = f"callbacks/{i}/"
            held = {n.removeprefix(start): a for n, a in self._told.items() if n.startswith(start)}
            if not held:
                continue
            try:
                callback.restore(held)
            except (LookupError, TypeError, ValueError) as error:
                assert self.checkpoint is not None
                raise InputError(
                    f"{self.checkpoint.file}: {type(callback).__name__}, callback {i}, cannot go on from what is there "
                    f"({type(error).__name__}: {error}); give the callbacks of the fit that was begun"
                ) from error
