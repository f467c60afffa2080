"""What an analyst asks of the chosen model beside its errors: how firm its coefficients are, what each column is worth,
and how many coefficients a ridge amounts to."""

from __future__ import annotations

from typing import Any

import numpy as np

from normax.cli.model.coefficients import feature_columns
from normax.cli.runs.data import Sample
from normax.cli.runs.families import loss_of
from normax.cli.runs.setup import Setup
from normax.penalties import GroupLasso
from normax.penalties.mixture import mixture_of

__all__ = ["ask"]

CELLS = 4_000_000
"""Numbers of a design up to which a fit for each fold more, or a spectrum, costs a moment."""

COLUMNS, ROWS, REPEATS = 100, 2000, 5
"""Columns that are shuffled, rows of them, and how often."""

FITS = {"squared": "gaussian", "binary_cross_entropy": "binomial", "cross_entropy": "multinomial"}


def ask(setup: Setup, path: Any) -> dict[str, Any]:
    """`firmness`, `importance` and `degrees`, each of them None where it has no answer or would take long."""
    linear = setup.network is None
    return {
        "firmness": _firmness(setup, path) if linear else None,
        "importance": _importance(setup, path),
        "degrees": _degrees(setup, path) if linear else None,
    }


def _firmness(setup: Setup, path: Any) -> Any:
    """The coefficients of the fits without each fold."""
    from normax.diagnostics import fold_coefficients

    data, train, mixture = setup.data, setup.data.train, mixture_of(path.penalty)
    loss = loss_of(data.target)
    known = isinstance(loss, str) and loss in FITS and train.offset is None and path.gamma == 1
    if not known or path.best.nonzero == 0 or path.weights["weight"][0].size * len(train.X) > CELLS:
        return None
    charge: dict[str, Any]
    if mixture is not None:
        charge, factor = {"l1_ratio": mixture[1]}, mixture[0]
    elif isinstance(path.penalty, GroupLasso):
        charge, factor = {"penalty": path.penalty}, 1.0
    else:
        return None
    return fold_coefficients(
        train.X,
        train.y,
        strength=path.best.strength * factor,
        cv=setup.folds,
        transform=setup.transform,
        feature_names=path.feature_names,
        sample_weight=data.weight(train),
        family=FITS[loss],
        **charge,
    )


def _importance(setup: Setup, path: Any) -> Any:
    """What shuffling each column costs, on the test rows where there are some."""
    from normax.diagnostics import permutation_importance
    from normax.diagnostics.importance import LOSSES

    data = setup.data
    rows: Sample = data.train if data.test is None else data.test
    used = _used(setup, path)
    if path.loss not in LOSSES or rows.offset is not None or not used or len(used) > COLUMNS:
        return None
    if len(rows.y) * rows.X.shape[1] * len(used) > 50 * CELLS:
        return None
    if len(rows.y) > ROWS:
        rows = rows.take(np.sort(np.random.default_rng(0).choice(len(rows.y), ROWS, replace=False)))
    return permutation_importance(path, rows.X, rows.y, repeats=REPEATS, groups=used)


def _used(setup: Setup, path: Any) -> dict[str, list[int]]:
    """The columns of the table that the chosen model looks at, and their features."""
    schema = setup.data.schema
    owners = [c for (c,) in feature_columns(schema, None)]
    if setup.network is None:
        live = path.weights["weight"][path.best.index].any(axis=0)
        behind = feature_columns(schema, setup.expansion)
        there = {c for columns, used in zip(behind, live) if used for c in columns}
    else:
        there = set(owners)
    return {
        schema.columns[c].name: [j for j, owner in enumerate(owners) if owner == c] for c in sorted(there)
    }


def _degrees(setup: Setup, path: Any) -> np.ndarray | None:
    """Effective degrees of freedom at each strength, for ridge."""
    from normax.diagnostics import ridge_degrees_of_freedom

    mixture, X = mixture_of(path.penalty), setup.data.train.X
    if path.loss != "squared" or mixture is None or mixture[1] != 0 or X.size > CELLS:
        return None
    weight = setup.data.weight(setup.data.train)
    return ridge_degrees_of_freedom(
        path.transform.transform(X), path.strengths * mixture[0], sample_weight=weight
    )
