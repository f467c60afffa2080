"""All lanes of one row set, chunk by chunk; a chunk is read from the checkpoint, or a job for a worker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import numpy as np

from normax.paths.axes import Settings
from normax.paths.checkpoint import Checkpoint, Part
from normax.paths.folded import Rows
from normax.paths.lanes import Watch
from normax.paths.plan import Chunk
from normax.paths.stopping import watched_training
from normax.training.loop import Data, RowSet

if TYPE_CHECKING:
    from normax.paths.setup import Run

__all__ = ["Fitted", "Fitting"]


class Fitted(NamedTuple):
    """What a row set gave: its rows with what they taught, and a part with all lanes, seed by seed, the strengths
    in the order of the grid and then the lane without penalty, if there is one. The rows of folds leave their X behind."""

    rows: Rows
    part: Part


class Prepared(NamedTuple):
    """A row set on the device: data, training rows, what is watched, the rows that errors are measured on, and the
    inputs of the held-out ones, filled up so that one program serves every fold."""

    data: Data
    row_set: RowSet
    watch: Watch | None
    selections: Any
    held_out: Any


class Fitting:
    """One row set on its way.

    Args:
        run: whose lanes these are.
        number: of the row set, by which the checkpoint knows it.
        rows: makes the rows; called when the first chunk is trained.
        settings, plan: of all lanes, and in which chunks they go.
        limits: epochs that each lane trains, where early stopping has found them; None watches instead.
        kept: the checkpoint.
    """

    def __init__(
        self, run: Run, number: int, rows: Callable[[], Rows], settings: Settings, plan: list[Chunk],
        limits: np.ndarray | None, kept: Checkpoint,
    ):  # fmt: skip
        self.run, self.number, self.settings, self.plan = run, number, settings, plan
        self.limits, self.kept, self._make = limits, kept, rows
        self._rows: Rows | None = None
        self._prepared: Prepared | None = None
        self.parts: dict[int, Part] = {}
        start = run.starts[0].weights, run.starts[0].buffers
        for c, chunk in enumerate(plan):
            part = kept.read(number, c, len(chunk.lanes), start)
            if part is not None:
                self.parts[c] = part
        self.jobs = [ChunkJob(self, c) for c in range(len(plan)) if c not in self.parts]

    @property
    def rows(self) -> Rows:
        if self._rows is None:
            self._rows = self._make()
        return self._rows

    @property
    def prepared(self) -> Prepared:
        if self._prepared is None:
            self._prepared = self.run.prepared(self.rows, self.number, self.limits is None)
        return self._prepared

    def keep(self, c: int, part: Part) -> None:
        self.kept.write(self.number, c, part)
        self.parts[c] = part
        if len(self.parts) == len(self.plan):  # the data of a fold go with its last chunk
            self._prepared = None
            if len(self.rows.test):
                self._rows = replace(self.rows, X=self.rows.X[:0])

    @property
    def fitted(self) -> Fitted:
        order = np.concatenate([chunk.lanes for chunk in self.plan])
        part = Part.joined([self.parts[c] for c in range(len(self.plan))])
        return Fitted(self.rows, part.at(np.argsort(order)))


class ChunkJob:
    """The training of one chunk of a row set's lanes; see `side_by_side`."""

    def __init__(self, fitting: Fitting, c: int):
        self.fitting, self.c, self.chunk = fitting, c, fitting.plan[c]

    def ready(self) -> bool:
        return self.chunk.before is None or all(c in self.fitting.parts for c in range(self.c))

    def end(self, result: Part) -> None:
        self.fitting.keep(self.c, result)

    def begin(self) -> Callable[[Callable[[int], None]], Part]:
        fitting, chunk, run = self.fitting, self.chunk, self.fitting.run
        rows, (data, row_set, watch, selections, held_out) = fitting.rows, fitting.prepared
        chosen = {name: values[chunk.filled] for name, values in fitting.settings.items()}
        start = run.lanes.begin(chosen, *self._start())
        if watch is None:
            train = run.lanes.training(chosen, start, data, row_set, run.key, chunk.epochs)
        else:
            limits = None if fitting.limits is None else fitting.limits[chunk.filled]
            train = watched_training(
                run.lanes, chosen, start, data, row_set, run.key, chunk.epochs, watch, limits
            )
        score = run.lanes.scoring(chosen, start, data, selections, held_out)
        unit = rows.scale ** (1 if run.loss == "absolute" else 2)

        def work(after: Callable[[int], None]) -> Part:
            trained = train(after)
            errors, outputs = score(trained)
            if outputs is not None:
                outputs = outputs[:, : len(rows.test)] * rows.scale + rows.centre
            weights, buffers = jax.tree.map(np.asarray, (trained.weights, trained.buffers))
            part = Part(weights, buffers, errors * unit, trained.epochs, trained.curves, outputs)
            return part.at(slice(len(chunk.lanes)))

        return work

    def _start(self) -> Any:
        """Stacked weights and buffers: a seed's, or those of the lanes that come before."""
        run, chunk, plan, parts = self.fitting.run, self.chunk, self.fitting.plan, self.fitting.parts
        if chunk.before is None:
            seeds = chunk.filled // run.per_seed
            source = [(start.weights, start.buffers) for start in run.starts[: seeds.max() + 1]]
            return jax.tree.map(lambda *arrays: np.stack(arrays)[seeds], *source)
        done = np.concatenate([other.lanes for other in plan[: self.c]])
        place = [int(np.flatnonzero(done == lane)[0]) for lane in chunk.before]
        before = Part.joined([parts[c] for c in range(self.c)]).at(np.resize(place, chunk.size))
        return before.weights, before.buffers
