"""All lanes of one row set, chunk by chunk; a chunk is read from the checkpoint, or a job for a worker."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, NamedTuple

import jax
import numpy as np

from normax.paths.checkpoint import Part
from normax.paths.folded import Split
from normax.paths.row_sets import ScoringSet, TrainingSet
from normax.paths.setup import PathSetup
from normax.paths.stopping import watched_training

__all__ = ["Fitted", "Fitting"]


class Fitted(NamedTuple):
    """What a row set gave: its rows with what they taught, and a part with all lanes, seed by seed, the strengths
    in the order of the grid and then the lane without penalty, if there is one. Folds leave their X behind."""

    split: Split
    part: Part


class Fitting:
    """One row set on its way.

    Args:
        setup: of the path.
        number: of the row set.
        name: a number by which the checkpoint knows these lanes of it.
        split: makes its rows; called when the first chunk is trained.
        strengths, seeds: of its lanes.
        limits: epochs that each lane trains, where early stopping has found them; None watches instead.
    """

    def __init__(
        self,
        setup: PathSetup,
        number: int,
        name: int,
        split: Callable[[], Split],
        strengths: np.ndarray,
        seeds: int,
        limits: np.ndarray | None,
    ):
        self.setup, self.number, self.name, self.limits = setup, number, name, limits
        self.settings, _ = setup.lineup.table(strengths, seeds)
        self.plan, self.per_seed = setup.lineup.chunks(strengths, seeds), setup.lineup.per_seed(strengths)
        self._make = split
        self._split: Split | None = None
        self._prepared: tuple[TrainingSet, ScoringSet] | None = None
        self._left = 0
        self.parts: dict[int, Part] = {}
        for c, chunk in enumerate(self.plan):
            part = setup.kept.read(name, c, len(chunk.lanes), self.example)
            if part is not None:
                self.parts[c] = part

    @property
    def example(self) -> tuple[list[Any], list[Any]]:
        """Weights and buffers of a network."""
        return self.setup.starts[0].weights, self.setup.starts[0].buffers

    @property
    def split(self) -> Split:
        if self._split is None:
            self._split = self._make()
        return self._split

    @property
    def prepared(self) -> tuple[TrainingSet, ScoringSet]:
        if self._prepared is None:
            self._prepared = self.setup.rows.prepared(self.split, self.number, self.limits is None)
        return self._prepared

    def keep(self, c: int, part: Part) -> None:
        self.setup.kept.write(self.name, c, part)
        self.parts[c] = part
        self._left -= 1
        if not self._left:
            self._release()

    def jobs(self, chunks: Iterable[int]) -> list[ChunkJob]:
        """The training of some chunks, all that this process is to train; the data go with the last of them."""
        jobs = [ChunkJob(self, c) for c in chunks]
        self._left = len(jobs)
        return jobs

    def _release(self) -> None:
        self._prepared = None
        if len(self.split.test):
            self._split = replace(self.split, X=self.split.X[:0])

    @property
    def fitted(self) -> Fitted:
        self._release()
        order = np.concatenate([chunk.lanes for chunk in self.plan])
        part = Part.joined([self.parts[c] for c in range(len(self.plan))])
        return Fitted(self.split, part.at(np.argsort(order)))

    def start(self, c: int) -> Any:
        """Stacked weights and buffers for a chunk: a seed's, or those of the lanes that come before."""
        chunk, starts = self.plan[c], self.setup.starts
        if chunk.before is None:
            seeds = chunk.filled // self.per_seed
            source = [(start.weights, start.buffers) for start in starts[: seeds.max() + 1]]
            return jax.tree.map(lambda *arrays: np.stack(arrays)[seeds], *source)
        earlier = self.earlier(c)
        done = np.concatenate([self.plan[i].lanes for i in earlier])
        place = [int(np.flatnonzero(done == lane)[0]) for lane in chunk.before]
        before = Part.joined([self.parts[i] for i in earlier]).at(np.resize(place, chunk.size))
        return before.weights, before.buffers

    def earlier(self, c: int) -> list[int]:
        """The chunks that one begins with the lanes of."""
        return [i for i in range(c) if self.plan[c].follows(self.plan[i])]


class ChunkJob:
    """The training of one chunk of a row set's lanes; see `side_by_side`."""

    def __init__(self, fitting: Fitting, c: int):
        self.fitting, self.c, self.chunk = fitting, c, fitting.plan[c]

    def ready(self) -> bool:
        return all(c in self.fitting.parts for c in self.fitting.earlier(self.c))

    def end(self, result: Part) -> None:
        self.fitting.keep(self.c, result)

    def begin(self) -> Callable[[Callable[[int], None]], Part]:
        fitting, chunk, setup = self.fitting, self.chunk, self.fitting.setup
        split, (training, scored) = fitting.split, fitting.prepared
        chosen = {name: values[chunk.filled] for name, values in fitting.settings.items()}
        start = setup.lanes.begin(chosen, *fitting.start(self.c))
        if training.watch is None:
            train = setup.lanes.training(chosen, start, training, chunk.epochs)
        else:
            limits = None if fitting.limits is None else fitting.limits[chunk.filled]
            train = watched_training(setup.lanes, chosen, start, training, chunk.epochs, limits)
        score = setup.lanes.scoring(chosen, start, scored)
        unit = split.scale ** (1 if setup.loss == "absolute" else 2)

        def work(after: Callable[[int], None]) -> Part:
            trained = train(after)
            errors, outputs = score(trained)
            if outputs is not None:
                outputs = outputs[:, : len(split.test)] * split.scale + split.centre
            weights, buffers = jax.tree.map(np.asarray, (trained.weights, trained.buffers))
            part = Part(weights, buffers, errors * unit, trained.epochs, trained.curves, outputs)
            return part.at(slice(len(chunk.lanes)))

        return work
