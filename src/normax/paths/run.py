"""One path of a network, phase by phase: the grid, every fold, the fit on all rows."""

from __future__ import annotations

import copy
import time as clock
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from normax.errors import InputError
from normax.nn.module import Module
from normax.nn.random import fork, raw_key
from normax.paths.axes import Axes, Settings
from normax.paths.checkpoint import Checkpoint, Part, digest
from normax.paths.lanes import Lanes, Trained, Watch
from normax.paths.plan import Chunk, Warm, chunks
from normax.paths.problem import Problem, Rows, unit_penalty
from normax.paths.stopping import Stopping, train_watched
from normax.penalties import Penalty
from normax.training.data import check_data
from normax.training.fit import prepare_data
from normax.training.loop import Data, RowSet, State
from normax.training.penalize import resolve

__all__ = ["Fitted", "Run", "Schedule", "charges"]


class Schedule(NamedTuple):
    """How long and from where lanes train."""

    epochs: int
    batch_size: int
    warm: Warm | None = None
    stopping: Stopping | None = None

    @property
    def longest(self) -> int:
        """Most epochs that a lane trains."""
        return self.epochs if self.warm is None else max(self.epochs, self.warm.epochs)


class Fitted(NamedTuple):
    """What a row set gave: its rows with what they taught, and a part with all lanes, seed by seed, the strengths
    in the order of the grid and then the lane without penalty. The rows of folds leave their X behind."""

    rows: Rows
    part: Part


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
    """

    def __init__(
        self, net: Module, problem: Problem, loss: Any, charged: dict[Any, Penalty], axes: Axes, optimizer: Any,
        schedule: Schedule, seeds: int, prox_step: Any, report: Any,
    ):  # fmt: skip
        self.net, self.problem, self.loss, self.axes = net, problem, loss, axes
        self.schedule, self.seeds, self.report = schedule, seeds, report
        self.seconds: dict[str, float] = {}
        self.key, self.whole = raw_key(problem.seed), problem.all_rows()
        self.parted = {
            number: problem.watched(rows, schedule.stopping.share)
            for number, rows in enumerate([*(train for train, _ in problem.folds), np.arange(len(problem.y))])
            if schedule.stopping is not None
        }
        sizes = [len(train) for train, _ in problem.folds] + [len(problem.y)]
        sizes += [len(train) for train, _ in self.parted.values()]
        batch = min(schedule.batch_size, len(problem.y))
        self.lanes = Lanes.of(
            net, loss, charged, optimizer, axes, epochs=schedule.longest, batch_size=batch,
            padded=any(size % batch for size in sizes), prox_step=prox_step,
        )  # fmt: skip
        # The lanes may be those of an earlier path with other values on its axes.
        self.lanes.axes = axes

    def path(self, strengths: np.ndarray | int, grid: Any, folder: Any) -> tuple[np.ndarray, list[Fitted]]:
        """Fit every row set; `grid(run, count)` finds the strengths where only their number is given."""
        count = strengths if isinstance(strengths, int) else len(strengths)
        data, row_set = self.data(self.whole), self.row_set(self.whole.train)
        self.size = self.lanes.whole(
            max(chunk.size for chunk in self.plan(np.arange(count) + 1.0, self.seeds))
        )
        kept = Checkpoint(folder, {} if folder is None else self.identity(strengths, data, row_set))
        work, _ = self.table(np.ones(count), self.seeds)
        self.per_seed = len(work["strength"]) // self.seeds
        folds = max(len(self.problem.folds), 1)
        self.starts = self.starting_points()
        many = {name: np.tile(values, folds) for name, values in work.items()}
        way = self.lanes.settle_way(many, self.starts[0], data, row_set, self.key, kept.way)
        if self.lanes.one_by_one:  # width brings nothing then
            self.size = self.lanes.whole(min(self.size, self.per_seed))
        if kept.strengths is not None:
            strengths = kept.strengths
        elif isinstance(strengths, int):
            strengths = grid(self, strengths)
        assert isinstance(strengths, np.ndarray)
        self.lanes.check(self.axes.settings(strengths))
        kept.begin(strengths, way)
        return strengths, self.row_sets(strengths, kept)

    def row_sets(self, strengths: np.ndarray, kept: Checkpoint) -> list[Fitted]:
        began, fitted, limits = clock.perf_counter(), [], None
        folds, whole = self.problem.folds, self.whole
        if self.schedule.stopping is not None and not folds:  # all rows tell the number of epochs themselves
            chosen = self.row_set_of(
                strengths, whole, 0, self.seeds, None, "choosing the epochs", (0, 1), kept
            )
            limits = self.median_epochs([chosen], len(strengths))
        for number, (train, test) in enumerate(folds):
            rows = self.problem.rows(train, test)
            part = self.row_set_of(
                strengths, rows, number, self.seeds, None, "folds", (number, len(folds)), kept
            )
            fitted.append(Fitted(replace(rows, X=rows.X[:0]), part))
        if folds:
            self.seconds["folds"] = clock.perf_counter() - began
            if self.schedule.stopping is not None:
                limits = self.median_epochs([fit.part for fit in fitted], len(strengths))
        number = len(folds) + (limits is not None and not folds)
        part = self.row_set_of(strengths, whole, number, 1, limits, "fit on all rows", (0, 1), kept)
        self.seconds["fit on all rows"] = clock.perf_counter() - began - self.seconds.get("folds", 0.0)
        return [*fitted, Fitted(whole, part)]

    def median_epochs(self, parts: list[Part], count: int) -> np.ndarray:
        """What the folds and seeds chose in the middle, for each lane of the fit on all rows."""
        each = np.concatenate([part.epochs.reshape(self.seeds, -1) for part in parts])
        return np.floor(np.median(each, axis=0) + 0.5).astype(np.int32)

    def table(self, strengths: np.ndarray, seeds: int) -> tuple[Settings, np.ndarray]:
        """The settings of all lanes of a row set, and what sets them apart beside the strength, as a number."""
        grid, plain = self.axes.settings(strengths), self.axes.without_path()
        count = len(grid["strength"])
        others = count // len(strengths)
        settings = {name: np.tile(np.append(grid[name], plain[name]), seeds) for name in grid}
        kind = np.append(np.arange(count) % others, others if self.axes else 0)
        return settings, (np.arange(seeds)[:, None] * (others + 1) + kind).ravel()

    def plan(self, strengths: np.ndarray, seeds: int) -> list[Chunk]:
        settings, kinds = self.table(strengths, seeds)
        most = getattr(self, "size", self.lanes.at_once)
        return chunks(settings["strength"], kinds, self.schedule.epochs, most, self.schedule.warm)

    def row_set_of(
        self, strengths: np.ndarray, rows: Rows, number: int, seeds: int, limits: np.ndarray | None, phase: str,
        place: tuple[int, int], kept: Checkpoint,
    ) -> Part:  # fmt: skip
        """All lanes of a row set, chunk by chunk: read from the checkpoint, or trained."""
        settings, _ = self.table(strengths, seeds)
        plan = [chunk._replace(size=self.size) for chunk in self.plan(strengths, seeds)]
        work = sum(chunk.epochs for chunk in plan)
        parts: list[Part] = []
        prepared: Any = None
        for c, chunk in enumerate(plan):
            part = kept.read(number, c)
            if part is None:
                prepared = prepared or self.prepared(rows, number, limits is None)
                before = sum(other.epochs for other in plan[:c])

                def after(done, before=before):
                    self.report(phase, place[0] * work + before + done, place[1] * work)

                part = self.chunk(chunk, settings, plan[:c], parts, prepared, limits, after)
                kept.write(number, c, part)
            parts.append(part)
        order = np.concatenate([chunk.lanes for chunk in plan])
        return Part.joined(parts).at(np.argsort(order))

    def prepared(self, rows: Rows, number: int, watching: bool) -> tuple[Any, ...]:
        """Data, training rows, what is watched, the rows that errors are measured on, and what scales them."""
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
        return rows, data, self.row_set(train), watch, jnp.asarray(selections)

    def chunk(
        self, chunk: Chunk, settings: Settings, earlier: list[Chunk], parts: list[Part], prepared: tuple,
        limits: np.ndarray | None, after: Any,
    ) -> Part:  # fmt: skip
        rows, data, row_set, watch, selections = prepared
        filled = chunk.filled
        chosen = {name: values[filled] for name, values in settings.items()}
        if chunk.before is None:
            seeds = filled // self.per_seed
            source = [(start.weights, start.buffers) for start in self.starts[: seeds.max() + 1]]
            stacked = jax.tree.map(lambda *arrays: jnp.stack(arrays)[seeds], *source)
        else:
            done = np.concatenate([other.lanes for other in earlier])
            place = [int(np.flatnonzero(done == lane)[0]) for lane in chunk.before]
            before = Part.joined(parts).at(np.resize(place, chunk.size))
            stacked = before.weights, before.buffers
        start = self.lanes.begin(chosen, *stacked)
        if watch is None:
            trained = self.lanes.train(chosen, start, data, row_set, self.key, chunk.epochs, after)
        else:
            ends = None if limits is None else limits[filled]
            trained = train_watched(
                self.lanes, chosen, start, data, row_set, self.key, chunk.epochs, watch, ends, after
            )
        return self.measured(chosen, trained, rows, data, selections).at(slice(len(chunk.lanes)))

    def began(self, strengths: np.ndarray, part: Part, lane: int) -> tuple[list[Any], list[Any], int]:
        """Weights and buffers that a lane of a row set started from, and for how many epochs it was to train."""
        plan = self.plan(strengths, len(part.epochs) // self.per_seed)
        chunk = next(chunk for chunk in plan if lane in chunk.lanes)
        if chunk.before is None:
            start = self.starts[lane // self.per_seed]
            return start.weights, start.buffers, chunk.epochs
        before = part.at(chunk.before[np.flatnonzero(chunk.lanes == lane)[0]])
        return before.weights, before.buffers, chunk.epochs

    def measured(self, settings: Settings, trained: Trained, rows: Rows, data: Data, selections: Any) -> Part:
        """The part that trained lanes amount to: their errors and outputs in the units of y."""
        errors = self.lanes.errors(settings, trained, data, selections)
        unit = rows.scale ** (1 if self.loss == "absolute" else 2)
        outputs = None
        if len(rows.test):
            outputs = self.lanes.outputs(settings, trained, data.X[rows.test]) * rows.scale + rows.centre
        return Part(trained.weights, trained.buffers, errors * unit, trained.epochs, trained.curves, outputs)

    def data(self, rows: Rows) -> Data:
        """The rows as the network takes them, on the device."""
        problem = self.problem
        y = problem.y if not problem.scale_target else (problem.y - rows.centre) / rows.scale
        X = rows.X
        if problem.transform is not None:
            X, y, _ = check_data(X, y)
        return Data(*prepare_data(self.net, self.loss, np.asarray(X), y, problem.weight))

    def row_set(self, rows: np.ndarray) -> RowSet:
        """Training rows padded to n, so that one program serves every fold."""
        padded = np.resize(rows, len(self.problem.y)).astype(np.int32)
        return RowSet(jnp.asarray(padded), len(rows), float(self.problem.row_weights(rows).mean()))

    def starting_points(self) -> list[State]:
        """Where the lanes begin: the network's own weights, then re-initialised ones."""
        starts = [self.lanes.loop.initial()]
        for number in range(1, self.seeds):
            fresh = copy.deepcopy(self.net)
            with fork(self.problem.seed + number):
                for module in fresh.modules():
                    if hasattr(module, "reset_parameters"):
                        module.reset_parameters()
            values = dict(fresh.named_parameters())
            weights = [jnp.array(values[name].value) for name in self.lanes.binding.parameter_names]
            buffers = [jnp.array(buffer.value) for buffer in fresh.buffers()]
            starts.append(State(weights, None, buffers))
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
