"""`LogisticRegressionCV`: the strength of a classifier chosen by cross-validated deviance."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from sklearn.utils.metadata_routing import UNUSED

from normax.errors import InputError
from normax.linear_model.cross_validation.held_out import Mixtures, best_mixture, held_out
from normax.linear_model.design.engine import at_most
from normax.linear_model.design.validation import Sound
from normax.linear_model.estimators.logistic import LinearClassifier, LogisticRegression, named_penalty
from normax.linear_model.estimators.named_solvers import LOGISTIC, refuse_contradictions, words_of
from normax.linear_model.estimators.regressors import total_weight
from normax.linear_model.estimators.scoring import Judged, knowing, scores_of
from normax.linear_model.grid import reaching
from normax.linear_model.path import LinearPath, follow_path
from normax.selection import asked, choose, tell_edge, widened

__all__ = ["LogisticRegressionCV"]

NATIVE = (None, "warn", "neg_log_loss")  # scores that are the loss itself


class LogisticRegressionCV(Judged, LinearClassifier):
    """Logistic regression whose strength, and mixture if several are given, are chosen by cross-validation.

    The objective is that of `LogisticRegression`; the score is, if no other is asked for, the held-out negative
    log-likelihood, which tells models apart that accuracy cannot.

    Args:
        Cs: a count: so many from 1e-4 to 1e4, evenly in the logarithm; or the values. "auto" (default) is 10 of them,
            and on in the same steps to where the unit of X calls for it and while the error is smallest at an edge; a
            count is only told of that.
        l1_ratios: r in [0, 1], or several to choose among. The default 0 is ridge.
        fit_intercept: whether to fit an intercept for each logit; it is never penalised.
        cv: as in scikit-learn: None for 5 consecutive stratified folds, a count, a splitter, or pairs of indices.
        select: "min" (default) or "1se", the smallest C within one standard error of it.
        class_weight: None, "balanced", or a dict from class to weight.
        tol, max_iter, penalty_factor, lower, upper: as of `LogisticRegression`.
        penalty: the older way to say l1_ratios, with scikit-learn's warning: "l1", "l2" or "elasticnet".
        scoring: None (default) for the negative log-likelihood, weighted as in the fits; or a scorer of scikit-learn, by
            name or as a callable, of which the largest mean over the folds is chosen, and of equal ones the first.
            `score` is by the same scorer, and by accuracy where there is none.
        refit: False takes means over the folds of the best coefficients of each, its C and its l1_ratio, which
            minimise nothing and have no gap (NaN).
        use_legacy_attributes: True for the shapes that scikit-learn's attributes have before 1.10: dicts by class, with
            C_, l1_ratio_ and the scores repeated for each.
        n_jobs: most workers for the folds; None (default) for a thread a processor, or the engine of
            `joblib.parallel_config`. The result does not depend on it.
        solver: as of `LogisticRegression`.
        dual, verbose, intercept_scaling, random_state: accepted so that code written for scikit-learn runs; the result
            depends on none.

    Attributes:
        C_, l1_ratio_: chosen.
        Cs_, l1_ratios_: (k,) and (mixtures,) tried.
        scores_: (K, mixtures, k) held-out scores, such as minus the mean negative log-likelihoods.
        coefs_paths_: (K, mixtures, k, 1 or classes, p + 1) coefficients of the folds, the intercept last if there is
            one; -inf for a class that a fold does not train on.
        n_iter_: (K, mixtures, k) Newton steps taken.
        cv_mean_, cv_se_: (mixtures, k) means of minus the scores over folds and their standard errors.
        classes_, coef_, intercept_, dual_gap_, gap_: as of `LogisticRegression`, refitted on all rows.
        path_: the `LinearPath` of the chosen mixture on all rows, in the order of Cs_.

    Raises:
        InputError: for data or arguments that cannot be used.

    Example:
        >>> X = np.array([[0.0], [1.0], [2.0], [3.0], [1.5], [1.6], [1.4], [3.5]])
        >>> model = LogisticRegressionCV(Cs=[0.1, 1.0], cv=2).fit(X, [0, 0, 1, 1, 0, 1, 1, 1])
        >>> model.scores_.shape
        (2, 1, 2)
    """

    C_: Any
    l1_ratio_: Any
    n_iter_: Any
    own_scorer = "accuracy"
    scorer_serves = ("fit", "score")
    __metadata_request__score: ClassVar = {"sample_weight": UNUSED}  # by the scorer, if it is

    def __init__(
        self,
        *,
        Cs: Any = "auto",
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
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        groups: Any = None,
        offset: Any = None,
        **params: Any,
    ) -> LogisticRegressionCV:
        """Choose C (and l1_ratio) and refit on all rows.

        Args:
            X: (n, p) table of finite numbers.
            y: (n,) labels of any sortable kind.
            sample_weight: (n,) weights >= 0, in the fits and in the errors.
            groups: (n,) groups for a splitter that keeps them together.
            offset: (n,), or (n, classes) for more than two, known part of the logits; predictions take their own.
            params: (n,) what else scorer and splitter ask for, where scikit-learn routes metadata.
        """
        self._refuse_others(offset)
        self._check_solver(LOGISTIC)
        split, told = self._routed("fit", params, sample_weight=sample_weight, groups=groups)
        _, ratios = named_penalty(self.penalty, 1.0, self.l1_ratios, ("Cs", "l1_ratios"))
        X, codes, weights, family = self._check_labels(X, y, sample_weight, self.class_weight)
        self._precision = np.float64 if self.solver == "liblinear" else self._precision
        wanted, goes_on = asked(self.Cs, "Cs", 10)
        self.Cs_ = self._grid(wanted)
        self.l1_ratios_ = np.atleast_1d(np.asarray(ratios, dtype=float))
        if not len(self.l1_ratios_) or not ((self.l1_ratios_ >= 0) & (self.l1_ratios_ <= 1)).all():
            raise InputError(f"l1_ratios: expected numbers in [0, 1], got {self.l1_ratios!r}")
        refuse_contradictions(self.solver, self.l1_ratios_, False, self.dual, len(self.classes_))
        pairs = self._pairs(X, codes, True, split)
        total = total_weight(weights, X.shape[0])
        response = codes if family == "binomial" else np.eye(len(self.classes_))[codes]
        options: dict[str, Any] = {"family": family, "sample_weight": weights, "offset": offset}
        options |= {"tol": self.tol, "max_iter": self.max_iter}
        problem = self._problem(X, response, **options)
        common = options | {"fit_intercept": self.fit_intercept, **self._rules()}
        search = _Folds(self, X, response, codes, pairs, told, common)
        strengths = 1 / self.Cs_
        with at_most(self.n_jobs):
            if goes_on:
                every = [problem.charging(l1_ratio=r) for r in self.l1_ratios_]
                strengths = reaching(strengths, every, total)
                strengths, kept = widened(strengths, search, search.least, stronger=True)
            else:
                kept = search(strengths)
        errors, coefs, rounds = kept
        self.Cs_ = 1 / strengths
        self.scores_, self.coefs_paths_ = -errors.transpose(1, 2, 0), np.moveaxis(coefs, 0, 2)
        self.cv_mean_, self.cv_se_ = search.mixtures.summaries(errors)
        best, at = self._best(total)
        if np.ndim(wanted) == 0 and not goes_on:
            tell_edge(strengths, self.cv_mean_[best], "Cs", stronger=True, shown=self.Cs_, name="C")
        self.C_, self.l1_ratio_ = float(self.Cs_[at]), float(self.l1_ratios_[best])
        problem = problem.charging(l1_ratio=self.l1_ratio_)
        if self.refit:
            words = words_of(self.solver, self.max_iter)
            self.path_ = follow_path(problem, strengths / total, words)
            self._keep(self.path_, at, units=self.Cs_[at] * total)
            self._tell(problem, at, (self.cv_mean_[best], self.cv_se_[best]))
        else:
            self.path_ = replace(self._means(total), family=problem.family)
            self._keep(self.path_, 0)
            self._tell(problem, 0)
        self.n_iter_ = rounds.transpose(1, 2, 0)
        if self.use_legacy_attributes is True:
            self._repeat()
        return self

    def score(self, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> float:
        """By `scoring`, or the accuracy where there is none.

        Args:
            X, y: rows to score; sample_weight: (n,) weights >= 0.
            params: (n,) what else the scorer asks for, where scikit-learn routes metadata.
        """
        if self.scoring in (None, "warn"):
            return super().score(X, y, sample_weight)
        _, told = self._routed("score", params, sample_weight=sample_weight)
        return knowing(self._scorer(), self.classes_)(self, X, y, **told)

    def _best(self, total: float) -> tuple[int, int]:
        """The places of the mixture and of the C that are chosen; of equal scores the first, as scikit-learn has it."""
        if self.scoring in NATIVE or self.select != "min" or np.isnan(self.cv_mean_).all():
            best = best_mixture(self.cv_mean_)
            return best, choose(1 / (self.Cs_ * total), self.cv_mean_[best], self.cv_se_[best], self.select)
        first, second = np.unravel_index(np.nanargmin(self.cv_mean_.T), self.cv_mean_.T.shape)
        return int(second), int(first)

    def _means(self, total: float) -> LinearPath:
        """The best fit of each fold, averaged; sets the means of their C and l1_ratio."""
        each = self.scores_.swapaxes(1, 2).reshape(len(self.scores_), -1)
        at, best = np.unravel_index(np.argmax(each, axis=1), self.scores_.shape[:0:-1])
        self.C_, self.l1_ratio_ = float(self.Cs_[at].mean()), float(self.l1_ratios_[best].mean())
        mean = self.coefs_paths_[np.arange(len(at)), best, at].mean(axis=0)
        p, none = mean.shape[1] - bool(self.fit_intercept), np.full(1, np.nan)
        intercept = mean[:, p] if self.fit_intercept else np.zeros(len(mean))
        strength = np.array([1 / (self.C_ * total)])
        return LinearPath(strength, mean[None, :, :p], intercept[None], none, none, np.zeros(1, dtype=int))

    def _repeat(self) -> None:
        """What was learnt, in the shapes that scikit-learn had before 1.10."""
        labels = self.classes_[1:] if len(self.classes_) == 2 else self.classes_
        alone: Any = 0 if np.ndim(self.l1_ratios) == 0 else slice(None)  # then no axis for mixtures
        scores, paths = self.scores_.swapaxes(1, 2)[..., alone], self.coefs_paths_.swapaxes(1, 2)[:, :, alone]
        self.scores_ = dict.fromkeys(labels, scores)
        self.coefs_paths_ = {label: paths[..., c, :] for c, label in enumerate(labels)}
        self.n_iter_ = self.n_iter_.swapaxes(1, 2)[None, ..., alone]
        self.C_, self.l1_ratio_ = np.full(len(labels), self.C_), np.full(len(labels), self.l1_ratio_)

    def _grid(self, wanted: Any) -> np.ndarray:
        """The Cs as given, or as many as asked for."""
        if np.ndim(wanted) == 0:
            return np.logspace(-4, 4, int(wanted))
        try:
            Cs = np.asarray(wanted, dtype=float)
        except (TypeError, ValueError):
            Cs = np.empty(0)
        if Cs.ndim != 1 or not len(Cs) or not ((Cs > 0) & (Cs < np.inf)).all():
            raise InputError(f"Cs: expected a count or finite numbers > 0, got {self.Cs!r}")
        return Cs

    def _refuse_others(self, offset: Any) -> None:
        """What has no meaning, with what to write instead."""
        if self.scoring not in NATIVE and offset is not None:
            raise InputError("offset: a scorer cannot be told of it; leave scoring=None")
        if self.use_legacy_attributes not in (True, False, "warn"):
            raise InputError(
                f"use_legacy_attributes: expected True or False, got {self.use_legacy_attributes!r}"
            )
        if self.Cs is None:
            raise InputError("Cs: expected 'auto', a count or finite numbers > 0, got None")
        if self.penalty is None:
            raise InputError(
                "penalty: expected one with a strength to choose, got None; use LogisticRegression(C=inf)"
            )


class _Folds:
    """From strengths (k,) to errors (k, K, M), coefficients (k, K, M, C, p + 1) and rounds (k, K, M) of K folds and M
    mixtures.

    Args:
        model: whose mixtures and scorer are meant; X, response, codes: all rows; told: metadata for the scorer.
        options: as of `held_out`.
    """

    def __init__(self, model: Any, X: Any, response: np.ndarray, codes: np.ndarray, pairs, told, options):
        self.intercept = bool(model.fit_intercept)
        self.paths: dict[tuple[int, int], LinearPath] = {}
        own = model.scoring in NATIVE and not (
            model.scoring == "neg_log_loss" and model.class_weight is not None
        )
        scorer = None if own else knowing(model._scorer(), model.classes_)
        y = model.classes_[codes]
        shell = LogisticRegression(fit_intercept=model.fit_intercept)
        shell.classes_, shell.n_features_in_ = model.classes_, X.shape[1]

        def judge(k: int, path: LinearPath, test: np.ndarray) -> np.ndarray:
            metadata = {name: np.asarray(value)[test] for name, value in told.items()}
            return -scores_of(shell, path, X[test], y[test], scorer, metadata)

        options = options | {"per_row": False, "classes": model.classes_, "judge": None if own else judge}
        scores = []
        for m, r in enumerate(model.l1_ratios_):
            errors, sizes = held_out(Sound(X), response, pairs, l1_ratio=r, seen=self._seen(m), **options)
            scores.append((errors, sizes if own else np.ones_like(sizes)))  # scikit-learn's mean
        self.mixtures = Mixtures(scores, np.ones(len(scores)))

    def _seen(self, m: int) -> Any:
        return lambda k, path: self.paths.__setitem__((k, m), path)

    def __call__(self, strengths: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        errors = self.mixtures.errors(strengths)
        folds, mixtures = errors.shape[1:]
        each = [[self.paths.pop((k, m)) for m in range(mixtures)] for k in range(folds)]
        coef: Any = np.array([[path.coef for path in fold] for fold in each])
        if self.intercept:
            coef = np.concatenate(
                [coef, np.array([[path.intercept[..., None] for path in fold] for fold in each])], axis=-1
            )
        rounds: Any = np.array([[path.n_iter for path in fold] for fold in each])
        return errors, np.moveaxis(coef, 2, 0), rounds.transpose(2, 0, 1)

    def least(self, errors: np.ndarray, *_: Any) -> np.ndarray:
        """(k,) means of the best mixture."""
        means = self.mixtures.summaries(errors)[0]
        return means[best_mixture(means)]
