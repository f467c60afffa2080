"""`LogisticRegressionCV`: the strength of a classifier chosen by cross-validated deviance."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.model_selection import check_cv

from normax.errors import InputError
from normax.linear_model.cross_validation.held_out import Mixtures, best_mixture, held_out
from normax.linear_model.design.validation import Sound
from normax.linear_model.estimators.logistic import LinearClassifier, named_penalty
from normax.linear_model.estimators.regressors import total_weight
from normax.linear_model.grid import reaching
from normax.linear_model.path import follow_path
from normax.selection import choose, folds, is_count

__all__ = ["LogisticRegressionCV"]


class LogisticRegressionCV(LinearClassifier):
    """Logistic regression whose strength, and mixture if several are given, are chosen by cross-validation.

    The objective is that of `LogisticRegression`; the score is the held-out negative log-likelihood, which
    tells models apart that accuracy cannot.

    Args:
        Cs: a count (default 10: from 1e-4 to 1e4, evenly in the logarithm, and on in the same steps to where
            the unit of X calls for it and while the error is smallest at an edge), or the values.
        l1_ratios: r in [0, 1], or several to choose among. The default 0 is ridge.
        fit_intercept: whether to fit an intercept for each logit; it is never penalised.
        cv: as in scikit-learn: None for 5 consecutive stratified folds, a count, a splitter, or pairs of indices.
        select: "min" (default) or "1se", the smallest C within one standard error of it.
        class_weight: None, "balanced", or a dict from class to weight.
        tol, max_iter, penalty_factor, lower, upper: as of `LogisticRegression`.
        penalty: the older way to say l1_ratios: "l1", "l2" or "elasticnet".
        scoring: None (or "neg_log_loss", which it is); refit: True; use_legacy_attributes: False. Each other value is
            refused with what to write instead.
        dual, solver, n_jobs, verbose, intercept_scaling, random_state: accepted so that code written for
            scikit-learn runs; the result depends on none.

    Attributes:
        C_, l1_ratio_: chosen.
        Cs_, l1_ratios_: (k,) and (mixtures,) tried.
        scores_: (K, mixtures, k) minus the held-out mean negative log-likelihoods.
        cv_mean_, cv_se_: (mixtures, k) mean negative log-likelihoods over folds and their standard errors.
        classes_, coef_, intercept_, dual_gap_, gap_, n_iter_: as of `LogisticRegression`, refitted on all rows.
        path_: the `LinearPath` of the chosen mixture on all rows, in the order of Cs_.

    Raises:
        InputError: for data or arguments that cannot be used.

    Example:
        >>> X = np.array([[0.0], [1.0], [2.0], [3.0], [1.5], [1.6], [1.4], [3.5]])
        >>> model = LogisticRegressionCV(Cs=[0.1, 1.0], cv=2).fit(X, [0, 0, 1, 1, 0, 1, 1, 1])
        >>> model.scores_.shape
        (2, 1, 2)
    """

    def __init__(
        self,
        *,
        Cs: Any = 10,
        l1_ratios: Any = 0.0,
        fit_intercept: bool = True,
        cv: Any = None,
        dual: bool = False,
        penalty: Any = "deprecated",
        scoring: Any = None,
        solver: str = "auto",
        tol: float = 1e-6,
        max_iter: int = 1000,
        class_weight: Any = None,
        n_jobs: Any = None,
        verbose: int = 0,
        refit: bool = True,
        intercept_scaling: float = 1.0,
        random_state: Any = None,
        use_legacy_attributes: Any = False,
        select: str = "min",
        penalty_factor: Any = None,
        lower: Any = None,
        upper: Any = None,
    ):
        self.Cs = Cs
        self.l1_ratios = l1_ratios
        self.fit_intercept = fit_intercept
        self.cv = cv
        self.dual = dual
        self.penalty = penalty
        self.scoring = scoring
        self.refit = refit
        self.use_legacy_attributes = use_legacy_attributes
        self.solver = solver
        self.tol = tol
        self.max_iter = max_iter
        self.class_weight = class_weight
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.intercept_scaling = intercept_scaling
        self.random_state = random_state
        self.select = select
        self.penalty_factor = penalty_factor
        self.lower = lower
        self.upper = upper

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None, offset: Any = None
    ) -> LogisticRegressionCV:
        """Choose C (and l1_ratio) and refit on all rows.

        Args:
            X: (n, p) table of finite numbers.
            y: (n,) labels of any sortable kind.
            sample_weight: (n,) weights >= 0, in the fits and in the errors.
            groups: (n,) groups for a splitter that keeps them together.
            offset: (n,), or (n, classes) for more than two, known part of the logits; predictions take their own.
        """
        self._refuse_others()
        X, codes, weights, family = self._check_labels(X, y, sample_weight, self.class_weight)
        self.Cs_, automatic = self._grid(), np.ndim(self.Cs) == 0
        _, ratios = named_penalty(self.penalty, 1.0, self.l1_ratios)
        self.l1_ratios_ = np.atleast_1d(np.asarray(ratios, dtype=float))
        if not len(self.l1_ratios_) or not ((self.l1_ratios_ >= 0) & (self.l1_ratios_ <= 1)).all():
            raise InputError(f"l1_ratios: expected numbers in [0, 1], got {self.l1_ratios!r}")
        pairs = folds(check_cv(self.cv, codes, classifier=True), X.shape[0], codes, groups)
        total = total_weight(weights, X.shape[0])
        response = codes if family == "binomial" else np.eye(len(self.classes_))[codes]
        options: dict[str, Any] = {"family": family, "sample_weight": weights, "offset": offset}
        options |= {"tol": self.tol, "max_iter": self.max_iter}
        common = options | {"fit_intercept": self.fit_intercept, **self._rules()}
        scores = [
            held_out(Sound(X), response, pairs, l1_ratio=r, per_row=False, classes=self.classes_, **common)
            for r in self.l1_ratios_
        ]
        problem = self._problem(X, response, **options)
        strengths = 1 / self.Cs_
        if automatic:
            every = [problem.charging(l1_ratio=r) for r in self.l1_ratios_]
            strengths = reaching(strengths, every, total)
        mixtures = Mixtures(scores, np.ones(len(scores)))
        strengths, errors = mixtures.search(strengths, automatic, stronger=True)
        self.Cs_ = 1 / strengths
        scale = self.Cs_ * total
        self.scores_ = -errors.transpose(1, 2, 0)
        self.cv_mean_, self.cv_se_ = mixtures.summaries(errors)
        best = best_mixture(self.cv_mean_)
        at = choose(1 / scale, self.cv_mean_[best], self.cv_se_[best], self.select)
        self.C_, self.l1_ratio_ = float(self.Cs_[at]), float(self.l1_ratios_[best])
        problem = problem.charging(l1_ratio=self.l1_ratio_)
        self.path_ = follow_path(problem, 1 / scale)
        self._keep(self.path_, at, units=scale[at])
        self._tell(problem, at, (self.cv_mean_[best], self.cv_se_[best]))
        return self

    def _grid(self) -> np.ndarray:
        """The Cs as given, or as many as asked for."""
        if is_count(self.Cs):
            return np.logspace(-4, 4, int(self.Cs))
        try:
            Cs = np.asarray(self.Cs, dtype=float)
        except (TypeError, ValueError):
            Cs = np.empty(0)
        if Cs.ndim != 1 or not len(Cs) or not ((Cs > 0) & (Cs < np.inf)).all():
            raise InputError(f"Cs: expected a count or finite numbers > 0, got {self.Cs!r}")
        return Cs

    def _refuse_others(self) -> None:
        """What scikit-learn's estimator offers and this one does not, with what to write instead."""
        if self.scoring not in (None, "warn", "neg_log_loss"):
            raise InputError(
                f"scoring: expected None, got {self.scoring!r}: the choice is by held-out log-likelihood, "
                "which 1-SE needs; for another score use "
                "GridSearchCV(LogisticRegression(), {'C': Cs}, scoring=...)"
            )
        if not self.refit:
            raise InputError(
                "refit: expected True, got False: coefficients are those of all rows, not means over folds"
            )
        if self.use_legacy_attributes not in (False, "warn"):
            raise InputError(
                "use_legacy_attributes: expected False, got True: scores_ is (folds, mixtures, strengths)"
            )
        if self.penalty is None:
            raise InputError(
                "penalty: expected one with a strength to choose, got None; use LogisticRegression(C=inf)"
            )
