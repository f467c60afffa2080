"""`RidgeCV`: ridge whose strength is chosen, by leaving each row out or by folds."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import issparse

from normax.errors import InputError
from normax.linear_model.cross_validation.held_out import held_out
from normax.linear_model.cross_validation.left_out import left_out
from normax.linear_model.cross_validation.moments import held_out_moments
from normax.linear_model.design.validation import Sound, check_alphas, check_offset, plain_weights
from normax.linear_model.estimators.base import LinearEstimator, LinearRegressor, ManyOutputs
from normax.linear_model.estimators.blockwise import OfSources
from normax.linear_model.estimators.regressors import total_weight
from normax.linear_model.estimators.ridge import Ridge, own_strengths
from normax.linear_model.estimators.scoring import Judged, scores_of
from normax.linear_model.grid import grid_for, grid_of, reaching
from normax.linear_model.problem.problem import Problem
from normax.linear_model.sources.make import beyond_memory
from normax.selection import asked, choose, summarise, tell_edge, widened

__all__ = ["ALPHAS", "Face", "RidgeCV"]

ALPHAS = (0.1, 1.0, 10.0)  # scikit-learn's


@dataclass(frozen=True)
class Face:
    """What scorers see of ridge.

    Attributes:
        shell: an estimator that lacks coefficients alone; told: one that takes its own scores for X.
        y: (n,) or (n, m) what its predictions are compared with; shape: of the scores of the n rows.
    """

    shell: LinearEstimator
    told: LinearEstimator
    y: np.ndarray
    shape: tuple[int, ...]


class _Told(LinearRegressor):
    """Takes predictions for X."""

    def _linear(self, X, offset=None):
        return X


class RidgeCV(Judged, ManyOutputs, OfSources):
    """Ridge whose alpha is chosen by cross-validation: exact leave-one-out by default.

    The objective is that of `Ridge`, on scikit-learn's scale: `‖y − Xw − b‖² + alpha ‖w‖₂²`. Leave-one-out
    comes from one factorisation for all alphas, `e_i / (1 − h_ii)` with the leverages h; each left-out fit has
    the same alpha.

    Args:
        alphas: strengths to choose among, or a count: a grid of so many, from where the features explain a thousandth
            of the deviance down to 1e-7 of that. The default (0.1, 1, 10) is scikit-learn's, and "auto" is a count of
            100. Of both, where the unit of X calls for others, and while the error is smallest at an edge, more are
            tried beyond it in the same steps; a count that was given is only told of that.
        fit_intercept: whether to fit an intercept, which is never penalised.
        cv: None (default) for leave-one-out; a count, a splitter or pairs of indices otherwise.
        select: "min" (default, scikit-learn's) or "1se", the largest alpha within one standard error of it.
        penalty_factor, lower, upper: as of `Ridge`; they need folds, since leave-one-out has no closed form with them.
        scoring: None (default) for the squared error; or a scorer of scikit-learn, by name or as a callable, of which
            the largest mean over the folds is chosen, and of equal ones the first. Of leave-one-out it scores all
            predictions at once, which has no standard error and takes "min" alone.
        store_cv_results: keep the squared error of each row times its weight or, with `scoring`, its prediction
            (leave-one-out only).
        alpha_per_target: whether to choose one alpha for each output (leave-one-out only).
        gcv_mode: accepted so that code written for scikit-learn runs; the solver chooses for itself.

    Attributes:
        alpha_: chosen, (outputs,) with `alpha_per_target`; alphas_: (k,) tried, as given or from weak to strong.
        best_score_: minus the mean squared error of the chosen alpha, mean over outputs, or its score.
        cv_mean_, cv_se_: (k,) mean squared errors, or minus the scores, and their standard errors; (k, outputs) with
            `alpha_per_target`.
        cv_results_: (n, k) or (n, outputs, k) what is known of left-out rows, if stored.
        coef_, intercept_, dual_gap_, gap_, n_iter_, path_: as of `Ridge`, refitted on all rows.

    Raises:
        InputError: for data or arguments that cannot be used.

    Example:
        >>> X = np.arange(20.0)[:, None]
        >>> RidgeCV(alphas=[1.0, 0.1]).fit(X, X[:, 0]).alpha_
        0.1

    Source:
        Golub, Heath & Wahba, "Generalized cross-validation as a method for choosing a good ridge
        parameter", Technometrics 1979.
    """

    def __init__(
        self,
        alphas: Any = ALPHAS,
        *,
        fit_intercept: bool = True,
        scoring: Any = None,
        cv: Any = None,
        gcv_mode: Any = None,
        store_cv_results: bool = False,
        alpha_per_target: bool = False,
        select: str = "min",
        penalty_factor: Any = None,
        lower: Any = None,
        upper: Any = None,
    ):
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.cv = cv
        self.select = select
        self.store_cv_results = store_cv_results
        self.scoring = scoring
        self.gcv_mode = gcv_mode
        self.alpha_per_target = alpha_per_target
        self.penalty_factor = penalty_factor
        self.lower = lower
        self.upper = upper

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        groups: Any = None,
        offset: Any = None,
        **params: Any,
    ) -> RidgeCV:
        """Choose alpha and refit on all rows.

        Args:
            X: (n, p) table of finite numbers, or rows beyond memory, what `row_source` takes.
            y: (n,) or (n, outputs), or what `row_source` takes beside X.
            sample_weight: (n,) weights >= 0, in the fits and in the errors, likewise.
            groups: (n,) groups for a splitter that keeps them together.
            offset: (n,) or (n, outputs), known part of the response, added to the prediction; `predict` takes its own.
            params: (n,) what else scorer and splitter ask for, where scikit-learn routes metadata.
        """
        split, told = self._routed("fit", params, sample_weight=sample_weight, groups=groups)
        folded = self.cv is not None and self.scoring is None
        if beyond_memory(X) or (folded and self._in_blocks(X, offset)):
            return self._choose_of_rows(X, y, sample_weight, offset, split.get("groups"))
        X, y = self._check_fit(X, y, multi_output=True)
        pairs = None if self.cv is None else self._pairs(X, y, False, split)
        shell = Ridge(fit_intercept=self.fit_intercept)
        shell._many, shell._column, shell.n_features_in_ = self._many, self._column, X.shape[1]
        return self._choose(X, y, Face(shell, _Told(), y, y.shape), sample_weight, offset, pairs, told)

    def _choose(
        self,
        X: Any,
        y: np.ndarray,
        face: Face,
        sample_weight: Any,
        offset: Any,
        pairs: list | None,
        told: dict[str, Any],
    ) -> RidgeCV:
        """The choice for checked rows, by folds or (None) by leaving each row out; told is what the scorer is."""
        self._refuse_others(offset, issparse(X))
        total, Y = total_weight(sample_weight, X.shape[0]), y.reshape(X.shape[0], -1)
        known = check_offset(offset, Y.shape)
        Y = Y if known is None else Y - known
        rows = {"sample_weight": sample_weight, "fit_intercept": self.fit_intercept, **self._rules()}
        alphas, goes_on = self._grid(X, Y, total, rows)
        if pairs is None:
            score: Any = self._left_out(X, Y, sample_weight, total, face, told)
        else:
            score = self._folded(X, Y, pairs, face, told, rows)
        problem = self._problem(X, y, l1_ratio=0.0, sample_weight=sample_weight, offset=offset)
        return self._decide(
            X, y, problem, alphas, goes_on, score, total, sample_weight=sample_weight, offset=offset
        )

    def _choose_of_rows(self, X: Any, y: Any, sample_weight: Any, offset: Any, groups: Any) -> RidgeCV:
        """The choice for a source of rows, by folds."""
        self._refuse_others(offset, False)
        if self.cv is None or self.scoring is not None:
            name, why = (
                ("scoring", "a scorer asks for all rows")
                if self.cv is not None
                else ("cv", "leaving out each row is for tables in memory")
            )
            raise InputError(
                f"{name}: a source of rows is judged by the squared errors of folds, {why}; give cv=10, say, and no scoring"
            )
        squares = self._gathered(X, y, sample_weight, offset, True, groups)
        problem, total = self._problem(squares, None, l1_ratio=0.0), squares.every.total
        wanted, goes_on = asked(self.alphas, "alphas")
        if np.ndim(wanted) == 0:
            alphas = total * grid_for(problem, wanted)[::-1]
        else:
            alphas, goes_on = check_alphas(wanted), self._default
        errors, sizes = held_out_moments(
            squares, per_row=False, l1_ratio=0.0, fit_intercept=self.fit_intercept, **self._rules()
        )
        factor = 2 / squares.outputs

        def score(alphas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            mean, se = summarise(factor * errors(alphas), sizes)
            return mean[:, None], se[:, None]

        return self._decide(squares, None, problem, alphas, goes_on, score, total)

    def _decide(
        self,
        X: Any,
        y: Any,
        problem: Problem,
        alphas: np.ndarray,
        goes_on: bool,
        score: Any,
        total: float,
        **rows: Any,
    ) -> RidgeCV:
        """The best of the alphas, or of more where the grid goes on, and the fits to all rows."""
        if goes_on:  # evaluated from strong to weak, and told the other way round
            alphas = reaching(np.sort(alphas)[::-1], [problem], total)
            alphas, kept = widened(alphas, score, lambda mean, *_: mean.mean(axis=1), stronger=True)
            alphas, kept = alphas[::-1], tuple(values[::-1] for values in kept)
        else:
            kept = score(alphas)
        self.alphas_, (mean, se, *results) = alphas, kept
        if np.ndim(self.alphas) == 0 and not goes_on:
            tell_edge(alphas[::-1], mean.mean(axis=1)[::-1], "alphas", stronger=True)
        if self.store_cv_results:
            each = np.moveaxis(results[0], 0, -1)
            self.cv_results_ = each if self._column else each[:, 0]
        at = np.array([self._best(alphas, *column) for column in zip(mean.T, se.T)])
        if mean.shape[1] > 1:
            self.cv_mean_, self.cv_se_ = mean, se
            self.alpha_, self.best_score_ = alphas[at], -mean[at, np.arange(len(at))]
            path, problem, _ = self._followed(X, y, self.alpha_ / total, l1_ratio=0.0, **rows)
            self.path_ = own_strengths(path)
            self._keep(self.path_, 0, units=2 * total)
            self._tell(problem, 0)
            return self
        self.cv_mean_, self.cv_se_ = mean[:, 0], se[:, 0]
        self.alpha_, self.best_score_ = float(alphas[at[0]]), -float(mean[at[0], 0])
        self.path_, problem, _ = self._followed(X, y, alphas / total, l1_ratio=0.0, **rows)
        self._keep(self.path_, at[0], units=2 * total)
        self._tell(problem, at[0], (self.cv_mean_, self.cv_se_))
        self._tell_rows(X)
        return self

    def _refuse_others(self, offset: Any, sparse: bool) -> None:
        """What has no closed form, or no meaning, with what to write instead."""
        faults = {
            "store_cv_results": "only leave-one-out keeps what is known of each row",
            "alpha_per_target": "only leave-one-out chooses for each output",
        }
        for name, why in faults.items():
            if self.cv is not None and getattr(self, name):
                raise InputError(f"{name}: {why}; leave cv=None. cv!=None and {name}=True are incompatible")
        if self.gcv_mode not in (None, "auto", "svd", "eigen"):
            raise InputError(f"gcv_mode: expected 'auto', 'svd' or 'eigen', got {self.gcv_mode!r}")
        if self.gcv_mode == "svd" and sparse:
            warnings.warn(
                "gcv_mode: The 'svd' mode is not supported for sparse X by scikit-learn, which will refuse it from 1.11 "
                "on; leave it out",
                FutureWarning,
                stacklevel=3,
            )
        if self.cv is None and any(rule is not None for rule in self._rules().values()):
            raise InputError(
                "cv: leave-one-out from one factorisation takes no penalty_factor, lower or upper; give cv=10, say"
            )
        if self.scoring is not None and offset is not None:
            raise InputError("offset: a scorer cannot be told of it; leave scoring=None, or take it from y")
        if self.scoring is not None and self.cv is None and self.select != "min":
            raise InputError(
                f"select: expected 'min', got {self.select!r}: one score of all left-out rows has no standard error; "
                "give cv=10, say"
            )

    @property
    def _default(self) -> bool:
        """Whether the alphas are scikit-learn's three, beyond which more may be tried."""
        return type(self.alphas) is tuple and self.alphas == ALPHAS

    def _grid(self, X: Any, Y: np.ndarray, total: float, rows: dict[str, Any]) -> tuple[np.ndarray, bool]:
        """The alphas, and whether more may be tried beyond them."""
        wanted, goes_on = asked(self.alphas, "alphas")
        if np.ndim(wanted) == 0:
            return total * grid_of(wanted, Sound(X), Y, l1_ratio=0.0, **rows)[::-1], goes_on
        return check_alphas(self.alphas), self._default

    def _best(self, alphas: np.ndarray, mean: np.ndarray, se: np.ndarray) -> int:
        """The place of the choice; of equal scores the first, as scikit-learn has it."""
        if self.scoring is None or self.select != "min" or np.isnan(mean).all():
            return choose(alphas, mean, se, self.select)
        return int(np.nanargmin(mean))

    def _left_out(
        self, X: Any, Y: np.ndarray, sample_weight: Any, total: float, face: Face, told: dict[str, Any]
    ) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """From alphas to means and standard errors, (k, 1) or (k, outputs), and what is known of rows, (k, n,
        outputs)."""
        weights, apart = plain_weights(sample_weight, X.shape[0]), self.alpha_per_target and Y.shape[1] > 1
        counts = weights > 0
        scorer: Any = None if self.scoring is None else self._scorer()

        def by_error(alphas: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
            squared = left_out(X, Y, sample_weight, alphas / total, self.fit_intercept) ** 2
            each = squared if apart else squared.mean(axis=2, keepdims=True)
            columns = [summarise(errors[:, counts].T, weights[counts]) for errors in np.moveaxis(each, 2, 0)]
            mean, se = (np.column_stack(part) for part in zip(*columns))
            return mean, se, squared * weights[:, None]

        def by_score(alphas: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
            predicted = Y - left_out(X, Y, sample_weight, alphas / total, self.fit_intercept)
            if apart:
                columns = zip(np.moveaxis(predicted, 2, 0), face.y.T)
                scores = [[scorer(face.told, P, y, **told) for P in each] for each, y in columns]
            else:
                scores = [[scorer(face.told, P.reshape(face.shape), face.y, **told) for P in predicted]]
            mean = -np.array(scores, dtype=float).T
            return mean, np.zeros_like(mean), predicted

        return by_error if scorer is None else by_score

    def _folded(
        self, X: Any, Y: np.ndarray, pairs: list, face: Face, told: dict[str, Any], rows: dict[str, Any]
    ) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
        """Means and standard errors over folds, (k, 1), from alphas; each fold trains at the same alpha, as
        scikit-learn's do."""
        if self.scoring is None:
            errors, sizes = held_out(Sound(X), Y, pairs, l1_ratio=0.0, per_row=False, **rows)
            factor = 2 / Y.shape[1]
        else:
            scorer, factor = self._scorer(), 1.0

            def judge(k: int, path: Any, test: np.ndarray) -> np.ndarray:
                metadata = {name: np.asarray(value)[test] for name, value in told.items()}
                return -scores_of(face.shell, path, X[test], face.y[test], scorer, metadata)

            errors, sizes = held_out(Sound(X), Y, pairs, l1_ratio=0.0, per_row=False, judge=judge, **rows)
            sizes = np.ones_like(sizes)  # scikit-learn's mean

        def summary(alphas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            mean, se = summarise(factor * errors(alphas), sizes)
            return mean[:, None], se[:, None]

        return summary
