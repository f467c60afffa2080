"""From what the row sets of a network's path gave to the result: errors, choices, models, and what must be said."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from normax.nn.module import Module
from normax.paths.blame import first_break
from normax.paths.ensemble import Fits
from normax.paths.folded import null_output
from normax.paths.phases import PathFits
from normax.paths.result import Path
from normax.paths.setup import PathSetup
from normax.penalties import Hierarchical, Penalty
from normax.selection import summarise
from normax.training.losses import find_loss

__all__ = ["outcome"]

SHOWN = 3
"""Diverged lanes that are told of one by one: each is run again to find where."""


def outcome(setup: PathSetup, fits: PathFits, **told: Any) -> Path:
    """The `Path` of fitted row sets; `told` are its fields that the caller knows."""
    fitted, folds = fits.fitted, setup.rows.folded.folds
    settings = setup.axes.settings(fits.strengths)
    k, binding, loss = len(settings["strength"]), setup.lanes.binding, setup.loss
    train, test = _errors(setup, fits)
    null, free = _baselines(setup, fits, test[:, k:]) if folds else (None, None)
    names = binding.parameter_names
    named = [*names, *(binding.names[cell] for cell in binding.buffers)]
    stacks = [dict(zip(named, [a[:k] for a in (*fit.part.weights, *fit.part.buffers)])) for fit in fitted]
    penalised = tuple(name for name, unit in zip(names, setup.lanes.unit) if unit is not None)
    notices = [*fits.notices, *_evasions(setup.net, penalised, setup.unit), *_diverged(setup, fits)]
    taught = tuple((split.transform, split.centre, split.scale) for split, _ in fitted)
    kept = Fits(setup.net, tuple(stacks), taught, setup.axes, settings)
    stopping = setup.schedule.stopping is not None
    return Path(
        strengths=settings["strength"],
        axes=setup.axes.values(fits.strengths),
        fold_errors=test[:, :k],
        fold_train_errors=train[: len(folds), :k],
        fold_sizes=setup.rows.folded.fold_sizes,
        train_mean=train[: len(folds), :k].mean(0) if folds else train[-1, :k],
        weights={name: stacks[-1][name] for name in names},
        penalised=penalised,
        loss=loss if isinstance(loss, str) else getattr(loss, "__name__", "loss"),
        penalty=setup.unit,
        engine="network",
        null_error=null,
        unpenalised_error=free,
        seconds=fits.seconds,
        notices=tuple(notices),
        held_out_outputs=_held_out(fits, k, len(setup.rows.folded.y)) if folds else None,
        targets=setup.rows.folded.y,
        row_weight=setup.rows.folded.weight,
        transform=fitted[-1].split.transform,
        target_scale=(fitted[-1].split.centre, fitted[-1].split.scale),
        curves=np.array([fit.part.curves[:k] for fit in fitted]),
        epochs=np.array([fit.part.epochs[:k] for fit in fitted]) if stopping else None,
        build=kept.model,
        outputs=kept.outputs,
        members=kept.members,
        **told,
    )


def _errors(setup: PathSetup, fits: PathFits) -> tuple[np.ndarray, np.ndarray]:
    """Training `(K + 1, lanes)` and held-out errors `(K, lanes)` of every lane, averaged over seeds."""
    lanes, folds = setup.lineup.per_seed(fits.strengths), len(setup.rows.folded.folds)
    errors = [fit.part.errors.reshape(-1, lanes, fit.part.errors.shape[1]).mean(0) for fit in fits.fitted]
    test = np.array([e[:, 1] for e in errors[:folds]]).reshape(folds, lanes)
    return np.array([e[:, 0] for e in errors]), test


def _baselines(
    setup: PathSetup, fits: PathFits, free_errors: np.ndarray
) -> tuple[tuple[float, float] | None, tuple[float, float, int]]:
    """Cross-validated errors of the best constant, where one is known, and of the lane without penalty."""
    sizes, null, null_errors = setup.rows.folded.fold_sizes, None, _null_errors(setup)
    mean, se = summarise(free_errors, sizes)
    nonzero = setup.lanes.nonzero(fits.fitted[-1].part.weights)[-1]
    free = float(mean[0]), float(se[0]), int(nonzero)
    if null_errors is not None and np.isfinite(null_errors).all():
        mean, se = summarise(null_errors[:, None], sizes)
        null = float(mean[0]), float(se[0])
    return null, free


def _held_out(fits: PathFits, k: int, n: int) -> np.ndarray:
    """`(k, n, ...)` outputs for each row by the fold that held it out."""
    folds = fits.fitted[:-1]
    outputs = [np.asarray(fit.part.outputs)[:k] for fit in folds]
    held_out = np.full((k, n, *outputs[0].shape[2:]), np.nan)
    for fit, values in zip(folds, outputs):
        held_out[:, fit.split.test] = values
    return held_out


def _null_errors(setup: PathSetup) -> np.ndarray | None:
    """Held-out error of the best constant, by fold; None where none is known for the loss."""
    folded, y, loss = setup.rows.folded, setup.rows.folded.y, setup.loss
    classes = int(y.max()) + 1 if loss == "cross_entropy" else 1
    constants = [null_output(loss, y[train], folded.row_weights(train), classes) for train, _ in folded.folds]
    if constants[0] is None:
        return None
    tests = [test for _, test in folded.folds]
    ends = np.cumsum([len(test) for test in tests])[:-1]
    outputs = np.repeat(np.array(constants), [len(test) for test in tests], axis=0)
    losses = np.asarray(find_loss(loss)(jnp.asarray(outputs), jnp.asarray(y[np.concatenate(tests)])))
    weights = map(folded.row_weights, tests)
    return np.array([np.average(part, weights=w) for part, w in zip(np.split(losses, ends), weights)])


def _diverged(setup: PathSetup, fits: PathFits) -> list[str]:
    """What must be said of lanes that are no longer finite: where, when, and what went bad first."""
    settings, per_seed = setup.axes.settings(fits.strengths), setup.lineup.per_seed(fits.strengths)
    broken = [
        (number, int(lane))
        for number, fit in enumerate(fits.fitted)
        for lane in np.flatnonzero(~np.isfinite(fit.part.errors).all(1))
        if lane % per_seed < len(settings["strength"])
    ]
    if not broken:
        return []
    lines = []
    for number, lane in broken[:SHOWN]:
        split, part = fits.fitted[number]
        seed, i = divmod(lane, per_seed)
        setting = {name: float(values[i]) for name, values in settings.items()}
        start, epochs = setup.began(fits.strengths, part, lane)
        again = setup.rows.folded.split(split.train, split.test)
        training, _ = setup.rows.prepared(again, number, len(split.test) > 0)
        broke = first_break(setup.lanes, setting, start, training, epochs)
        told = [f"fold {number}" if len(split.test) else "all rows"]
        told += [f"seed {seed}"] if setup.schedule.seeds > 1 else []
        if broke is not None:
            told.append(f"step {broke.step} of epoch {broke.epoch}, first parameter {broke.names[0]}")
        others = "".join(f", {name} {value:.3g}" for name, value in setting.items() if name != "strength")
        lines.append(f"{setting['strength']:.3g}{others} ({', '.join(told)})")
    more = f" and {len(broken) - SHOWN} more" if len(broken) > SHOWN else ""
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
