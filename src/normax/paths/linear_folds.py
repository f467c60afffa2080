"""The folds of a linear path: fitted to their training rows, scored on both sides; what is exact to share is shared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from normax.linear_model import LinearPath, fit_path
from normax.linear_model.cross_validation.folds import LassoFold, LassoFolds, outputs
from normax.linear_model.cross_validation.scopes import refuse_missing_levels
from normax.linear_model.design.validation import check_design
from normax.linear_model.families import Family, Ordinal
from normax.linear_model.families.ordinal import level_log_probability
from normax.linear_model.solvers.convergence import warn_unconverged
from normax.paths.folded import FoldedData, Split, null_output, standardises
from normax.selection import summarise

__all__ = ["FoldScore", "LinearFolds"]


#: Losses of networks too, by the names that both share; the others are families of linear models alone.
LOSSES = ("squared", "mse", "cross_entropy", "binary_cross_entropy")


class FoldScore(NamedTuple):
    """One fold: errors (k,) of the training and of the held-out rows, outputs (k, rows, m) of the latter, and the
    errors there of a constant and of the fit without a penalty, if asked for."""

    train: np.ndarray
    test: np.ndarray
    held_out: np.ndarray
    null: float | None
    free: float | None


@dataclass
class LinearFolds:
    """Fits and errors of a linear model on some rows of the data.

    Outputs are linear predictors; of an ordinal response η − θ_k, the logits of lying above each level k but the last,
    with thresholds θ of the training rows, so that held-out rows have a likelihood of their own.

    Args:
        folded: data, folds, preprocessing; targets: y, for classes their shares (n, C).
        offset: known part of the linear predictors, (n,), or None.
        loss, family: the loss by its name in a path and the family that minimises it.
        scale: of `loss` over the family's own mean loss, to which all strengths here belong.
        charge: the penalty as `fit_path` takes it, `l1_ratio` or `penalty`.
        fit_intercept, tol: as of `fit_path`.
    """

    folded: FoldedData
    targets: np.ndarray
    offset: np.ndarray | None
    loss: str
    family: Family
    scale: float
    charge: dict[str, Any]
    fit_intercept: bool
    tol: float

    def __post_init__(self) -> None:
        self.weights = self.folded.row_weights(np.arange(len(self.targets)))
        self.truth = self.family.response(self.targets, len(self.targets))
        plain = self.family.name == "gaussian" and self.offset is None
        self.squares = plain and self.charge.get("l1_ratio", 0) > 0
        self.shared = self._shared() if self.squares and self.folded.folds else None
        self.ordinal = isinstance(self.family, Ordinal)
        if self.ordinal:
            refuse_missing_levels(self.truth[:, 0], self.weights, self.folded.folds)

    gamma = 1.0

    def at(self, mixture: int) -> LinearFolds:
        """The fits of one of several mixtures; here there is one."""
        return self

    def means(self, errors: np.ndarray, sizes: np.ndarray) -> np.ndarray:
        """(k, mixtures) errors over the folds, from errors (k, K) of each fold."""
        return summarise(errors.T, sizes)[0][:, None]

    def fit(
        self, rows: Split, strengths: Any, charge: dict[str, Any] | None = None, tol: float | None = None
    ) -> LinearPath:
        X, targets, own, offset = self.counting(rows)
        return fit_path(
            X,
            targets,
            strengths=strengths,
            family=self.family,
            offset=offset,
            **(self.charge if charge is None else charge),
            fit_intercept=self.fit_intercept,
            sample_weight=own,
            tol=self.tol if tol is None else tol,
        )

    def counting(self, rows: Split) -> tuple[Any, np.ndarray, np.ndarray, np.ndarray | None]:
        """X, targets, weights and offset of a fit: rows held out stay where they are, without a weight, unless classes
        are absent from the others."""
        own = np.zeros_like(self.weights)
        own[rows.train] = self.weights[rows.train]
        X, targets = rows.X, self.targets.reshape(len(own), -1)
        if self.family.name == "multinomial" and not (there := self.present(rows.train)).all():
            counting = np.flatnonzero(own)
            X, targets, own = X[counting], targets[counting][:, there], own[counting]
        return X, targets, own, self.offset

    def present(self, rows: np.ndarray) -> np.ndarray:
        """(C,) which classes the rows hold."""
        return self.weights[rows] @ self.targets[rows] > 0

    def intercept(self, path: LinearPath, X: Any, train: np.ndarray) -> np.ndarray:
        """(k, m) what a fit to some rows adds to x·w: of an ordinal response −θ, else its intercepts."""
        if not self.ordinal:
            return path.intercept
        y, own = self.truth[train, 0], self.weights[train]
        etas = path.predict(X, self.offset)[:, train, 0]
        return path.intercept - [Ordinal().thresholds(y[own > 0], eta[own > 0], own[own > 0]) for eta in etas]

    def predict(self, path: LinearPath, X: Any, train: np.ndarray) -> np.ndarray:
        """Outputs (k, n, m) of a fit to some rows; a class that is not among those has the logit -inf."""
        found = path.predict(X, self.offset)
        if self.ordinal:
            return found + (self.intercept(path, X, train) - path.intercept)[:, None]
        if self.family.name != "multinomial" or (there := self.present(train)).all():
            return found
        outputs = np.full((*found.shape[:2], len(there)), -np.inf)
        outputs[..., there] = found
        return outputs

    def errors(self, outputs: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """(k,) mean loss of outputs (k, rows, m), among the classes that are possible."""
        own, truth = self.weights[rows], self.truth[rows]
        if self.ordinal:
            level = truth[:, 0].astype(int)
            return np.array(
                [np.average(-level_log_probability(level, each), weights=own) for each in outputs]
            )
        if outputs.size and not (possible := ~np.isneginf(outputs[0, 0])).all():
            truth, outputs = truth[:, possible], outputs[..., possible]
        if self.family.rows_apart:  # half the deviance, which for squares and classes is the loss
            judge = self.family.loss if self.loss in LOSSES else self.family.deviance
        else:
            judge = self.family.suited(truth, own / own.sum(), np.zeros_like(truth)).loss
        share = own * (self.scale / own.sum())
        return np.array([judge(truth, eta) @ share for eta in outputs])

    def held_out_errors(self, outputs: np.ndarray, train: np.ndarray, test: np.ndarray) -> np.ndarray:
        """(k,) mean loss of the held-out rows, from outputs (k, n, m). Where the loss ties rows together it is what
        they add to that of the training rows (Verweij & van Houwelingen, Statistics in Medicine 1993)."""
        if self.family.rows_apart or self.ordinal:
            return self.errors(outputs[:, test], test)
        both = np.union1d(train, test)
        sums = [self.errors(outputs[:, rows], rows) * self.weights[rows].sum() for rows in (both, train)]
        return (sums[0] - sums[1]) / self.weights[test].sum()

    def score(self, number: int, strengths: np.ndarray, baselines: bool) -> FoldScore:
        """Fit and score a fold."""
        train, test = self.folded.folds[number]
        fitted = self._squares if self.squares else self._plain
        train_errors, test_errors, held_out, free = fitted(number, train, test, strengths, baselines)
        null = self._null(train, test) if baselines else None
        return FoldScore(train_errors, test_errors, held_out, null, free)

    def _null(self, train: np.ndarray, test: np.ndarray) -> float:
        """The error of a constant beside the offset."""
        n, m = self.truth.shape
        known = (
            None
            if self.offset is not None
            else null_output(self.loss, self.folded.y[train], self.weights[train], m)
        )
        if known is not None:
            return float(self.errors(np.broadcast_to(known, (1, len(test), m)), test)[0])
        alone = Split(train, test, np.zeros((n, 1)))
        outputs = self.predict(self.fit(alone, [1.0], {"l1_ratio": 1.0}), alone.X, train)
        return float(self.held_out_errors(outputs, train, test)[0])

    def _plain(
        self, number: int, train: np.ndarray, test: np.ndarray, strengths: np.ndarray, baselines: bool
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, float | None]:
        rows, free = self.folded.split(train, test), None
        outputs = self.predict(self.fit(rows, strengths), rows.X, train)
        if baselines:  # without a penalty: of smallest norm where there are many; its gap is of no interest
            alone = self.predict(self.fit(rows, [0.0], {"l1_ratio": 0.0}, np.inf), rows.X, train)
            free = float(self.held_out_errors(alone, train, test)[0])
        inside, outside = self.errors(outputs[:, train], train), self.held_out_errors(outputs, train, test)
        return inside, outside, outputs[:, test], free

    def _squares(
        self, number: int, train: np.ndarray, test: np.ndarray, strengths: np.ndarray, baselines: bool
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, float | None]:
        if self.shared is not None:
            fold = LassoFold(self.shared, number)
        else:
            fold = LassoFold(self._folds(self.folded.split(train, test).X, [(train, test)]), 0)
        coef, intercept, gap = fold.fit(strengths)
        warn_unconverged(strengths, gap, self.tol)
        inside = fold.squared_errors(coef, intercept, held_out=False) * (
            0.5 * self.scale / self.weights[train].sum()
        )
        X, free = fold.folds.X, None
        held_out = outputs(X, coef, intercept, test)
        if baselines:
            free = float(self.errors(outputs(X, *fold.least_squares(), test), test)[0])
        return inside, self.errors(held_out, test), held_out, free

    def _shared(self) -> LassoFolds | None:
        """All folds at once, where preprocessing does no more than standardise columns."""
        transform, rounding = self.folded.transform, None
        if transform is not None:
            rounding = (
                standardises(transform, self.folded.X, self.folded.weight) if self.fit_intercept else None
            )
            if rounding is None:
                return None
        return self._folds(self.folded.X, self.folded.folds, rounding)

    def _folds(self, X: Any, pairs: list, rounding: float | None = None) -> LassoFolds:
        return LassoFolds(
            check_design(X),
            self.truth,
            self.weights,
            pairs,
            self.charge["l1_ratio"],
            self.fit_intercept,
            tol=self.tol,
            rounding=rounding,
        )
