"""What a fold can judge: which classes it trains on, and which of its held-out rows have a finite error."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np

from normax.errors import InputError, Notice
from normax.linear_model.cross_validation.folds import Pairs
from normax.linear_model.families import Family

__all__ = ["Scope", "refuse_missing_levels", "refuse_weightless", "scopes_of", "scopes_of_classes"]


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


def refuse_missing_levels(codes: np.ndarray, weights: np.ndarray, pairs: Pairs, levels: Any = None) -> None:
    """Refuse folds that train without a level of an ordinal response, which would have no probability.

    Args:
        codes: (n,) numbers of the levels; weights: (n,) of the rows; levels: (K,) what they are called.
    """
    names, known = np.unique(codes) if levels is None else np.asarray(levels), np.unique(codes)
    faults = []
    for k, (train, _) in enumerate(pairs):
        missing = names[~np.isin(known, codes[train[weights[train] > 0]])]
        if len(missing):
            told = ", ".join(
                f"{name:g}" if isinstance(name, float) else str(name) for name in missing[:5].tolist()
            )
            faults.append(f"fold {k} trains without level {told}")
    if faults:
        raise InputError(
            f"cv: {'; '.join(faults[:5])}; use fewer folds, or StratifiedKFold by level, or join such a level with its "
            "neighbour"
        )


class Scope(NamedTuple):
    """What a fold of classes can judge: the classes (C,) that it trains on, and the held-out rows of these alone."""

    present: np.ndarray
    test: np.ndarray


def scopes_of(
    loss: Family,
    Y: np.ndarray,
    weights: np.ndarray,
    pairs: Pairs,
    classes: Any = None,
    penalty: Any = None,
    judged: bool = False,
) -> list[Scope]:
    """The scope of every fold beside an intercept, for any family; see `scopes_of_classes`.

    Args:
        judged: whether something other than the loss judges, which may be finite for a class of probability 0.

    Raises:
        InputError: as there, and for folds that train on a response whose best constant is infinite.

    Example:
        >>> from normax.linear_model.families import family_of
        >>> counts = np.array([[0.0], [0.0], [3.0]])
        >>> scopes_of(family_of("poisson"), counts, np.ones(3), [(np.array([0, 1]), np.array([2]))])
        Traceback (most recent call last):
        normax.errors.InputError: cv: fold 0 trains on rows that are all 0...
    """
    if loss.coupled or (loss.classes and Y.shape[1] == 1):
        if judged and penalty is None:
            return [Scope(_present(Y, weights, train), test) for train, test in pairs]
        return scopes_of_classes(Y, weights, pairs, classes, penalty)
    faults = []
    for k, (train, _) in enumerate(pairs):
        known = Y[train[weights[train] > 0]]
        if len(known) and (at := loss.at_edge(known)).any():
            faults.append(f"fold {k} trains on rows that are all {known[0, np.argmax(at)]:g}")
    if faults:
        raise InputError(
            f"cv: {'; '.join(faults)}, where no finite intercept is the best; shuffle the folds, "
            "KFold(shuffle=True), or take fewer of them"
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
    shares = _shares(Y)
    names = [repr(c) for c in (range(shares.shape[1]) if classes is None else np.asarray(classes).tolist())]
    scopes, faults, left_out = [], [], []
    for k, (train, test) in enumerate(pairs):
        present = _present(Y, weights, train)
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


def _shares(Y: np.ndarray) -> np.ndarray:
    """(n, C) of both classes where Y is (n, 1)."""
    return np.column_stack([1 - Y, Y]) if Y.shape[1] == 1 else Y


def _present(Y: np.ndarray, weights: np.ndarray, train: np.ndarray) -> np.ndarray:
    """(C,) which classes a fold trains on."""
    return weights[train] @ _shares(Y[train]) > 0
