"""A fit on its way: blocks of steps, what is checked and told after each, and where it stands."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax import distributed
from normax.binding import retrying
from normax.errors import InputError
from normax.nn.cells import Cell
from normax.nn.sharding import gathered, placed
from normax.progress import Report
from normax.training import checkpoint as files
from normax.training.blocks import grown, held_interrupts, noted_interrupts
from normax.training.callbacks import Callback
from normax.training.loop import Data, Epoch, Loop, RowSet, Weakly, learned
from normax.training.programs import Carry, Given, Programs, finite
from normax.training.sources import Batches, Items, Mapped, Memory, prefetched
from normax.training.update import IDLE_STEPS

__all__ = ["Run"]


@dataclass(eq=False, repr=False)
class Run:
    """What callbacks see, and what a checkpoint holds.

    Attributes:
        epoch, step: epochs done, and steps done of the next one.
        main: whether this process writes and speaks: of several that train together, process 0.
        names: what is measured: the loss, then the metrics.
        columns: the names of the history's columns.
    """

    programs: Programs
    loop: Loop
    source: Memory | Mapped | Items | Batches
    epochs: int
    penalties: Any
    validation: Data | None
    key: Any
    names: list[str]
    callbacks: list[Any]
    report: Report
    checkpoint: files.Checkpoint | None

    def __post_init__(self) -> None:
        self.partition = self.loop.partition
        self.together = self.partition is not None and self.partition.together
        self.main = not self.together or distributed.is_main()
        self.callbacks = [c if self.main or not c.main_only else Callback() for c in self.callbacks]
        self.epoch = self.step = 0
        self.first_seconds = 0.0
        self._stopped = False
        self._interrupts: list[Any] = []
        self._heard = not self.together  # of an interrupt, by all
        self._saved = time.monotonic()
        self._told: dict[str, np.ndarray] = {}
        # What each epoch's sums are divided by: rows times their mean weight.
        self.weights_of_epochs = np.ones(self.epochs)
        held_out = [] if self.validation is None else [f"validation_{name}" for name in self.names]
        self.columns = ["epoch", *self.names, *held_out]
        blank = jnp.zeros((self.epochs, len(self.names)))
        blank = blank if self.partition is None else self.partition.whole(blank)
        self.carry = Carry(self.loop.initial(), blank, blank)
        # What must be the same to go on from a checkpoint.
        self.facts = {
            "batch_size": self.loop.batch_size,
            "rows": self.source.n,
            "shuffle": self.programs.shuffle,
            "accumulate": self.loop.accumulate,
            "measures": self.columns,
        }

    @property
    def net(self) -> Any:
        """The network, with the weights of now."""
        self.loop.keep(self.carry.state)
        return self.loop.net

    @property
    def last(self) -> dict[str, float]:
        """The last row of the history, by column."""
        return self.row(self.epoch - 1)

    def row(self, epoch: int) -> dict[str, float]:
        """One epoch of the history; `epoch` counts from 0."""
        means = np.asarray(self.carry.sums)[epoch] / self.weights_of_epochs[epoch]
        values = [*means, *(() if self.validation is None else np.asarray(self.carry.held_out)[epoch])]
        return {"epoch": epoch + 1} | {n: float(v) for n, v in zip(self.columns[1:], values)}

    def _cells(self) -> dict[str, Cell]:
        binding = self.loop.binding
        return {binding.names[cell]: cell for cell in [*binding.trainable, *binding.buffers]}

    def values(self) -> dict[str, np.ndarray]:
        """Copies of the weights and buffers of now, by path."""
        arrays = [*learned(self.carry.state), *self.carry.state.buffers]
        return {name: np.array(gathered(array)) for name, array in zip(self._cells(), arrays)}

    def put(self, values: dict[str, np.ndarray]) -> None:
        """Write what `values` gave into the network."""
        for name, cell in self._cells().items():
            cell.value = self._like(cell.value, values[name])

    def _like(self, there: Any, value: Any) -> Any:
        """An array where another lies."""
        return jnp.asarray(value) if self.partition is None else placed(value, there.sharding)

    def train(self) -> None:
        """Go on from where the run stands to its end; whatever happens, the network then holds what was trained."""
        try:
            with self._as_one():
                self._train()
        except KeyboardInterrupt:
            if self.checkpoint is not None and self._heard:
                self.save()
            raise
        finally:
            self.loop.keep(self.carry.state)
            for callback in self.callbacks:
                callback.finish(self)

    @contextlib.contextmanager
    def _as_one(self) -> Iterator[None]:
        """Of several processes: let Ctrl-C wait until all have heard of it, and the others know if this one fails."""
        if not self.together:
            yield
            return
        with distributed.telling("fit"), noted_interrupts(self._interrupts):
            yield

    def _agreed(self, **mine: Any) -> dict[str, Any]:
        """What process 0 thinks, once all are here; an interrupt of one is one of all.

        Raises:
            LostProcess: if one does not come, or has failed.
        """
        if not self.together:
            return mine
        said = distributed.gather(mine | {"interrupted": bool(self._interrupts)}, "fit")
        if any(each.pop("interrupted") for each in said):
            self._heard = True
            raise KeyboardInterrupt
        odd = [i for i, each in enumerate(said) if each.get("chunk") != said[0].get("chunk")]
        if odd:
            raise InputError(
                f"data: the loader of process {odd[0]} gave other numbers of rows or batches than that of process 0 in epoch "
                f"{self.epoch + 1}: {said[odd[0]]['chunk']} and {said[0]['chunk']}, as [batches, rows]; each process "
                "brings as many rows of every batch, DistributedSampler(drop_last=True) sees to it"
            )
        return said[0]

    def _train(self) -> None:
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
        assert isinstance(self.source, Memory)
        rows, steps = self.source.rows, self.source.steps
        self.weights_of_epochs[:] = rows.n * rows.mean_weight
        epoch = Epoch(self.source.data, rows, self.key, steps, None, None, None)
        size = 1
        at, total = self.epoch * steps + self.step, self.epochs * steps

        def program(carry, first, stop):
            return self._call(self.programs.memory, carry, epoch, divmod(first, steps), divmod(stop, steps))

        while at < total and not self._stopped:
            stop = min(at + size, total)
            if self.callbacks:
                stop = min(stop, (at // steps + 1) * steps)
            first = self.first_seconds == 0
            spent = self._block(program, at, stop, lambda at: divmod(at, steps))
            if not first:
                size = grown(size, stop - at, spent)
            at = stop

    def _streamed(self) -> None:
        """One epoch, chunk by chunk."""
        assert not isinstance(self.source, Memory)
        number, done = self.epoch, self.step
        steps, weight = self.source.steps or IDLE_STEPS, self.source.mean_weight
        chunks = prefetched(self.source.chunks(self.key, number, self.programs.shuffle))
        try:
            for chunk in chunks:
                if chunk.stop <= done:
                    continue
                # Of a loader all bring as much; and who waits for its rows is not yet waited for in a collective.
                self._agreed(chunk=[chunk.stop, chunk.n])
                rows = RowSet(None, chunk.n, weight)
                epoch = Epoch(chunk.data, rows, self.key, steps, number, None, chunk.first, chunk.real)
                end = chunk.stop if chunk.last else None

                def program(carry, first, stop, epoch=epoch, end=end):
                    return self._call(self.programs.chunk, carry, epoch, first, stop, stop == end)

                def place(at, end=end):
                    return (number + 1, 0) if at == end else (number, at)

                self.weights_of_epochs[number] = chunk.n * weight
                self._block(program, max(done, chunk.first), chunk.stop, place)
        finally:
            chunks.close()

    def _call(self, program: Any, carry: Carry, *args: Any) -> Carry:
        loop, held = self.loop, Weakly(self.loop)

        def call():
            given = Given(loop.constant_values(), self.penalties, self.validation)
            return program(held, carry, given, *args)

        return retrying(call, loop.constants)

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
        due = self.checkpoint is not None and time.monotonic() - self._saved >= self.checkpoint.every
        agreed = self._agreed(stopped=self._stopped, due=due, spent=spent)
        self._stopped = agreed["stopped"]
        if agreed["due"]:
            self.save()
        return agreed["spent"]

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
        loss = float(np.asarray(bad.sums)[epoch, 0])
        names = self.loop.binding.parameter_names
        wrong = [name for name, w in zip(names, bad.state.weights) if not bool(finite([w]))]
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
        charged = [w for w, p in zip(learned(self.carry.state), self.penalties) if p is not None]
        if charged and not self.together:  # what all compute together is not asked for by one
            zeros = sum(int((w == 0).sum()) for w in charged)
            parts.append(f"zeros {zeros / sum(w.size for w in charged):.1%}")
        return ", ".join(parts)

    # Checkpoints

    def _tree(self) -> dict[str, Any]:
        binding, state = self.loop.binding, self.carry.state
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
        _, sums, held_out = self.carry
        history = {"sums": sums, "validation": held_out, "weights": self.weights_of_epochs}
        tree = {"state": self._tree(), "history": history, "callbacks": told, "key": self.key}
        facts = self.facts | {"epoch": self.epoch, "step": self.step, "stopped": self._stopped}
        tree = jax.tree.map(self._fetched, tree)  # all together
        if self.main:
            files.write(self.checkpoint.file, tree, facts)
        self._saved = time.monotonic()

    def _fetched(self, leaf: Any) -> Any:
        """A whole array, one at a time, for process 0 to write."""
        whole = gathered(leaf)
        return np.asarray(whole) if self.main else None

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
        tree = jax.tree.map(self._like, self._tree(), files.fill(file, self._tree(), inner))
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
        state = self.carry.state._replace(
            weights=[tree["weights"][name] for name in binding.parameter_names],
            buffers=[tree["buffers"][binding.names[cell]] for cell in binding.buffers],
            update=tree["optimizer"],
            average=None if average is None else [average[name] for name in binding.parameter_names],
        )
        for cell in binding.frozen:
            cell.value = tree["frozen"][binding.names[cell]]
        history = [self._like(b, np.concatenate([a[:done], b[done:]])) for b, a in zip(self.carry[1:], told)]
        self.weights_of_epochs[:done] = told[2][:done]
        self.carry = Carry(state, *history)
        self.epoch, self.step, self._stopped = facts["epoch"], facts["step"], facts["stopped"]
        self._told = arrays

    def restore(self) -> None:
        """Hand the callbacks what the checkpoint held for them."""
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
