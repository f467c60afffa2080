"""`PenalisedRegressor` and `PenalisedClassifier`: any penalty, any family, the strength given or chosen."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from normax.errors import InputError, suggest
from normax.linear_model.cross_validation.held_out import held_out
from normax.linear_model.cross_validation.streamed import streamed_folds
from normax.linear_model.design.validation import Sound, check_strengths, plain_weights
from normax.linear_model.estimators.adaptive import ADAPTIVE, first_factors, held_out_adaptively
from normax.linear_model.estimators.base import LinearRegressor
from normax.linear_model.estimators.logistic import LinearClassifier
from normax.linear_model.estimators.routing import Folded
from normax.linear_model.estimators.streamed import OfStreams, row_folds
from normax.linear_model.families import FAMILIES, Family, family_of
from normax.linear_model.grid import grid_for, is_ridge, mixture_in_units
from normax.linear_model.path import follow_path, response
from normax.linear_model.problem.problem import Problem
from normax.linear_model.solvers.nonsmooth import model_of
from normax.linear_model.sources.make import beyond_memory
from normax.linear_model.sources.source import Source
from normax.penalties import L1, L2, MCP, SCAD, SLOPE, ElasticNet, Penalty
from normax.penalties.mixture import l1_l2, mixture_of, parts_of
from normax.selection import asked, choose, summarise, tell_edge, widened

__all__ = ["PenalisedClassifier", "PenalisedRegressor"]

NAMES = {"l1": 1.0, "lasso": 1.0, "l2": 0.0, "ridge": 0.0, "elastic-net": None, ADAPTIVE: 1.0}
CLASSES: dict[str, type[Penalty]] = {"mcp": MCP, "scad": SCAD, "slope": SLOPE}


def mixture(penalty: Any, l1_ratio: float) -> tuple[float, float]:
    """(strength, l1_ratio) of a penalty: an instance has its own, a name or a class counts as 1.

    Example:
        >>> mixture(L1(0.5) + L2(0.5), 0.3), mixture("elastic-net", 0.5)
        ((1.0, 0.5), (1.0, 0.5))
    """
    if isinstance(penalty, type) and issubclass(penalty, Penalty):
        names: dict[Any, str] = {L1: "l1", L2: "l2", ElasticNet: "elastic-net"}
        penalty = names.get(penalty, penalty)
    if isinstance(penalty, str):
        if penalty not in NAMES:
            raise InputError(
                f"penalty: expected one of {', '.join([*NAMES, *CLASSES])}, got {penalty!r}"
                f"{suggest(penalty, [*NAMES, *CLASSES])}"
            )
        named = NAMES[penalty]
        return 1.0, l1_ratio if named is None else named
    found = mixture_of(penalty)
    if found is None:
        raise InputError(
            "penalty: expected a penalty such as L1, GroupLasso or MCP, a sum of them or a name "
            f"({', '.join([*NAMES, *CLASSES])}), got {penalty!r}"
        )
    return found


def other(penalty: Any) -> Penalty | None:
    """The penalty as an object if it is more than a strength and an l1_ratio can say, else None.

    Example:
        >>> from normax.penalties import MCP, GroupLasso
        >>> other(GroupLasso(0.1, [0, 0, 1]) + L2(0.1)) is None, other(L1) is None, other(MCP)
        (False, True, MCP(strength=1.0, gamma=3.0))
    """
    penalty = CLASSES.get(penalty, penalty) if isinstance(penalty, str) else penalty
    if isinstance(penalty, type) and issubclass(penalty, Penalty) and penalty not in (L1, L2, ElasticNet):
        return penalty()
    plain = not isinstance(penalty, Penalty) or None not in map(l1_l2, parts_of(penalty))
    return None if plain else penalty


class Penalised(OfStreams, Folded):
    """The fit that both have in common."""

    _asks, _unit = "strengths", 1.0  # what the grid is called, and how many strengths a number of it is

    def __init__(
        self,
        penalty: Any = "l1",
        *,
        strength: Any = None,
        family: Any = None,
        l1_ratio: float = 0.5,
        strengths: Any = "auto",
        cv: Any = None,
        select: str = "1se",
        fit_intercept: bool = True,
        tol: float = 1e-6,
        max_iter: int = 1000,
        penalty_factor: Any = None,
        lower: Any = None,
        upper: Any = None,
    ):
        self.penalty = penalty
        self.strength = strength
        self.family = family
        self.l1_ratio = l1_ratio
        self.strengths = strengths
        self.cv = cv
        self.select = select
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.max_iter = max_iter
        self.penalty_factor = penalty_factor
        self.lower = lower
        self.upper = upper

    def _rules(self):
        rules = super()._rules()
        return rules | {"penalty_factor": self.penalty_factor_} if self._adaptive else rules

    @property
    def _adaptive(self) -> bool:
        return isinstance(self.penalty, str) and self.penalty == ADAPTIVE

    def _fit(
        self,
        X: np.ndarray,
        y: np.ndarray,
        family: Any,
        sample_weight: Any,
        split: dict[str, Any],
        offset: Any,
    ) -> None:
        """Fit checked rows; split is what the splitter is told of them."""
        self._check_number("l1_ratio", 0.0, 1.0)
        whole = other(self.penalty)
        own, ratio = mixture(self.penalty, self.l1_ratio) if whole is None else (1.0, np.nan)
        strength: Any = self.strength
        if strength is None:  # an instance says its own, a name or a class asks for a choice
            strength = 1.0 if isinstance(self.penalty, Penalty) else "cv"
        if isinstance(strength, str) and strength != "cv":
            raise InputError(f"strength: expected a number >= 0, 'cv' or None, got {strength!r}")
        self.family_, self.l1_ratio_ = family, ratio
        mix: dict[str, Any] = {"l1_ratio": ratio} if whole is None else {"penalty": whole}
        options: dict[str, Any] = {"family": family, "sample_weight": sample_weight, "offset": offset}
        options |= {"tol": self.tol, "max_iter": self.max_iter}
        Y = response(y, family, X.shape[0])
        cv, at = None, 0
        known = {"split": split, "sample_weight": sample_weight, "offset": offset}
        if self._adaptive:
            self.penalty_factor_ = first_factors(self, X, y, family, **known)
        if isinstance(strength, str):
            classes, (wanted, eps) = family_of(family).classes, self._wanted()
            wanted, goes_on = asked(wanted, self._asks)
            automatic = np.ndim(wanted) == 0
            if automatic and whole is None:
                ratio = mix["l1_ratio"] = mixture_in_units(ratio, Y, family, sample_weight)
                self.l1_ratio_ = ratio
            problem = self._problem(X, Y, **mix, **options)
            grid = grid_for(problem, wanted, eps) if automatic else check_strengths(wanted)
            pairs = self._pairs(X, y, classes, split)
            labels = self.classes_ if classes else None
            common = options | mix | self._rules() | {"fit_intercept": self.fit_intercept}
            judged = (
                partial(
                    held_out_adaptively, lambda rows: first_factors(self, X, y, family, rows=rows, **known)
                )
                if self._adaptive
                else held_out
            )
            errors_at, sizes = judged(Sound(X), Y, pairs, classes=labels, **common)
            if goes_on:
                grid, (errors,) = widened(
                    grid,
                    lambda strengths: (errors_at(strengths).T,),
                    lambda errors: summarise(errors.T, sizes)[0],
                    stronger=is_ridge(**mix),
                )
                errors = errors.T
            else:
                errors = errors_at(grid)
            cv = summarise(errors, sizes)
            if automatic and not goes_on:
                self._tell_edge(grid, cv[0], is_ridge(**mix))
            self.fold_errors_, (self.cv_mean_, self.cv_se_) = errors, cv
            at = choose(grid, *cv, self.select)
        else:
            if (
                not isinstance(strength, (int, float, np.number))
                or isinstance(strength, bool)
                or not 0 <= strength < np.inf
            ):
                raise InputError(f"strength: expected a number >= 0, 'cv' or None, got {strength!r}")
            problem, grid = self._problem(X, Y, **mix, **options), np.array([own * float(strength)])
        self.strength_, self.strengths_ = float(grid[at]), grid
        self.path_ = follow_path(problem, grid)
        self._keep(self.path_, at)
        name = None if whole is None else " + ".join(type(part).__name__ for part in parts_of(whole))
        self._tell(problem, at, cv, family, name)

    def _fit_source(self, source: Source, family: Any, groups: Any, offset: Any, **told: Any) -> None:
        """The same for rows beyond memory, by L1, L2 and mixtures of them."""
        self._check_number("l1_ratio", 0.0, 1.0)
        whole, loss = other(self.penalty), family_of(family)
        if whole is not None or self._adaptive:
            raise InputError(
                f"penalty: a source of rows takes L1, L2 and ElasticNet, got {self.penalty!r}; fit a sample of the rows "
                "in memory, or choose one of these"
            )
        own, ratio = mixture(self.penalty, self.l1_ratio)
        strength: Any = self.strength
        if strength is None:
            strength = 1.0 if isinstance(self.penalty, Penalty) else "cv"
        self.family_, self.l1_ratio_ = family, ratio
        options: dict[str, Any] = {"family": loss, "l1_ratio": ratio, "offset": offset, **told}
        at, cv = 0, None
        if isinstance(strength, str):
            wanted, eps = self._wanted()
            wanted, goes_on = asked(wanted, self._asks)
            if np.ndim(wanted) == 0 and loss.identity and 0 < ratio < 1:
                raise InputError(
                    "strengths: a mixture of L1 and L2 on a source of rows takes values, since what it means depends on "
                    f"the unit of y, got a count, {wanted!r}; give the strengths to try, or l1_ratio 0 or 1"
                )
            parts = row_folds(self.cv, source, groups)
            limits: dict[str, Any] = {"goes_on": goes_on, "ratio": eps}
            found = streamed_folds(source, wanted, parts, **limits, **self._options(**options))
            cv = summarise(found.held, found.sizes)
            if np.ndim(wanted) == 0 and not goes_on:
                self._tell_edge(found.strengths, cv[0], ratio == 0)
            self.fold_errors_, (self.cv_mean_, self.cv_se_) = found.held, cv
            at = choose(found.strengths, *cv, self.select)
        else:
            found = self._streamed(source, own * float(strength), **options)
        self.strength_, self.strengths_ = float(found.strengths[at]), found.strengths
        self._take_streamed(found, source, loss, ratio, at, cv)

    def _tell_edge(self, grid: np.ndarray, mean: np.ndarray, stronger: bool) -> None:
        """The notice of a smallest error at the end of a grid that was counted out."""
        shown, name = grid / self._unit, self._asks.removesuffix("s")
        tell_edge(grid, mean, self._asks, stronger=stronger, shown=shown, name=name)

    def _wanted(self) -> tuple[Any, float | None]:
        """Strengths or their number, and the smallest over the largest of a grid."""
        return self.strengths, None


class PenalisedRegressor(Penalised, LinearRegressor):
    """A penalised model of numbers or counts, on normax's own scale, solved to a certified duality gap:

        Σ_i ω_i loss_i / Σ_i ω_i  +  strength · Ω(w)

    Several outputs, columns of y, share the strength; their losses add up. Their features are chosen apart, or together
    by `GroupLasso(1, "in")`.

    Args:
        penalty: "l1" (default), "l2", "elastic-net", "mcp", "scad", "slope"; "adaptive-lasso", whose factors come from a first
            ridge fit (`adaptive_factors`), in every fold from its own training rows; a class or an instance of `normax.penalties`, or a sum such as
            `L1(0.1) + L2(0.01)`; `GroupLasso(1, groups)` and `SparseGroupLasso` with labels of the features;
            `MCP(0.1)`; or any other penalty that `fit_path` takes.
        strength: a number, which multiplies an instance's own; "cv" chooses one by cross-validation (an instance then
            tells the mixture alone). None (default) takes an instance as it is, and "cv" for a name or a class.
        family: "gaussian" (default), "poisson", "gamma", "tweedie", "huber", "quantile", or an object of
            `normax.linear_model.families`, which has parameters: `Quantile(0.9)`, `Huber(2.0)`, `Tweedie(1.7)`.
        l1_ratio: mixture of "elastic-net"; the default 0.5 gives both an even say.
        strengths: for "cv": a count, down to 1e-3 of the largest useful one, 1e-7 for "l2"; or the values. "auto"
            (default) is 100 of them, and more while the error is smallest at an edge beyond which more penalty or less
            would give another model; a count is only told of that. Where no values are given, a mixture of L1 and L2 of a family whose coefficients carry the unit of
            y (gaussian, huber, quantile) is meant for y of unit variance, so that no unit changes the choice;
            `l1_ratio_` and `strength_` state the result on the scale above.
        cv: as in scikit-learn: None for 5 folds, a count, a splitter, or pairs of indices.
        select: "1se" (default), the largest strength within one standard error of the minimum, or "min".
        fit_intercept: whether to fit an intercept, which is never penalised.
        tol, max_iter, penalty_factor, lower, upper: as of `ElasticNet`.

    Attributes:
        strength_, l1_ratio_, family_: of the fit.
        penalty_factor_: (p,) factors of the adaptive lasso, from all rows.
        coef_, intercept_, gap_, dual_gap_, n_iter_, path_: as of `ElasticNet`.
        strengths_: (k,) grid; fold_errors_ (K, k), cv_mean_, cv_se_ (k,): held-out mean negative log-likelihoods
            (½ squared error for gaussian), with "cv".

    Raises:
        InputError: for data or arguments that cannot be used.

    Example:
        >>> X = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [3.0, 0.0]])
        >>> PenalisedRegressor(L1(0.25)).fit(X, X[:, 0]).coef_.round(3).tolist()
        [0.8, 0.0]

    Source:
        Friedman, Hastie & Tibshirani, "Regularization paths for generalized linear models via coordinate
        descent", JSS 2010.
    """

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        groups: Any = None,
        offset: Any = None,
        **params: Any,
    ) -> PenalisedRegressor:
        """Fit the coefficients, and choose the strength if asked to.

        Args:
            X: (n, p) table of finite numbers; y: (n,) response, or (n, outputs) at one strength for all of them. Or rows
                beyond memory, what `row_source` takes.
            sample_weight: (n,) weights >= 0, in the fits and in the errors.
            groups: (n,) groups for a splitter that keeps them together.
            offset: (n,), or (n, classes) for multinomial, known part of the linear predictor: the logarithm of
                exposures for counts, say. `predict` takes its own.
            params: what a splitter of your own asks for, with scikit-learn's metadata routing.
        """
        split, _ = self._routed("fit", params, sample_weight=sample_weight, groups=groups)
        family = self._family()
        _numbers_or_classes(family, False)
        if beyond_memory(X):
            self._fit_source(self._source(X, y, sample_weight), family, groups, offset)
            return self
        several = self.__sklearn_tags__().target_tags.multi_output or np.asarray(y).shape[1:] != (1,)
        X, y = self._check_fit(X, y, multi_output=several)
        self._fit(X, y, family, sample_weight, split, offset)
        return self

    def _family(self) -> Any:
        """The family, or its name."""
        return "gaussian" if self.family is None else self.family

    def predict(self, X: Any, offset: Any = None) -> np.ndarray:
        """Expected responses, (n,) or (n, outputs).

        Args:
            X: (n, p) table with the columns of the fit.
            offset: (n,) or (n, outputs) known part of the linear predictor, which is added; None for 0.
        """
        eta = self._linear(X, offset)
        mean = family_of(self.family_).mean(eta.reshape(len(eta), -1)).reshape(eta.shape)
        return self._answer(X, mean)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Share of the deviance that the model explains: R² for gaussian, D² for others.

        Args:
            X, y: rows to score; sample_weight: (n,) weights >= 0.
        """
        loss = family_of(self.family_)
        loss.refuse_if_tied("a score")
        Y = loss.response(y, len(y))
        weights = plain_weights(sample_weight, len(Y))
        constant = Problem.of(np.zeros((len(Y), 1)), Y, family=loss, sample_weight=weights)
        least = loss.deviance(constant.y, model_of(constant).null()[1])
        null = weights.sum() * float(constant.design.weights @ least)
        left = weights @ loss.deviance(Y, self._linear(X).reshape(Y.shape))
        return float(1 - left / null) if null > 0 else float(left == 0)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        family = self._family()
        tags.target_tags.positive_only = getattr(family, "name", family) in ("poisson", "gamma", "tweedie")
        # Positive ones may be several too, but scikit-learn's check of the tag hands over negative numbers.
        tags.target_tags.multi_output = not tags.target_tags.positive_only
        tags.regressor_tags.poor_score = True
        return tags


class PenalisedClassifier(Penalised, LinearClassifier):
    """A penalised classifier, binomial or multinomial, on normax's own scale, solved to a certified duality gap:

        Σ_i ω_i loss_i / Σ_i ω_i  +  strength · Ω(w)

    loss_i is the negative log-likelihood of the row.

    Args:
        family: None (default) for binomial with two classes and multinomial with more; "multinomial" fits one row of
            coefficients for each class even for two.
        penalty, strength, l1_ratio, strengths, cv, select, fit_intercept, tol, max_iter, penalty_factor, lower, upper:
            as of `PenalisedRegressor`; folds are stratified.

    Attributes:
        classes_: (classes,) labels, sorted.
        coef_: (1, p) for binomial, (classes, p) for multinomial; the others as of `PenalisedRegressor`.

    Raises:
        InputError: for data or arguments that cannot be used.

    Example:
        >>> X, y = [[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [3.0, 0.0]], ["no", "yes", "no", "yes"]
        >>> PenalisedClassifier(L1(0.125)).fit(X, y).coef_.round(3).tolist()
        [[0.0, -2.197]]
    """

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        groups: Any = None,
        offset: Any = None,
        **params: Any,
    ) -> PenalisedClassifier:
        """Fit the coefficients, and choose the strength if asked to.

        Args:
            X: (n, p) table of finite numbers; y: (n,) labels of any sortable kind. Or rows beyond memory, what
                `row_source` takes.
            sample_weight: (n,) weights >= 0, in the fits and in the errors.
            groups: (n,) groups for a splitter that keeps them together.
            offset: (n,), or (n, classes) for multinomial, known part of the linear predictor: the logarithm of
                exposures for counts, say; predictions take their own.
            params: what a splitter of your own asks for, with scikit-learn's metadata routing.
        """
        split, _ = self._routed("fit", params, sample_weight=sample_weight, groups=groups)
        own = None if self.family is None else _numbers_or_classes(self.family, True)
        if beyond_memory(X):
            source = self._source(X, y, sample_weight)
            family, told, _ = self._coded(source)
            self._fit_source(source, self.family or family, groups, offset, **told)
            return self
        X, codes, weights, family = self._check_labels(X, y, sample_weight, None)
        if own is not None and own.name == "binomial" != family:
            raise InputError(
                f"family: binomial expects two classes, got {len(self.classes_)}; leave family=None"
            )
        self._fit(X, codes, self.family or family, weights, split, offset)
        return self

    def decision_function(self, X: Any, offset: Any = None) -> np.ndarray:
        """Logits: (n,) of the second class against the first for two classes, (n, classes) for more.

        Args:
            X: (n, p) table with the columns of the fit.
            offset: (n,) or (n, classes) known part of the linear predictor, which is added; None for 0.
        """
        eta = self._linear(X, offset)
        if eta.shape[1] == 2:
            return eta[:, 1] - eta[:, 0]
        return eta[:, 0] if eta.shape[1] == 1 else eta


def _numbers_or_classes(family: Any, classes: bool) -> Family:
    """The family, if it is one for classes, or for numbers."""
    found = family_of(family)
    if found.classes != classes:
        known = ", ".join(name for name, f in FAMILIES.items() if f.classes == classes)
        other = "PenalisedRegressor" if classes else "PenalisedClassifier"
        raise InputError(f"family: expected one of {known}, got {family!r}; use {other}")
    return found
