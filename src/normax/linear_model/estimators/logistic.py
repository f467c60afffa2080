"""`LogisticRegression`, binomial and multinomial, drop-in for scikit-learn's."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.sparse import csr_array, issparse
from scipy.special import expit, log_expit, log_softmax, softmax
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from normax.balance import class_weighted
from normax.errors import InputError, Notice, suggest
from normax.forms import refuse_missing
from normax.linear_model.design.validation import plain_weights
from normax.linear_model.estimators.base import LinearEstimator
from normax.linear_model.estimators.named_solvers import LOGISTIC, refuse_contradictions, words_of
from normax.linear_model.estimators.regressors import total_weight
from normax.linear_model.estimators.smallest import smallest
from normax.linear_model.estimators.streamed import OfStreams
from normax.linear_model.estimators.watched import CallbackSupportMixin, watched, with_callbacks
from normax.linear_model.families import family_of
from normax.linear_model.path import LinearPath, follow_path
from normax.linear_model.problem.problem import Problem
from normax.linear_model.solvers.convergence import warn_unconverged
from normax.linear_model.solvers.dual_point import certify
from normax.linear_model.solvers.nonsmooth import model_of
from normax.linear_model.sources.make import beyond_memory

__all__ = ["LabelPredictor", "LinearClassifier", "LogisticRegression"]


class LabelPredictor(ClassifierMixin, LinearEstimator):
    """A classifier by the scores `x·w + b`: two classes share one row of coefficients, more have one each."""

    classes_: np.ndarray

    def decision_function(self, X: Any, offset: Any = None) -> np.ndarray:
        """Scores, which `LogisticRegression` has as logits: (n,) of the second class for two, (n, classes) for more.

        Args:
            X: (n, p) table with the columns of the fit.
            offset: (n,) or (n, classes) known part of the scores, which is added; None for 0.
        """
        eta = self._linear(X, offset)
        return eta[:, 0] if len(self.classes_) == 2 else eta

    def predict(self, X: Any, offset: Any = None) -> np.ndarray:
        """The class of the largest score, (n,).

        Args:
            X: (n, p) table with the columns of the fit.
            offset: (n,) or (n, classes) known part of the scores, which is added; None for 0.
        """
        eta = self.decision_function(X, offset)
        return self.classes_[(eta > 0).astype(int) if eta.ndim == 1 else eta.argmax(axis=1)]

    def _check_labels(self, X: Any, y: Any, sample_weight: Any, class_weight: Any):
        """X, class numbers, weights with the class weights in, and the family."""
        refuse_missing("y", y)
        X, y = self._check_fit(X, y)
        return X, *self._code(y, X.shape[0], sample_weight, class_weight)

    def _code(self, y: np.ndarray, n: int, sample_weight: Any, class_weight: Any):
        """Class numbers, weights with the class weights in, and the family; sets `classes_`."""
        _refuse_mixed(y)
        classes, codes = np.unique(y, return_inverse=True)
        whole = y.dtype.kind in "biuU" or (y.dtype.kind == "f" and bool((classes == np.rint(classes)).all()))
        # What plainly are labels is not looked at again.
        if y.ndim > 1 or not whole or 2 * len(classes) > n:
            check_classification_targets(y)
        self.classes_ = classes
        rows = plain_weights(sample_weight, n)
        seen = self.classes_[np.bincount(codes[rows > 0]).nonzero()[0]].tolist()
        if len(seen) < 2:
            raise InputError(
                f"y: expected at least two classes, got 1 class: every row that counts is {seen[0]!r}"
            )
        if class_weight is not None:
            sample_weight = class_weighted(rows, y, class_weight)
        return codes, sample_weight, "binomial" if len(self.classes_) == 2 else "multinomial"

    def _keep(self, path, at, units=1.0):
        super()._keep(path, at, units)
        self.n_iter_ = np.array([self.n_iter_], dtype=np.int32)  # an array, as scikit-learn has it
        self.coef_, self.intercept_ = self._as_precise(path.coef[at], path.intercept[at])


class LinearClassifier(OfStreams, LabelPredictor):
    """A classifier whose scores are logits, which have probabilities."""

    def sparsify(self) -> Any:
        """Keep `coef_` as a sparse array, which is smaller where most are 0; predictions are the same."""
        check_is_fitted(self)
        self.coef_ = csr_array(self.coef_)
        return self

    def densify(self) -> Any:
        """Keep `coef_` as a NumPy array again."""
        check_is_fitted(self)
        self.coef_ = self.coef_.toarray() if issparse(self.coef_) else self.coef_
        return self

    def predict_proba(self, X: Any, offset: Any = None) -> np.ndarray:
        """Probabilities, (n, classes).

        Args:
            X: (n, p) table with the columns of the fit.
            offset: (n,) or (n, classes) known part of the logits, which is added; None for 0.
        """
        eta = self.decision_function(X, offset)
        return np.column_stack([expit(-eta), expit(eta)]) if eta.ndim == 1 else softmax(eta, axis=1)

    def predict_log_proba(self, X: Any, offset: Any = None) -> np.ndarray:
        """Logarithms of the probabilities, (n, classes), without underflow.

        Args:
            X: (n, p) table with the columns of the fit.
            offset: (n,) or (n, classes) known part of the logits, which is added; None for 0.
        """
        eta = self.decision_function(X, offset)
        return (
            np.column_stack([log_expit(-eta), log_expit(eta)]) if eta.ndim == 1 else log_softmax(eta, axis=1)
        )


def _refuse_mixed(labels: np.ndarray) -> None:
    """Labels of an object array that are not all text, which no two readers order or compare alike."""
    kinds = sorted({type(label).__name__ for label in labels.ravel()}) if labels.dtype == object else []
    if any(kind not in ("str", "str_") for kind in kinds):
        raise InputError(
            f"y: Unknown label type: objects of type {', '.join(kinds)}; expected text, whole numbers or "
            "booleans alone, in an array of that type: y.astype(str), say"
        )


def named_penalty(penalty: Any, C: Any, l1_ratio: Any, names: tuple[str, str]) -> tuple[Any, Any]:
    """C and l1_ratio that scikit-learn's older ways stand for: its `penalty`, and an l1_ratio of None.

    Args:
        names: of the arguments that C and l1_ratio are.

    Warns:
        FutureWarning: for what scikit-learn 1.10 will refuse.
        Notice: where penalty contradicts the others, and is followed.
    """
    known = {"deprecated": l1_ratio, "elasticnet": l1_ratio, "l1": 1.0, "l2": 0.0}
    if penalty is not None and (not isinstance(penalty, str) or penalty not in known):
        raise InputError(
            f"penalty: expected 'l1', 'l2', 'elasticnet' or None, got {penalty!r}{suggest(penalty, known)}"
        )
    c, r = names
    if penalty == "elasticnet" and l1_ratio is None:
        raise InputError(f"{r}: l1_ratio must be specified when penalty is elasticnet, got None")
    if penalty != "deprecated":
        warnings.warn(
            f"penalty: 'penalty' was deprecated in scikit-learn 1.8, which refuses it from 1.10 on; write {r}=1 for 'l1', "
            f"0 for 'l2', a number between for 'elasticnet', and C=inf for None",
            FutureWarning,
            stacklevel=3,
        )
    elif l1_ratio is None:
        warnings.warn(
            f"{r}: '{r}=None' was deprecated in scikit-learn 1.8, which refuses it from 1.10 on; write 0",
            FutureWarning,
            stacklevel=3,
        )
    if penalty is None:
        if C != 1.0:
            warnings.warn(f"{c}: Setting penalty=None will ignore the C, got {C!r}", Notice, stacklevel=3)
        return np.inf, 0.0 if l1_ratio is None else l1_ratio
    if penalty in ("l1", "l2") and np.ndim(l1_ratio) == 0 and l1_ratio not in (None, 0.0, known[penalty]):
        warnings.warn(
            f"{r}: Inconsistent values: penalty={penalty} with {r}={l1_ratio}. l1_ratio parameter is only used when "
            f"penalty is 'elasticnet'. Got (penalty={penalty})",
            Notice,
            stacklevel=3,
        )
    ratio = known[penalty]
    return C, 0.0 if ratio is None else ratio


class LogisticRegression(CallbackSupportMixin, LinearClassifier):
    """Logistic regression with an elastic net penalty, solved to a certified duality gap:

        C · Σ_i ω_i loss_i  +  r‖w‖₁ + (1 − r)/2 ‖w‖₂²

    loss_i is the negative log-likelihood of the row: binomial for two classes, multinomial (softmax) for
    more. Names and scale are scikit-learn's of 1.8 and later (`l1_ratio` chooses the penalty); the strength
    of `normax` is `1 / (C Σω)`.

    Args:
        C: inverse strength > 0. The default 1 is scikit-learn's; choose it by `LogisticRegressionCV`.
            `numpy.inf` fits without a penalty; separable classes then have no finite optimum and get large
            coefficients.
        l1_ratio: r in [0, 1]; 0 (default) is ridge, 1 the lasso.
        penalty: the older way to say it, with scikit-learn's warning: "l1", "l2", "elasticnet" (then l1_ratio counts)
            or None; the default leaves it to l1_ratio.
        fit_intercept: whether to fit an intercept for each logit; it is never penalised.
        class_weight: None, "balanced" (all classes get the same sum of weights), or a dict from class to weight.
        tol: duality gap over the null deviance that must be reached. The default 1e-6 is a promise; the
            exact finish lands far below.
        max_iter: Newton steps; a handful are used. 0 keeps the start: zeros, or what `warm_start` begins from.
        solver: "auto" (default), or one of scikit-learn's names, which changes no result; what it refuses there is
            refused here: penalties, classes and `dual` that it does not serve. "liblinear" has its coefficients in double
            precision, as there.
        warm_start: whether to begin from the coefficients of the fit before, which spares steps. The fit is the same.
        penalty_factor: (p,) multiples >= 0 of the strength, one for each feature; 0 leaves a feature unpenalised.
        lower, upper: bounds of the coefficients, a number or (p,), with lower <= 0 <= upper.
        dual, intercept_scaling, random_state, verbose, n_jobs: accepted so that code written for scikit-learn runs; the
            result depends on none.

    Attributes:
        classes_: (classes,) labels, sorted.
        coef_: (1, p) for two classes, (classes, p) for more; zeros are exact.
        intercept_: (1,) or (classes,).
        dual_gap_: duality gap in units of the objective above.
        gap_: duality gap over the null deviance.
        n_iter_: (1,) Newton steps taken.
        path_: the `LinearPath` of the single strength.
        n_features_in_, feature_names_in_: as in every scikit-learn estimator.

    `set_callbacks`, with scikit-learn 1.9 and later, has callbacks told of every Newton step.

    Raises:
        InputError: for NaN or infinity, named by row and column, a single class, and arguments outside
            their range or at odds with the solver that is named.

    Warns:
        ConvergenceWarning: if `tol` was not reached, with the gap that was.

    Example:
        >>> X, y = [[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [3.0, 0.0]], ["no", "yes", "no", "yes"]
        >>> model = LogisticRegression(C=2.0, l1_ratio=1.0).fit(X, y)
        >>> model.coef_.round(3).tolist(), model.predict(X).tolist()
        ([[0.0, -2.197]], ['no', 'yes', 'no', 'yes'])

    Source:
        Friedman, Hastie & Tibshirani, "Regularization paths for generalized linear models via coordinate
        descent", JSS 2010.
    """

    def __init__(
        self,
        penalty: Any = "deprecated",
        *,
        C: float = 1.0,
        l1_ratio: float = 0.0,
        dual: bool = False,
        tol: float = 1e-6,
        fit_intercept: bool = True,
        intercept_scaling: float = 1,
        class_weight: Any = None,
        random_state: Any = None,
        solver: str = "auto",
        max_iter: int = 1000,
        verbose: int = 0,
        warm_start: bool = False,
        n_jobs: Any = None,
        penalty_factor: Any = None,
        lower: Any = None,
        upper: Any = None,
    ):
        self.penalty = penalty
        self.C = C
        self.l1_ratio = l1_ratio
        self.dual = dual
        self.tol = tol
        self.fit_intercept = fit_intercept
        self.intercept_scaling = intercept_scaling
        self.class_weight = class_weight
        self.random_state = random_state
        self.solver = solver
        self.max_iter = max_iter
        self.verbose = verbose
        self.warm_start = warm_start
        self.n_jobs = n_jobs
        self.penalty_factor = penalty_factor
        self.lower = lower
        self.upper = upper

    @with_callbacks
    def fit(self, X: Any, y: Any, sample_weight: Any = None, offset: Any = None) -> LogisticRegression:
        """Fit the coefficients.

        Args:
            X: (n, p) table of finite numbers; constant columns keep a coefficient of 0. Or rows beyond memory, what
                `row_source` takes.
            y: (n,) labels of any sortable kind, or what `row_source` takes beside X.
            sample_weight: (n,) weights >= 0, likewise.
            offset: (n,), or (n, classes) for more than two, known part of the logits; predictions take their own.
        """
        self._check_number("C", strict=True)
        if self.l1_ratio is not None:
            self._check_number("l1_ratio", 0.0, 1.0)
        self._check_solver(LOGISTIC)
        if self.n_jobs is not None:
            warnings.warn(
                "n_jobs: 'n_jobs' has no effect since scikit-learn 1.8, which refuses it from 1.10 on; leave it out",
                FutureWarning,
                stacklevel=2,
            )
        C, l1_ratio = named_penalty(self.penalty, self.C, self.l1_ratio, ("C", "l1_ratio"))
        if beyond_memory(X):
            source = self._source(X, y, sample_weight)
            name, told, total = self._coded(source, self.class_weight)
            refuse_contradictions(self.solver, [l1_ratio], bool(np.isinf(C)), self.dual, len(self.classes_))
            options = {"family": family_of(name), "l1_ratio": l1_ratio}
            found = self._streamed(source, 1 / (C * total), offset=offset, **options, **told)
            self._take_streamed(found, source, **options, units=C * total if np.isfinite(C) else 1.0)
            return self
        rows = {
            "X": X,
            "y": y,
            "metadata": None if sample_weight is None else {"sample_weight": sample_weight},
        }
        X, codes, weights, family = self._check_labels(X, y, sample_weight, self.class_weight)
        refuse_contradictions(self.solver, [l1_ratio], bool(np.isinf(C)), self.dual, len(self.classes_))
        self._precision = np.float64 if self.solver == "liblinear" else self._precision
        scale = C * total_weight(weights, X.shape[0])
        outputs = 1 if family == "binomial" else len(self.classes_)
        problem = self._problem(
            X,
            codes,
            family=family,
            l1_ratio=l1_ratio,
            sample_weight=weights,
            offset=offset,
            tol=self.tol,
            max_iter=1 if self.max_iter == 0 else self.max_iter,
            start=self._begin(outputs, X.shape[1]),
        )
        self.path_ = watched(
            self, rows, lambda most: self._solve(problem, 1 / scale, most), self.max_iter, self._attributes
        )
        self._keep(self.path_, 0, units=scale if np.isfinite(scale) else 1.0)
        self._tell(problem, 0)
        return self

    def _solve(self, problem: Problem, strength: float, most: int) -> LinearPath:
        """The fit in so many steps."""
        told = words_of(self.solver, most)
        if most == 0:
            path = _standing(problem, strength)
            warn_unconverged(path.strengths, path.gap, self.tol, told)
            return path
        path = follow_path(replace(problem, max_iter=most), [strength], told)
        path = smallest(path, problem) if self._free(strength) else path
        if strength == 0 and problem.family.coupled and self.lower is self.upper is None:
            # Of all the coefficients with these probabilities the smallest ones.
            path = replace(path, coef=path.coef - path.coef.mean(axis=1, keepdims=True))
        return path

    def _attributes(self, path: LinearPath) -> dict[str, Any]:
        """What an estimator of this fit predicts by."""
        return dict(zip(("coef_", "intercept_"), self._as_precise(path.coef[0], path.intercept[0])))


def _standing(problem: Problem, strength: float) -> LinearPath:
    """The start of a problem as its fit, which no step has left yet: zeros, unless it has another."""
    design, m = problem.design, problem.y.shape[1]
    start = problem.start or (np.zeros((m, design.p)), np.zeros(m))
    coef, intercept = start
    begun = replace(problem, start=start).begin()
    assert begun is not None
    eta = design.predict(begun[0]) + begun[1] + (0.0 if problem.offset is None else problem.offset)
    gap = certify(design, problem.family, problem.y, eta, coef, problem.rules.terms(strength * problem.unit))
    gaps = np.array([np.inf if gap is None else gap])
    null = float(design.weights @ problem.family.deviance(problem.y, model_of(problem).null()[1]))
    told = gaps / null if null > 0 else gaps
    fit = coef[None], intercept[None], told, gaps, np.zeros(1, dtype=int)
    return LinearPath(np.array([strength]), *fit, null_deviance=null, family=problem.family)
