"""One penalised linear model, checked and made once: what every solver is handed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from normax.errors import InputError
from normax.forms import check_unmasked
from normax.linear_model.design.design import Design
from normax.linear_model.design.validation import (
    check_design,
    check_offset,
    check_weights,
    with_exclude,
    without_excluded,
)
from normax.linear_model.families import Family, family_of
from normax.linear_model.families.base import weighted_mean
from normax.linear_model.problem.chain_terms import FusedRules
from normax.linear_model.problem.group_terms import GroupRules
from normax.linear_model.problem.penalty_rules import rules_of
from normax.linear_model.problem.terms import Rules, check_rules
from normax.selection import is_count

__all__ = ["TIGHT", "Problem", "check_switches"]

# The gap over the null deviance that solvers which approach it go down to, however much more is allowed.
TIGHT = 1e-6


@dataclass(frozen=True)
class Problem:
    """Minimise `Σ_i ω_i loss(y_i, W x_i + b + offset_i) + s·Ω(W)` for strengths s.

    Attributes:
        design: the rows that count, with their weights; centred where an intercept is fitted.
        family: the loss; y: (n, m) response of these rows.
        rules: what the penalty charges at a strength, one of `AnyRules`; solvers serve some kinds of them.
        single: factors and bounds of the features, which are also what is left of a penalty at strength 0.
        offset: (n, m) known part of the linear predictors, or None. Squared error takes it from y at once, and beside
            an intercept it comes without its mean `level`, (m,).
        unit: what the penalty's own strength multiplies those of a path by.
        tol: the gap over the null deviance that solvers which approach it may stop at; max_iter: steps for each
            strength, at least one.
        sparse_coef: whether coefficients should stay sparse where the solver's are.
        start: coefficients (m, p) and intercepts (m,) on the columns as they are, from which the first strength is
            solved by solvers that step; None for none.
    """

    design: Design
    family: Family
    y: np.ndarray
    rules: Any
    single: Rules
    offset: np.ndarray | None = None
    level: Any = 0.0
    unit: float = 1.0
    tol: float = 1e-6
    max_iter: int = 1000
    sparse_coef: bool = False
    start: tuple[np.ndarray, np.ndarray] | None = None

    @classmethod
    def of(
        cls,
        X: Any,
        y: Any,
        *,
        family: Any = "gaussian",
        l1_ratio: float = 1.0,
        fit_intercept: bool = True,
        sample_weight: Any = None,
        penalty_factor: Any = None,
        exclude: Any = None,
        lower: Any = None,
        upper: Any = None,
        penalty: Any = None,
        offset: Any = None,
        endless: bool = False,
        **limits: Any,
    ) -> Problem:
        """From what a user gives; see `fit_path`. Limits are tol, max_iter, sparse_coef and start.

        Args:
            endless: whether a response may stand at the end of its range in every row, where no finite intercept is
                the best.

        Raises:
            InputError: for data or arguments that cannot be used.
        """
        check_switches(fit_intercept, limits.get("tol", 0.0), limits.get("max_iter", 1))
        check_unmasked("y", y)
        given = with_exclude(X, penalty_factor, exclude)
        X, penalty_factor = without_excluded(X, given)
        loss, X = family_of(family), check_design(X)
        weights, y = check_weights(sample_weight, X.shape[0]), loss.response(y, X.shape[0])
        offset, rows, level = check_offset(offset, y.shape), None, 0.0
        if not weights.all():  # the training rows of a fold, say
            rows = np.flatnonzero(weights)
            y, weights = y[rows], weights[rows]
            offset = None if offset is None else offset[rows]
        if offset is not None and loss.name == "gaussian":
            y, offset = y - offset, None
        if fit_intercept and not (endless and loss.at_edge(y).all()):
            loss.refuse_edge(y)
        if np.ptp(weights) and not loss.ties_weighted:
            loss.refuse_if_tied("sample_weight of different sizes")
        if offset is not None and fit_intercept:
            level = weights @ offset
            offset = offset - level
        design = Design(X, weights, bool(fit_intercept), rows)
        single = check_rules(design.p, penalty_factor, lower, upper)
        unit, rules = rules_of(penalty, l1_ratio, y.shape[1], single)
        if (
            isinstance(rules, FusedRules)
            and given is not None
            and np.isposinf(np.asarray(given, float)).any()
        ):
            raise InputError(
                f"exclude, penalty_factor: {penalty!r} ties a feature to its neighbours, so that none of them can be left "
                "out; drop its column from X"
            )
        if loss.nonsmooth and not isinstance(rules, (Rules, GroupRules)):
            raise InputError(
                f"penalty: {loss.name} takes L1, L2, ElasticNet and groups, since its loss has kinks, got {penalty!r}"
            )
        if isinstance(rules, (Rules, GroupRules)) or not loss.rows_apart:
            loss = loss.suited(y, weights, np.zeros_like(y) if offset is None else offset)
        return cls(design, loss, y, rules, single, offset, level, unit, **limits)

    def charging(self, l1_ratio: float = 1.0, penalty: Any = None) -> Problem:
        """The same rows under another penalty."""
        unit, rules = rules_of(penalty, l1_ratio, self.y.shape[1], self.single)
        return replace(self, unit=unit, rules=rules)

    @property
    def plain(self) -> bool:
        """Whether all features are penalised alike, each by itself, and free of bounds."""
        return self.rules.plain

    @property
    def squared(self) -> bool:
        return self.family.name == "gaussian"

    def centred(self) -> tuple[np.ndarray, np.ndarray]:
        """Means (m,) of the response, zeros without an intercept, and the response (n, m) less them."""
        centre = (
            weighted_mean(self.y, self.design.weights) if self.design.centred else np.zeros(self.y.shape[1])
        )
        return centre, self.y - centre

    def begin(self) -> tuple[np.ndarray, np.ndarray] | None:
        """`start` within the bounds and without constant columns, its intercepts those of the centred columns."""
        if self.start is None:
            return None
        coef, intercept = np.clip(self.start[0], self.single.lower, self.single.upper), self.start[1]
        coef[:, self.design.constant] = 0.0
        shifted = intercept + self.start[0] @ self.design.means + self.level
        return coef, shifted if self.design.centred else np.zeros_like(intercept)

    def part(self, own: slice) -> Problem:
        """The problem of some outputs alone."""
        offset = None if self.offset is None else self.offset[:, own]
        start = self.start and (self.start[0][own], self.start[1][own])
        return replace(self, y=self.y[:, own], offset=offset, start=start)

    def apart(self) -> list[slice]:
        """Outputs that are problems of their own, or all of them together."""
        m = self.y.shape[1]
        return [slice(0, m)] if self.family.coupled else [slice(c, c + 1) for c in range(m)]

    def at_zero(self) -> Problem:
        """What is left at strength 0, where one penalty is as good as another and the simplest is solved best."""
        single = getattr(self.rules, "single", self.single)
        return replace(self, rules=replace(single, l1_ratio=0.0), sparse_coef=False)


def check_switches(fit_intercept: Any, tol: Any, max_iter: Any) -> None:
    """Refuse what Python would take for something else: "no" for true, NaN for a gap that nothing reaches."""
    if not isinstance(fit_intercept, (bool, np.bool_)) and fit_intercept not in (0, 1):
        raise InputError(f"fit_intercept: expected True or False, got {fit_intercept!r}")
    if not isinstance(tol, (int, float, np.number)) or isinstance(tol, bool) or not tol >= 0:
        raise InputError(f"tol: expected a number >= 0, got {tol!r}")
    if not is_count(max_iter):
        raise InputError(f"max_iter: expected a whole number of rounds >= 1, got {max_iter!r}")
