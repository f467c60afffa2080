"""One path of a network, phase by phase: the grid, every fold, the fit on all rows."""

from __future__ import annotations

import copy
import time as clock
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from normax.errors import InputError
from normax.nn.module import Module
from normax.nn.random import fork, raw_key
from normax.paths.axes import Axes, Settings
from normax.paths.checkpoint import Checkpoint, Part, digest
from normax.paths.fitting import Fitted, Fitting, Prepared
from normax.paths.folded import Problem, Rows, unit_penalty
from normax.paths.lanes import Lanes, Watch
from normax.paths.plan import Chunk, Warm, chunks
from normax.paths.stopping import Stopping
from normax.paths.workers import side_by_side
from normax.penalties import Penalty
from normax.training.data import check_data
from normax.training.loop import Data, RowSet, TrainState
from normax.training.penalize import resolve
from normax.training.preparation import prepare_data
from normax.training.update import short_of

__all__ = ["Run", "Schedule", "charges"]


class Schedule(NamedTuple):
    """How long and from where lanes train."""

    epochs: int
    batch_size: int
    warm: Warm | None = None
    stopping: Stopping | None = None

    @property
    def shortest(self) -> int:
        """Fewest epochs that a lane trains."""
        return self.epochs if self.warm is None else min(self.epochs, self.warm.epochs)

    @property
    def longest(self) -> int:
        """Most epochs that a lane trains."""
        return self.epochs if self.warm is None else max(self.epochs, self.warm.epochs)


def charges(net: Module, penalty: Any) -> tuple[dict[Any, Penalty], Penalty]:
    """Trainable cell -> penalty at strength 1, and the first of the penalties, which speaks for them in a report."""
    specification: Any
    if isinstance(penalty, Mapping):
        specification = {name: None if p is None else unit_penalty(p) for name, p in penalty.items()}
        unit = next((p for p in specification.values() if p is not None), None)
    else:
        specification = unit = unit_penalty(penalty)
    charged = {c: p for c, p in resolve(net, specification).items() if p is not None and c.requires_grad}
    if not charged or unit is None:
        raise InputError(
            f"penalty: no trainable weight of {type(net).__name__} is penalised, so a path has nothing to vary"
        )
    return charged, unit


class Run:
    """A network, its problem and its lanes, ready to fit row sets.

    Args:
        net: the module.
        problem: data, folds, preprocessing.
        loss: a name or a per-row function.
        charged: what `charges` gave.
        axes: what varies beside the strength.
        optimizer, prox_step: see `nx.train_step`.
        schedule: epochs, batches, warm starts, early stopping.
        seeds: starting points.
        report: called as `(phase, done, total)`.

    Attributes:
        baseline: whether a lane without penalty follows those of the grid.
    """

    def __init__(
        self, net: Module, problem: Problem, loss: Any, charged: dict[Any, Penalty], axes: Axes, optimizer: Any,
        schedule: Schedule, seeds: int, prox_step: Any, report: Any,
    ):  # fmt: skip
        self.net, self.problem, self.loss, self.axes = net, problem, loss, axes
        self.schedule, self.seeds, self.report = schedule, seeds, report
        self.seconds: dict[str, float] = {}
        # Without folds nobody asks for the lane without penalty, but warm blocks begin with it.
        self.baseline = bool(problem.folds) or schedule.warm is not None
        self._data: Data | None = None
        self.key, self.whole = raw_key(problem.seed), problem.all_rows()
        self.data(self.whole)  # rows are looked at before anything is made of strengths
        self.parted = {
            number: problem.watched(rows, schedule.stopping.share)
            for number, rows in enumerate([*(train for train, _ in problem.folds), np.arange(len(problem.y))])
            if schedule.stopping is not None
        }
        sizes = [len(train) for train, _ in problem.folds] + [len(problem.y)]
        sizes += [len(train) for train, _ in self.parted.values()]
        batch = min(schedule.batch_size, len(problem.y))
        self.fewest = schedule.shortest * -(-min(sizes) // batch)
        self.lanes = Lanes.of(
            net, loss, charged, optimizer, axes, epochs=schedule.longest, batch_size=batch,
            padded=any(size % batch for size in sizes), prox_step=prox_step,
            few=short_of(schedule.shortest, -(-min(sizes) // batch)),
        )  # fmt: skip

    def path(self, strengths: np.ndarray | int, grid: Any, folder: Any) -> tuple[np.ndarray, list[Fitted]]:
        """Fit every row set; `grid(run, count)` finds the strengths where only their number is given."""
        count = strengths if isinstance(strengths, int) else len(strengths)
        data, row_set = self.data(self.whole), self.row_set(self.whole.train)
        work, _ = self.table(np.ones(count), self.seeds)
        self.per_seed = len(work["strength"]) // self.seeds
        self.workers, self.size = self.lanes.at_once
        # Chunks of equal size that occupy all workers, the fit on all rows from one seed included.
        longest = max(chunk.size for chunk in self.plan(np.arange(count) + 1.0, 1))
        self.size = self.lanes.whole(-(-longest // self.workers))
        kept = Checkpoint(folder, {} if folder is None else self.identity(strengths, data, row_set))
        folds = max(len(self.problem.folds), 1)
        self.starts = self.starting_points()
        many = {name: np.tile(values, folds) for name, values in work.items()}
        way = self.lanes.settle_way(many, self.starts[0], data, row_set, self.key, kept.way)
        if kept.strengths is not None:
            strengths = kept.strengths
        elif isinstance(strengths, int):
            strengths = grid(self, strengths)
        assert isinstance(strengths, np.ndarray)
        self.lanes.check(self.axes.settings(strengths))
        kept.begin(strengths, way)
        return strengths, self.row_sets(strengths, kept)

    def row_sets(self, strengths: np.ndarray, kept: Checkpoint) -> list[Fitted]:
        folds, stopping, fitted, limits = self.problem.folds, self.schedule.stopping, [], None
        number, whole = len(folds), (lambda: self.whole)
        if folds:
            makers = [partial(self.problem.rows, train, test) for train, test in folds]
            fitted = self.fit(strengths, dict(enumerate(makers)), self.seeds, None, "folds", kept)
            if stopping is not None:
                limits = self.median_epochs([fit.part for fit in fitted], len(strengths))
        elif stopping is not None:  # all rows tell the number of epochs themselves
            chosen = self.fit(strengths, {0: whole}, self.seeds, None, "choosing the epochs", kept)
            limits, number = self.median_epochs([chosen[0].part], len(strengths)), 1
        return fitted + self.fit(strengths, {number: whole}, 1, limits, "fit on all rows", kept)

    def median_epochs(self, parts: list[Part], count: int) -> np.ndarray:
        """What the folds and seeds chose in the middle, for each lane of the fit on all rows."""
        each = np.concatenate([part.epochs.reshape(self.seeds, -1) for part in parts])
        return np.floor(np.median(each, axis=0) + 0.5).astype(np.int32)

    def table(self, strengths: np.ndarray, seeds: int) -> tuple[Settings, np.ndarray]:
        """The settings of all lanes of a row set, and what sets them apart beside the strength, as a number."""
        grid, plain = self.axes.settings(strengths), self.axes.without_path()
        count = len(grid["strength"])
        others = count // len(strengths)
        kind = np.arange(count) % others
        if self.baseline:
            grid = {name: np.append(grid[name], plain[name]) for name in grid}
            kind = np.append(kind, others if self.axes else 0)
        settings = {name: np.tile(grid[name], seeds) for name in grid}
        return settings, (np.arange(seeds)[:, None] * (others + 1) + kind).ravel()

    def plan(self, strengths: np.ndarray, seeds: int) -> list[Chunk]:
        settings, kinds = self.table(strengths, seeds)
        return chunks(settings["strength"], kinds, self.schedule.epochs, self.size, self.schedule.warm)

    def fit(
        self, strengths: np.ndarray, rows: dict[int, Callable[[], Rows]], seeds: int, limits: np.ndarray | None,
        phase: str, kept: Checkpoint,
    ) -> list[Fitted]:  # fmt: skip
        """All lanes of some row sets, which go by number: read from the checkpoint, or trained."""
        began, (settings, _) = clock.perf_counter(), self.table(strengths, seeds)
        plan = [chunk._replace(size=self.size) for chunk in self.plan(strengths, seeds)]
        fits = [Fitting(self, number, make, settings, plan, limits, kept) for number, make in rows.items()]
        before = sum(fit.plan[c].epochs for fit in fits for c in fit.parts)
        work = len(fits) * sum(chunk.epochs for chunk in plan)
        jobs = [job for fit in fits for job in fit.jobs]
        side_by_side(jobs, self.workers, lambda done: self.report(phase, before + done, work))
        self.seconds[phase] = clock.perf_counter() - began
        return [fit.fitted for fit in fits]

    def prepared(self, rows: Rows, number: int, watching: bool) -> Prepared:
        """A row set on the device."""
        data, train, watch = self.data(rows), rows.train, None
        stopping = self.schedule.stopping
        if stopping is not None and not watching:
            watch = Watch()
        elif stopping is not None:
            train, watched = self.parted[number]
            # Filled up, so that one program serves every fold.
            longest = max(len(some) for _, some in self.parted.values())
            select = np.zeros((1, longest), np.float32)
            select[0, : len(watched)] = self.problem.row_weights(watched)
            chosen = jnp.asarray(np.resize(watched, longest))
            held = Data(data.X[chosen], data.y[chosen])
            watch = Watch(held, jnp.asarray(select), stopping.patience, stopping.margin)
        selections = np.zeros((1 + (len(rows.test) > 0), len(self.problem.y)), np.float32)
        for selection, some in zip(selections, (train, rows.test)):
            selection[some] = self.problem.row_weights(some)
        held_out = None
        if len(rows.test):
            longest = max(len(test) for _, test in self.problem.folds)
            held_out = data.X[np.resize(rows.test, longest)]
        return Prepared(data, self.row_set(train), watch, jax.device_put(selections), held_out)

    def began(self, strengths: np.ndarray, part: Part, lane: int) -> tuple[list[Any], list[Any], int]:
        """Weights and buffers that a lane of a row set started from, and for how many epochs it was to train."""
        plan = self.plan(strengths, len(part.epochs) // self.per_seed)
        chunk = next(chunk for chunk in plan if lane in chunk.lanes)
        if chunk.before is None:
            start = self.starts[lane // self.per_seed]
            return start.weights, start.buffers, chunk.epochs
        before = part.at(chunk.before[np.flatnonzero(chunk.lanes == lane)[0]])
        return before.weights, before.buffers, chunk.epochs

    def data(self, rows: Rows) -> Data:
        """The rows as the network takes them, on the device."""
        problem = self.problem
        if problem.transform is None and not problem.scale_target:  # then they are the same for all
            if self._data is None:
                self._data = Data(
                    *prepare_data(self.net, self.loss, np.asarray(rows.X), problem.y, problem.weight)
                )
            return self._data
        y = problem.y if not problem.scale_target else (problem.y - rows.centre) / rows.scale
        X = rows.X
        if problem.transform is not None:
            X, y, _ = check_data(X, y)
        return Data(*prepare_data(self.net, self.loss, np.asarray(X), y, problem.weight))

    def row_set(self, rows: np.ndarray) -> RowSet:
        """Training rows padded to n, so that one program serves every fold."""
        padded = np.resize(rows, len(self.problem.y)).astype(np.int32)
        return RowSet(jax.device_put(padded), len(rows), float(self.problem.row_weights(rows).mean()))

    def starting_points(self) -> list[TrainState]:
        """Where the lanes begin: the network's own weights, then re-initialised ones."""
        binding = self.lanes.binding
        own = [[cell.value for cell in cells] for cells in (binding.trainable, binding.buffers)]
        starts = [TrainState(own[0], None, own[1])]
        for number in range(1, self.seeds):
            fresh = copy.deepcopy(self.net)
            with fork(self.problem.seed + number):
                for module in fresh.modules():
                    if hasattr(module, "reset_parameters"):
                        module.reset_parameters()
            values = dict(fresh.named_parameters())
            weights = [jnp.array(values[name].value) for name in binding.parameter_names]
            buffers = [jnp.array(buffer.value) for buffer in fresh.buffers()]
            starts.append(TrainState(weights, None, buffers))
        return starts

    def identity(self, strengths: np.ndarray | int, data: Data, row_set: RowSet) -> dict[str, str]:
        """Digests of all that the numbers of this path depend on, for its checkpoint."""
        cells, problem = [*self.net.parameters(), *self.net.buffers()], self.problem
        plain = jax.tree.map(jnp.asarray, self.axes.without_path())
        program = self.lanes.printed(plain, self.lanes.loop.initial(), data, row_set, self.key)
        return {
            "data": digest(np.asarray(problem.X), problem.y, problem.weight),
            "preprocessing": digest(f"{problem.transform} {problem.scale_target}"),
            "folds": digest(*(test for _, test in problem.folds)),
            "strengths": digest(strengths),
            "hyper-parameters": digest(str(self.axes.axes)),
            "seeds": digest(f"{problem.seed} {self.seeds}"),
            "epochs, warm starts or early stopping": digest(str(self.schedule)),
            "starting weights": digest(*(np.asarray(cell.value) for cell in cells)),
            "network, loss, penalty or training": digest(program),
            "devices": digest(f"{self.size} {len(self.lanes.devices)}"),
        }
