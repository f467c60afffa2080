"""Held-out errors of every fold and every strength, as one problem and not K: what folds can share is in `folds` and
`ridge_folds`; what they cannot is fitted side by side, on rows that count and rows that do not.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from normax.errors import InputError, Notice
from normax.linear_model.cross_validation.folds import LassoFold, LassoFolds, Pairs
from normax.linear_model.cross_validation.ridge_folds import RidgeFolds
from normax.linear_model.design.threads import side_by_side
from normax.linear_model.design.validation import (
    Sound,
    check_design,
    check_offset,
    check_strengths,
    plain_weights,
    without_excluded,
)
from normax.linear_model.families import Family, family_of
from normax.linear_model.path import follow_path, warn_unconverged
from normax.linear_model.problem.problem import Problem
from normax.linear_model.problem.terms import check_rules
from normax.selection import summarise, widened

__all__ = [
    "Mixtures",
    "Scope",
    "best_mixture",
    "cross_validate",
    "held_out",
    "scopes_of",
    "scopes_of_classes",
]


def cross_validate(
    X: Any, y: Any, pairs: Pairs, *, strengths: np.ndarray, **options: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Fit the path on the training rows of each fold and score its held-out rows.

    Args:
        X, y, pairs, options: as of `held_out`; strengths: as of `fit_path`, which serve every fold.

    Returns:
        fold_errors (K, k), the weighted mean negative log-likelihood of the held-out rows (½ squared error
        for gaussian, summed over outputs), and fold_sizes (K,), their total weights.

    Raises, warns: as `held_out` and what it returns.

    Example:
        >>> X = np.arange(6.0)[:, None]
        >>> half = [(np.arange(3), np.arange(3, 6)), (np.arange(3, 6), np.arange(3))]
        >>> errors, sizes = cross_validate(X, X[:, 0], half, strengths=np.array([0.0]))
        >>> errors.round(9).tolist(), sizes.tolist()
        ([[0.0], [0.0]], [3.0, 3.0])
    """
    errors, sizes = held_out(X, y, pairs, **options)
    return errors(check_strengths(strengths)), sizes


def held_out(
    X: Any,
    y: Any,
    pairs: Pairs,
    *,
    sample_weight: Any = None,
    offset: Any = None,
    per_row: bool = True,
    classes: Any = None,
    **options: Any,
) -> tuple[Callable[[np.ndarray], np.ndarray], np.ndarray]:
    """What `cross_validate` prepares once, for as many grids of strengths as are asked for.

    Beside an intercept, a class that a fold does not train on has probability 0 there and its held-out rows an
    infinite loss at every strength. They say nothing about the strength and are left out of the errors, with a notice.

    Args:
        X, y, sample_weight, offset, options: as of `fit_path`, all but its strengths.
        pairs: K pairs (training rows, held-out rows).
        per_row: whether the strengths are those of the mean loss (default) or of the summed loss, which
            scikit-learn's `Ridge` and `LogisticRegression` have and where fewer rows mean a stronger penalty.
        classes: labels of the classes, for messages.

    Returns:
        A function from strengths (k,) to fold_errors (K, k), and fold_sizes (K,).

    Raises:
        InputError: for data or arguments that cannot be used; for folds that train on one class or on counts of 0
            alone, or hold out nothing that they train on.

    Warns:
        ConvergenceWarning: by the function, where the gap of a training fit stayed above `tol`.
        Notice: where rows are left out of a fold's error.

    Source:
        Moments by subtraction: Engstrøm & Jensen, "Fast partition-based cross-validation with centering and
        scaling for XᵀX and XᵀY", 2024.
    """
    X, options["penalty_factor"] = without_excluded(check_design(X), options.get("penalty_factor"))
    loss, weights = family_of(options.get("family", "gaussian")), plain_weights(sample_weight, X.shape[0])
    l1_ratio, intercept = options.get("l1_ratio", 1.0), options.get("fit_intercept", True)
    penalty, limits = options.get("penalty"), {k: options[k] for k in ("tol", "max_iter") if k in options}
    Y = loss.response(y, X.shape[0])
    known = check_offset(offset, Y.shape)
    if known is not None and loss.name == "gaussian":
        Y, known = Y - known, None
    units = np.array([1.0 if per_row else weights[train].sum() for train, _ in pairs])
    loss.refuse_if_tied("cross-validation")
    refuse_weightless(weights, pairs)
    scopes = scopes_of(loss, Y, weights, pairs, classes, penalty) if intercept else None
    if scopes is not None:
        pairs = [(train, scope.test) for (train, _), scope in zip(pairs, scopes)]
    sizes = np.array([weights[test].sum() for _, test in pairs])

    def plain(k: int, strengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        train, test = pairs[k]
        inside = np.zeros_like(weights)
        inside[train] = weights[train]
        design, truth, exposure = X, Y, known
        if scopes is not None and not scopes[k].present.all():
            # Absent classes have probability 0: the rest alone. Rows without a weight may be of any class.
            there, train = scopes[k].present, train[weights[train] > 0]
            truth = Y[:, there]
            exposure = None if known is None else known[:, there]
            design, inside = X[train], inside[train]
        problem = Problem.of(
            Sound(design),
            truth if design is X else truth[train],
            sample_weight=inside,
            offset=exposure if exposure is None or design is X else exposure[train],
            **options,
        )
        path = follow_path(problem, strengths)
        etas = path.predict(Sound(X[test]), None if exposure is None else exposure[test])
        rows = loss.loss(np.tile(truth[test], (len(etas), 1)), etas.reshape(-1, truth.shape[1]))
        return rows.reshape(len(etas), -1) @ (weights[test] / sizes[k]), path.gap

    one = plain
    rules = check_rules(X.shape[1], *(options.get(k) for k in ("penalty_factor", "lower", "upper")))
    if loss.name == "gaussian" and rules.plain and penalty is None and known is None:
        if l1_ratio > 0:
            shared = LassoFolds(X, Y, weights, pairs, l1_ratio, intercept, **limits)

            def one(k: int, strengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
                fold = LassoFold(shared, k)
                coef, intercept, gap = fold.fit(strengths)
                return 0.5 * fold.squared_errors(coef, intercept, held_out=True) / sizes[k], gap

        elif RidgeFolds.serves(X, weights, pairs):
            ridge = RidgeFolds(X, Y, weights, pairs, intercept)

            def one(k: int, strengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
                sums = ridge.sums(k, strengths)  # a direct solution, whose gap is rounding
                return plain(k, strengths) if sums is None else (0.5 * sums / sizes[k], np.zeros(len(sums)))

    def errors(strengths: np.ndarray) -> np.ndarray:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # told once, of the worst fold
            scores, gaps = zip(*side_by_side(lambda k: one(k, strengths / units[k]), len(pairs)))
        warn_unconverged(strengths, np.max(gaps, axis=0), options.get("tol", 1e-6))
        return np.array(scores)

    return errors, sizes


@dataclass(frozen=True)
class Mixtures:
    """Held-out errors of several mixtures on one grid.

    Args:
        scores: what `held_out` gave for each of M mixtures.
        tops: (M,) by which the strengths of the grid are multiplied for each.
    """

    scores: list[tuple[Callable[[np.ndarray], np.ndarray], np.ndarray]]
    tops: np.ndarray

    def search(self, grid: np.ndarray, automatic: bool, stronger: bool) -> tuple[np.ndarray, np.ndarray]:
        """The grid, wider if it is automatic and the error of the best mixture asks for it, and the errors (k, K,
        M)."""
        if not automatic:
            return grid, self.errors(grid)
        grid, (errors,) = widened(grid, lambda s: (self.errors(s),), self._least, stronger=stronger)
        return grid, errors

    def errors(self, grid: np.ndarray) -> np.ndarray:
        each = [score(top * grid) for (score, _), top in zip(self.scores, self.tops)]
        return np.stack(each, axis=-1).swapaxes(0, 1)

    def summaries(self, errors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(M, k) means over the folds and their standard errors."""
        pairs = [summarise(errors[..., m].T, sizes) for m, (_, sizes) in enumerate(self.scores)]
        means, deviations = (np.array(part) for part in zip(*pairs))
        return means, deviations

    def _least(self, errors: np.ndarray) -> np.ndarray:
        means, _ = self.summaries(errors)
        return means[best_mixture(means)]


def best_mixture(means: np.ndarray) -> int:
    """The place of the mixture with the smallest of all means (M, k)."""
    return int(np.argmin(means.min(axis=1)))


def refuse_weightless(weights: np.ndarray, pairs: Pairs) -> None:
    """Refuse folds that train on, or hold out, rows of weight 0 alone."""
    faults = [
        f"fold {k} {what} rows of weight 0 alone"
        for k, pair in enumerate(pairs)
        for what, rows in zip(("trains on", "holds out"), pair)
        if not weights[rows].any()
    ]
    if faults:
        raise InputError(
            f"cv: {'; '.join(faults)}; leave such rows out before folds are made, or shuffle the folds"
        )


class Scope(NamedTuple):
    """What a fold of classes can judge: the classes (C,) that it trains on, and the held-out rows of these alone."""

    present: np.ndarray
    test: np.ndarray


def scopes_of(
    loss: Family, Y: np.ndarray, weights: np.ndarray, pairs: Pairs, classes: Any = None, penalty: Any = None
) -> list[Scope]:
    """The scope of every fold beside an intercept, for any family; see `scopes_of_classes`.

    Raises:
        InputError: as there, and for folds that train on a response whose best constant is infinite.

    Example:
        >>> counts = np.array([[0.0], [0.0], [3.0]])
        >>> scopes_of(family_of("poisson"), counts, np.ones(3), [(np.array([0, 1]), np.array([2]))])
        Traceback (most recent call last):
        normax.errors.InputError: cv: fold 0 trains on rows that are all 0...
    """
    if loss.coupled or (loss.classes and Y.shape[1] == 1):
        return scopes_of_classes(Y, weights, pairs, classes, penalty)
    faults = []
    for k, (train, _) in enumerate(pairs):
        known = Y[train[weights[train] > 0]]
        if len(known) and (at := loss.at_edge(known)).any():
            faults.append(f"fold {k} trains on rows that are all {known[0, np.argmax(at)]:g}")
    if faults:
        raise InputError(
            f"cv: {'; '.join(faults)}, where no finite intercept is the best; shuffle the folds, KFold(shuffle=True), or take "
            "fewer of them"
        )
    return [Scope(np.ones(Y.shape[1], dtype=bool), test) for _, test in pairs]


def scopes_of_classes(
    Y: np.ndarray, weights: np.ndarray, pairs: Pairs, classes: Any = None, penalty: Any = None
) -> list[Scope]:
    """The scope of every fold, beside an intercept: there a class without training rows gets probability 0, at every
    strength.

    Args:
        Y: (n, C) shares of the classes, or (n, 1) of the second of two; weights: (n,) of the rows.
        pairs: K pairs (training rows, held-out rows).
        classes: (C,) labels for messages; penalty: one of its own, which may tie all C outputs together.

    Raises:
        InputError: for folds that train on one class alone, that hold out nothing they train on, or, with a penalty
            of its own, that train without one of the classes.

    Warns:
        Notice: naming the classes and rows that stay out of a fold's error.

    Example:
        >>> scope = scopes_of_classes(np.eye(3)[[0, 1, 2, 0, 1]], np.ones(5), [(np.array([3, 4]), np.array([0, 1]))])[0]
        >>> scope.present.tolist(), scope.test.tolist()
        ([True, True, False], [0, 1])
    """
    shares = np.column_stack([1 - Y, Y]) if Y.shape[1] == 1 else Y
    names = [repr(c) for c in (range(shares.shape[1]) if classes is None else np.asarray(classes).tolist())]
    scopes, faults, left_out = [], [], []
    for k, (train, test) in enumerate(pairs):
        present = weights[train] @ shares[train] > 0
        lost = shares[test][:, ~present].any(axis=1)
        counted = int((weights[test[lost]] > 0).sum())
        scopes.append(Scope(present, test[~lost]))
        if present.all():
            continue
        absent = "class " + ", ".join(name for name, there in zip(names, present) if not there)
        if present.sum() < 2:
            faults.append(f"fold {k} trains on one class alone")
        elif not weights[test[~lost]].any():
            faults.append(f"fold {k} trains without {absent} and holds out nothing else")
        elif penalty is not None:
            faults.append(f"fold {k} trains without {absent}, which {penalty!r} may tie to the others")
        elif counted:
            left_out.append(f"fold {k} trains without {absent}, of which it holds out {counted}")
    if faults:
        raise InputError(
            f"cv: {'; '.join(faults)}; use folds in which every class trains, such as "
            "StratifiedKFold(shuffle=True), or fewer of them"
        )
    if left_out:
        warnings.warn(
            f"{'; '.join(left_out)}: an infinite loss at every strength, which is left out of the error",
            Notice,
            stacklevel=3,
        )
    return scopes
