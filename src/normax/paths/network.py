"""nx.path: the cross-validated regularisation path of any module."""

from __future__ import annotations

import copy
import time as clock
import warnings
from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
import optax

from normax import nn
from normax.errors import InputError, Notice
from normax.nn.module import Module
from normax.nn.random import fork, raw_key
from normax.paths.checkpoint import Checkpoint, Part, digest
from normax.paths.ensemble import Fits
from normax.paths.lanes import LANES_AT_ONCE, Lanes
from normax.paths.linear import FAMILY_OF, linear_path
from normax.paths.problem import (
    Problem,
    Progress,
    Rows,
    check_strengths,
    elastic_net_of,
    null_output,
    unit_penalty,
)
from normax.paths.result import Path
from normax.penalties import L1
from normax.selection import strength_grid, summarise
from normax.training.data import check_data
from normax.training.fit import check_counts, prepare_data
from normax.training.loop import Data, RowSet, State
from normax.training.losses import find_loss
from normax.training.penalize import resolve

__all__ = ["path"]

L2_RANGE = (1.0, 1e-5)
"""Strengths of a pure L2 path of a network, largest and smallest: shrinking has no point of all zeros."""

NETWORK_RATIO = 1e-3
"""Smallest over largest strength of other paths of networks."""


def path(
    net: Module,
    data: tuple[Any, Any],
    *,
    loss: Any,
    penalty: Any = L1,
    strengths: Any = 30,
    cv: Any = 5,
    seeds: int = 1,
    select: str = "1se",
    optimizer: Any = None,
    epochs: int = 20,
    batch_size: int = 32,
    groups: Any = None,
    time: Any = None,
    transform: Any = None,
    scale_target: bool = False,
    sample_weight: Any = None,
    feature_names: Any = None,
    seed: int = 0,
    prox_step: Any = None,
    checkpoint: Any = None,
    on_progress: Progress | None = None,
) -> Path:
    """Fit a network at every strength of a penalty, on every fold and on all rows, and choose by evidence.

    Minimises `Σ_i w_i loss_i / Σ_i w_i + s·Ω(w) + Ω_own(w)`, where Ω_own are penalties that `nx.penalize` put on
    the network. All strengths of a row set are lanes of one compiled program; each is exactly the fit that
    `nx.fit` with the same seed would run on those rows alone. A single `Linear` with a convex loss and one
    mixture of L1 and L2 goes to the certified solver, and `optimizer`, `epochs` and `batch_size` have no say.

    Args:
        net: the module; every fit starts from its present weights, and it is left as it is.
        data: `(X, y)` of n rows each.
        loss: a name or a function `(output, target) -> (batch,)`, see `nx.fit`.
        penalty: `L1`, `L2`, `ElasticNet`, an instance, a name, or a dict from pattern to one of them
            (`nx.penalize`): the path's strength multiplies each one's own.
        strengths: the values, or a count. Then the largest is the smallest of a doubling pilot on all rows
            that leaves no penalised weight, and the smallest a thousandth of it; pure L2 runs from 1 to 1e-5.
        cv: a count of shuffled folds (stratified for classes), a scikit-learn splitter, pairs, or None.
        seeds: how many starting points; the first is the net's own, the others re-initialise it. Errors
            are averaged over them; the weights kept are the first's.
        select: `"1se"` or `"min"`.
        optimizer: an optax transformation; None is `optax.adam(1e-3)`.
        epochs, batch_size: as in `nx.fit`.
        groups: `(n,)`; rows of a group stay in one fold.
        time: `(n,)`; folds go forward in time.
        transform: a scikit-learn transformer, fitted on the training rows of each fold.
        scale_target: standardise y inside each fold; errors and predictions stay in its units.
        sample_weight: `(n,)` weights >= 0.
        feature_names: names of the columns of X.
        seed: of folds, shuffling and dropout.
        prox_step: see `nx.train_step`.
        checkpoint: a folder, in which each row set is kept as soon as it is trained. Called again with the
            same arguments after an interruption (Ctrl-C, a crash), the path goes on with the row sets not yet
            done and ends bit for bit as if nothing had happened. The certified solver needs none.
        on_progress: called as `(phase, done, total)`.

    Returns:
        A `Path`.

    Raises:
        InputError: for data, strengths or arguments that cannot be used; a checkpoint of another path, with all
            that differs.

    Example:
        >>> import numpy as np
        >>> import normax as nx
        >>> random = np.random.default_rng(0)
        >>> X = random.normal(size=(60, 5))
        >>> y = 3 * X[:, 0] + X[:, 1] + random.normal(size=60)
        >>> path = nx.path(nx.nn.Linear(5, 1), (X, y), loss="squared", strengths=20)
        >>> path.engine, path.best.nonzero
        ('linear', 2)
    """
    X, y = data
    if transform is None:
        X, y, weight = check_data(X, y, sample_weight)
    else:
        _, y, weight = check_data(np.zeros(len(X)), y, sample_weight)
    check_counts(epochs=epochs, batch_size=batch_size, seeds=seeds)
    shared: dict[str, Any] = dict(  # noqa: C408
        loss=loss, cv=cv, groups=groups, time=time, select=select, transform=transform, seed=seed,
        feature_names=feature_names, on_progress=on_progress,
    )  # fmt: skip
    layer = _single_linear(net, loss, penalty)
    if layer is not None:
        return linear_path(
            X, y, penalty=penalty, strengths=strengths, sample_weight=weight,
            fit_intercept=layer.bias is not None, **shared,
        )  # fmt: skip
    run = _Run(net, X, y, weight, penalty, optimizer or optax.adam(1e-3), epochs, batch_size, seeds, scale_target,
               prox_step, **shared)  # fmt: skip
    result = run.path(check_strengths(strengths), checkpoint)
    for notice in result.notices:
        warnings.warn(notice, Notice, stacklevel=2)
    return result


def _single_linear(net: Module, loss: Any, penalty: Any) -> Any:
    """The layer that is the whole of a network which the certified solver can take, or None."""
    while type(net) is nn.Sequential and len(net) == 1:
        net = net[0]
    if type(net) is not nn.Linear or loss not in FAMILY_OF or isinstance(penalty, Mapping):
        return None
    free = net.weight.penalty is None and all(cell.requires_grad for cell in net.parameters())
    return net if free and elastic_net_of(unit_penalty(penalty)) is not None else None


class _Run:
    """One call of `path`, phase by phase."""

    def __init__(
        self, net, X, y, weight, penalty, optimizer, epochs, batch_size, seeds, scale_target, prox_step, *,
        loss, cv, groups, time, select, transform, seed, feature_names, on_progress,
    ):  # fmt: skip
        self.net, self.loss, self.y, self.weight = net, loss, y, weight
        self.select, self.seed, self.seeds, self.feature_names = select, seed, seeds, feature_names
        self.report = on_progress or (lambda phase, done, total: None)
        self.seconds: dict[str, float] = {}
        self.notices: list[str] = []
        classes = loss in ("cross_entropy", "binary_cross_entropy") and y.ndim == 1
        if scale_target and loss not in ("squared", "mse", "absolute"):
            raise InputError(
                f"scale_target: only distances can be rescaled ('squared', 'mse', 'absolute'), got {loss!r}"
            )
        self.problem = Problem(
            X, y, weight=weight, cv=cv, groups=groups, time=time, stratify=classes, seed=seed,
            transform=transform, scale_target=scale_target,
        )  # fmt: skip
        if isinstance(penalty, Mapping):
            specification: Any = {name: unit_penalty(p) for name, p in penalty.items()}
            self.unit = next(iter(specification.values()))
        else:
            specification = self.unit = unit_penalty(penalty)
        self.charged = {
            c: p for c, p in resolve(net, specification).items() if p is not None and c.requires_grad
        }
        if not self.charged:
            raise InputError(
                f"penalty: no trainable weight of {type(net).__name__} is penalised, so a path has nothing to vary"
            )
        sizes = [len(train) for train, _ in self.problem.folds] + [len(y)]
        self.lanes = Lanes.of(
            net, loss, self.charged, optimizer, epochs=epochs, batch_size=min(batch_size, len(y)), sizes=sizes,
            prox_step=prox_step,
        )  # fmt: skip
        self.whole = self.problem.all_rows()
        self.key = raw_key(seed)

    def data(self, rows: Rows) -> Data:
        y = self.y if not self.problem.scale_target else (self.y - rows.centre) / rows.scale
        X = rows.X
        if self.problem.transform is not None:
            X, y, _ = check_data(X, y)
        return Data(*prepare_data(self.net, self.loss, np.asarray(X), y, self.weight))

    def row_set(self, rows: Rows) -> RowSet:
        """Training rows padded to n, so that one program serves every fold."""
        padded = np.resize(rows.train, len(self.y)).astype(np.int32)
        return RowSet(
            jnp.asarray(padded), len(rows.train), float(self.problem.row_weights(rows.train).mean())
        )

    def path(self, strengths: np.ndarray | int, folder: Any) -> Path:
        self.checkpoint = Checkpoint(folder, {} if folder is None else self.identity(strengths))
        known = self.checkpoint.strengths()
        grid = (
            known if known is not None else self.grid(strengths) if isinstance(strengths, int) else strengths
        )
        self.checkpoint.begin(grid)
        start, starts, parts = clock.perf_counter(), self.starts(), []
        self.taught: list[tuple[Any, float, float]] = []
        for number, rows in enumerate(self.problem):
            scored = len(rows.test) > 0
            self.taught.append((rows.transform, rows.centre, rows.scale))
            parts.append(self.parts(grid, rows, number, starts if scored else starts[:1]))
            if scored:
                self.seconds["folds"] = clock.perf_counter() - start
        self.seconds["fit on all rows"] = clock.perf_counter() - start - self.seconds.get("folds", 0.0)
        return self.result(grid, parts)

    def identity(self, strengths: np.ndarray | int) -> dict[str, str]:
        """Digests of all that the numbers of this path depend on, for its checkpoint."""
        whole, cells = self.whole, [*self.net.parameters(), *self.net.buffers()]
        program = self.lanes.printed(
            self.lanes.loop.initial(), self.data(whole), self.row_set(whole), self.key
        )
        return {
            "data": digest(np.asarray(self.problem.X), self.y, self.weight),
            "preprocessing": digest(f"{self.problem.transform} {self.problem.scale_target}"),
            "folds": digest(*(test for _, test in self.problem.folds)),
            "strengths": digest(strengths),
            "seeds": digest(f"{self.seed} {self.seeds}"),
            "starting weights": digest(*(np.asarray(cell.value) for cell in cells)),
            "network, loss, penalty or training": digest(program),
        }

    def parts(self, grid: np.ndarray, rows: Rows, number: int, starts: list[State]) -> list[Part]:
        """What one row set gives from each starting point: read from the checkpoint, or trained."""
        scored, total = len(rows.test) > 0, len(self.problem) * len(starts)
        phase = "folds" if scored else "fit on all rows"
        every = np.append(grid, 0.0)  # the lane without penalty, a baseline
        prepared: Any = None
        result = []
        for s, initial in enumerate(starts):
            part = self.checkpoint.read(number, s)
            if part is None:
                prepared = prepared or (self.data(rows), self.row_set(rows))
                data, row_set = prepared
                state, curves = self.run(
                    every, data, row_set, initial, phase, number * len(starts) + s, total
                )
                errors = self.lanes.errors(state, data, self.selections(rows)) * self.unit_of_error(rows)
                outputs = None
                if scored and s == 0:
                    outputs = self.lanes.outputs(state, data.X[rows.test])[:-1] * rows.scale + rows.centre
                part = Part(state.weights, state.buffers, errors, curves, outputs)
                self.checkpoint.write(number, s, part)
            result.append(part)
        return result

    def selections(self, rows: Rows) -> np.ndarray:
        """Weights of the training rows, and of the held-out ones where there are any."""
        chosen = [rows.train, rows.test] if len(rows.test) else [rows.train]
        selections = np.zeros((len(chosen), len(self.y)), np.float32)
        for selection, some in zip(selections, chosen):
            selection[some] = self.problem.row_weights(some)
        return selections

    def run(self, strengths, data, row_set, initial, phase, number, total):
        work = len(strengths) * self.lanes.epochs

        def after(done):
            self.report(phase, number * work + min(done, work), total * work)

        return self.lanes.run(strengths, data, row_set, self.key, initial, after)

    def starts(self) -> list[State]:
        """Where the lanes begin: the network's own weights, then re-initialised ones."""
        starts = [self.lanes.loop.initial()]
        for number in range(1, self.seeds):
            fresh = copy.deepcopy(self.net)
            with fork(self.seed + number):
                for module in fresh.modules():
                    if hasattr(module, "reset_parameters"):
                        module.reset_parameters()
            values = dict(fresh.named_parameters())
            weights = [jnp.array(values[name].value) for name in self.lanes.binding.parameter_names]
            buffers = [jnp.array(buffer.value) for buffer in fresh.buffers()]
            starts.append(State(weights, self.lanes.update.init(weights), buffers))
        return starts

    def grid(self, count: int) -> np.ndarray:
        """The automatic strengths: from what a doubling pilot finds, or the fixed range of pure L2."""
        kinks = [p for p in self.charged.values() if p.nonsmooth is not None]
        if not kinks:
            return np.geomspace(*L2_RANGE, count) if count > 1 else np.array(L2_RANGE[:1])
        began = clock.perf_counter()
        largest = self.pilot(count + 1)
        self.seconds["pilot"] = clock.perf_counter() - began
        return strength_grid(largest, count, NETWORK_RATIO)

    def pilot(self, count: int) -> float:
        """The smallest of doubling strengths, on all rows, from which on no penalised weight is left."""
        data, row_set = self.data(self.whole), self.row_set(self.whole)
        count = min(max(count, 12), LANES_AT_ONCE)
        top = 1.0
        for _ in range(6):
            strengths = top * 2.0 ** -np.arange(count)
            state, _ = self.run(strengths, data, row_set, None, "looking for the largest strength", 0, 1)
            zero = self.lanes.nonzero(state.weights) == 0
            zero &= np.logical_and.accumulate(zero)
            if zero[0] and not zero.all():
                return float(strengths[np.flatnonzero(zero)[-1]])
            top = top * 2.0 ** (count - 2) if not zero[0] else strengths[-1]
        self.notices.append(
            f"no strength up to {strengths[0]:.3g} left all penalised weights at zero in {self.lanes.epochs} epochs; "
            "the grid starts there"
        )
        return float(strengths[0])

    def unit_of_error(self, rows: Rows) -> float:
        """Errors of scaled targets in the units of y."""
        return rows.scale ** (1 if self.loss == "absolute" else 2)

    def null_error(self, train: np.ndarray, test: np.ndarray) -> float:
        """Held-out error of the best constant."""
        classes = int(self.y.max()) + 1 if self.loss == "cross_entropy" else 1
        constant = null_output(self.loss, self.y[train], self.problem.row_weights(train), classes)
        if constant is None:
            return np.nan
        truth = jnp.asarray(self.y[test])
        outputs = jnp.broadcast_to(jnp.asarray(constant), (len(truth), len(constant)))
        losses = find_loss(self.loss)(outputs, truth)
        return float(np.average(np.asarray(losses), weights=self.problem.row_weights(test)))

    def diverged(self, grid: np.ndarray, parts: list[list[Part]]) -> list[str]:
        """What must be said of lanes that are no longer finite: where, when, and what went bad."""
        names, lines = self.lanes.binding.parameter_names, []
        for number, several in enumerate(parts):
            place = f"fold {number}" if number < len(parts) - 1 else "all rows"
            for s, part in enumerate(several):
                for i in np.flatnonzero(~np.isfinite(part.errors[: len(grid)]).all(1)):
                    bad = [name for name, w in zip(names, part.weights) if not np.isfinite(w[i]).all()]
                    epochs = np.flatnonzero(~np.isfinite(part.curves[i]))
                    when = f" in epoch {epochs[0] + 1}" if len(epochs) else ""
                    which = f", first parameter {bad[0]}" if bad else ""
                    seed = f", seed {s}" if self.seeds > 1 else ""
                    lines.append(f"{grid[i]:.3g} ({place}{seed}{when}{which})")
        if not lines:
            return []
        more = f" and {len(lines) - 5} more" if len(lines) > 5 else ""
        return [
            f"training diverged at strength {'; '.join(lines[:5])}{more}; such strengths are never chosen"
        ]

    def result(self, grid: np.ndarray, parts: list[list[Part]]) -> Path:
        binding, k, sizes = self.lanes.binding, len(grid), self.problem.fold_sizes
        folds, fits, final = len(sizes), [several[0] for several in parts], parts[-1][0]
        errors = [np.mean([part.errors for part in several], axis=0) for several in parts]
        train = np.array([e[:, 0] for e in errors])
        test = np.array([e[:, 1] for e in errors[:folds]]).reshape(folds, k + 1)
        free = null = outputs = None
        if folds:
            mean, se = summarise(test[:, k:], sizes)
            nonzero = self.lanes.nonzero(final.weights)
            free = float(mean[0]), float(se[0]), int(nonzero[k])
            null_errors = [self.null_error(*rows) for rows in self.problem.folds]
            if np.isfinite(null_errors).all():
                mean, se = summarise(np.array(null_errors)[:, None], sizes)
                null = float(mean[0]), float(se[0])
            scored = [
                (test, fit.outputs)
                for (_, test), fit in zip(self.problem.folds, fits)
                if fit.outputs is not None
            ]
            outputs = np.full((k, len(self.y), *scored[0][1].shape[2:]), np.nan)
            for held_out, values in scored:
                outputs[:, held_out] = values
        names = binding.parameter_names
        named = [*names, *(binding.names[cell] for cell in binding.buffers)]
        stacks = [dict(zip(named, [a[:k] for a in (*fit.weights, *fit.buffers)])) for fit in fits]
        weights = {name: stacks[-1][name] for name in names}
        penalised = tuple(name for name, unit in zip(names, self.lanes.unit) if unit is not None)
        self.notices += _evasions(self.net, penalised)
        self.notices += self.diverged(grid, parts)

        kept = Fits(self.net, tuple(stacks), tuple(self.taught))

        return Path(
            strengths=grid,
            fold_errors=test[:, :k],
            fold_train_errors=train[:folds, :k],
            fold_sizes=sizes,
            train_mean=train[:folds, :k].mean(0) if folds else train[-1, :k],
            weights=weights,
            penalised=penalised,
            loss=self.loss if isinstance(self.loss, str) else getattr(self.loss, "__name__", "loss"),
            penalty=self.unit,
            engine="network",
            select=self.select,
            feature_names=None if self.feature_names is None else tuple(self.feature_names),
            null_error=null,
            unpenalised_error=free,
            seconds=self.seconds,
            notices=tuple(self.notices),
            held_out_outputs=outputs,
            transform=self.whole.transform,
            target_scale=(self.whole.centre, self.whole.scale),
            curves=np.array([fit.curves[:k] for fit in fits]),
            build=kept.model,
            outputs=kept.outputs,
            members=kept.members,
        )


def _evasions(net: Module, penalised: tuple[str, ...]) -> list[str]:
    """Where weights can evade their penalty by rescaling, so that its strength measures nothing."""
    norms = [module for module in net.modules() if "BatchNorm" in type(module).__name__]
    weights = [name for name, cell in net.named_parameters() if cell.role == "weight" and cell.ndim > 1]
    free = [name for name in weights if name not in penalised]
    notices = []
    if norms:
        notices.append(
            "weights before a batch norm can evade L1 and L2 by shrinking while the norm scales them back; read "
            "their zeros, not their size, or penalise the norm's own weight"
        )
    if penalised and free:
        notices.append(
            f"only some weights are penalised ({', '.join(penalised[:3])}): with ReLU between them, {free[0]} can "
            "grow while they shrink; penalise both for a strength that means something"
        )
    return notices
