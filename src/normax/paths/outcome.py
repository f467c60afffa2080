"""From what the row sets of a network's path gave to the result: errors, choices, models, and what must be said."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from normax.nn.module import Module
from normax.paths.blame import first_break
from normax.paths.ensemble import Fits
from normax.paths.fitting import Fitted
from normax.paths.folded import null_output
from normax.paths.result import Path
from normax.paths.setup import Run
from normax.penalties import Hierarchical, Penalty
from normax.selection import summarise
from normax.training.losses import find_loss

__all__ = ["outcome"]

SHOWN = 3
"""Diverged lanes that are told of one by one: each is run again to find where."""


def outcome(
    run: Run, strengths: np.ndarray, fitted: list[Fitted], unit: Penalty, notices: list[str], **told: Any
) -> Path:
    """The `Path` of fitted row sets, all rows last; `told` are its fields that the caller knows."""
    binding, problem = run.lanes.binding, run.problem
    settings = run.axes.settings(strengths)
    k, sizes = len(settings["strength"]), problem.fold_sizes
    folds, final = len(sizes), fitted[-1].part
    lanes = k + run.baseline
    errors = [fit.part.errors.reshape(-1, lanes, fit.part.errors.shape[1]).mean(0) for fit in fitted]
    train = np.array([e[:, 0] for e in errors])
    test = np.array([e[:, 1] for e in errors[:folds]]).reshape(folds, lanes)
    free = null = held_out = None
    if folds:
        mean, se = summarise(test[:, k:], sizes)
        free = float(mean[0]), float(se[0]), int(run.lanes.nonzero(final.weights)[k])
        null_errors = _null_errors(run)
        if null_errors is not None and np.isfinite(null_errors).all():
            mean, se = summarise(null_errors[:, None], sizes)
            null = float(mean[0]), float(se[0])
        outputs = [np.asarray(fit.part.outputs)[:k] for fit in fitted[:folds]]
        held_out = np.full((k, len(problem.y), *outputs[0].shape[2:]), np.nan)
        for test_rows, values in zip((fit.rows.test for fit in fitted), outputs):
            held_out[:, test_rows] = values
    names = binding.parameter_names
    named = [*names, *(binding.names[cell] for cell in binding.buffers)]
    stacks = [dict(zip(named, [a[:k] for a in (*fit.part.weights, *fit.part.buffers)])) for fit in fitted]
    penalised = tuple(name for name, unit in zip(names, run.lanes.unit) if unit is not None)
    notices = [*notices, *_evasions(run.net, penalised, unit), *_diverged(run, strengths, fitted)]
    taught = tuple((rows.transform, rows.centre, rows.scale) for rows, _ in fitted)
    kept = Fits(run.net, tuple(stacks), taught, run.axes, settings)
    whole = fitted[-1].rows
    stopping = run.schedule.stopping is not None
    return Path(
        strengths=settings["strength"],
        axes=run.axes.values(strengths),
        fold_errors=test[:, :k],
        fold_train_errors=train[:folds, :k],
        fold_sizes=sizes,
        train_mean=train[:folds, :k].mean(0) if folds else train[-1, :k],
        weights={name: stacks[-1][name] for name in names},
        penalised=penalised,
        loss=run.loss if isinstance(run.loss, str) else getattr(run.loss, "__name__", "loss"),
        penalty=unit,
        engine="network",
        null_error=null,
        unpenalised_error=free,
        seconds=run.seconds,
        notices=tuple(notices),
        held_out_outputs=held_out,
        transform=whole.transform,
        target_scale=(whole.centre, whole.scale),
        curves=np.array([fit.part.curves[:k] for fit in fitted]),
        epochs=np.array([fit.part.epochs[:k] for fit in fitted]) if stopping else None,
        build=kept.model,
        outputs=kept.outputs,
        members=kept.members,
        **told,
    )


def _null_errors(run: Run) -> np.ndarray | None:
    """Held-out error of the best constant, by fold; None where none is known for the loss."""
    y, problem = run.problem.y, run.problem
    classes = int(y.max()) + 1 if run.loss == "cross_entropy" else 1
    constants = [
        null_output(run.loss, y[train], problem.row_weights(train), classes) for train, _ in problem.folds
    ]
    if constants[0] is None:
        return None
    tests = [test for _, test in problem.folds]
    ends = np.cumsum([len(test) for test in tests])[:-1]
    outputs = np.repeat(np.array(constants), [len(test) for test in tests], axis=0)
    losses = np.asarray(find_loss(run.loss)(jnp.asarray(outputs), jnp.asarray(y[np.concatenate(tests)])))
    weights = map(problem.row_weights, tests)
    return np.array([np.average(part, weights=w) for part, w in zip(np.split(losses, ends), weights)])


def _diverged(run: Run, strengths: np.ndarray, fitted: list[Fitted]) -> list[str]:
    """What must be said of lanes that are no longer finite: where, when, and what went bad first."""
    settings, lines, count = run.axes.settings(strengths), [], 0
    k = len(settings["strength"])
    for number, (rows, part) in enumerate(fitted):
        place = f"fold {number}" if len(rows.test) else "all rows"
        for lane in np.flatnonzero(~np.isfinite(part.errors).all(1)):
            seed, i = divmod(int(lane), k + run.baseline)
            if i == k:
                continue
            count += 1
            if count > SHOWN:
                continue
            setting = {name: float(values[i]) for name, values in settings.items()}
            weights, buffers, epochs = run.began(strengths, part, int(lane))
            again = run.problem.rows(rows.train, rows.test)
            held = run.prepared(again, number, len(rows.test) > 0)
            broke = first_break(
                run.lanes, setting, weights, buffers, held.data, held.row_set, run.key, epochs
            )
            told = [place, *([f"seed {seed}"] if run.seeds > 1 else [])]
            if broke is not None:
                told.append(f"step {broke.step} of epoch {broke.epoch}, first parameter {broke.names[0]}")
            others = "".join(f", {name} {value:.3g}" for name, value in setting.items() if name != "strength")
            lines.append(f"{setting['strength']:.3g}{others} ({', '.join(told)})")
    if not lines:
        return []
    more = f" and {count - SHOWN} more" if count > SHOWN else ""
    return [f"training diverged at strength {'; '.join(lines)}{more}; such strengths are never chosen"]


def _evasions(net: Module, penalised: tuple[str, ...], unit: Penalty) -> list[str]:
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
    if (
        penalised and free and not isinstance(unit, Hierarchical)
    ):  # which orders features, whatever their size
        notices.append(
            f"only some weights are penalised ({', '.join(penalised[:3])}): with ReLU between them, {free[0]} can "
            "grow while they shrink; penalise both for a strength that means something"
        )
    return notices
