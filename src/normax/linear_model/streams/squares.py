"""Squared error on a source of rows: a pass for second moments, solvers on a few rows alike, a pass for the certificate.

Penalised squared error needs no more of its rows than their weight, means and products. So p + m + 1 rows that have the
same take the place of all, under every penalty, and whatever solver serves them. What products lose where columns all
but repeat each other, a triangle keeps: where that shows, it is made by one more pass.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from normax.errors import InputError
from normax.linear_model.design.shapes import WIDEST
from normax.linear_model.design.validation import Sound
from normax.linear_model.families import Family
from normax.linear_model.problem.group_terms import GroupRules
from normax.linear_model.problem.problem import Problem
from normax.linear_model.problem.terms import Rules
from normax.linear_model.solvers.ridge.spectrum import SAFE
from normax.linear_model.sources.folds import RowFolds
from normax.linear_model.sources.moments import scatters_of, triangle_of
from normax.linear_model.sources.scatter import Scatter
from normax.linear_model.sources.source import Source
from normax.linear_model.sources.triangle import Triangle
from normax.linear_model.streams.certificate import true_gaps

__all__ = ["Followed", "Squares", "by_moments", "problem_of", "refuse_offset"]

# The gap over the null deviance above which rounding in products shows.
AGREE = 1e-9


def by_moments(source: Source, family: Family) -> bool:
    """Whether second moments of the rows say all that fits need, and are worth their price; else it is `newton`'s."""
    return family.name == "gaussian" and source.p <= WIDEST


def refuse_offset(offset: Any) -> None:
    """An InputError for an offset beside a source, whose y can do without it."""
    if offset is not None:
        raise InputError(
            "offset: expected None beside a source of rows, got one; take it from y where blocks are made"
        )


def problem_of(triangle: Triangle, p: int, **options: Any) -> Problem:
    """The problem of a few rows that are as all, for the first p columns and the responses behind them."""
    rows, weights = triangle.alike()
    problem = Problem.of(Sound(np.asfortranarray(rows[:, :p])), rows[:, p:], sample_weight=weights, **options)
    if not isinstance(problem.rules, (Rules, GroupRules)):
        raise InputError(
            f"penalty: a source of rows takes L1, L2, ElasticNet, and groups, whose gaps come from one pass, got "
            f"{options.get('penalty')!r}; fit a sample of the rows in memory, or choose one of these"
        )
    return problem


class Followed(NamedTuple):
    """The path of a source's rows, the problem that stands for theirs, and the gaps of each output, (k, m) or (k, 1); None
    of a table's."""

    path: Any
    problem: Problem
    gaps: Any


@dataclass(frozen=True)
class Squares:
    """What squared error needs to know of all rows of a source, and of the folds of them.

    Attributes:
        parts: moments of each fold's held-out rows. every: of all rows. triangle: a root of them. sound: whether that
            is as exact as the rows, and not as their products.
    """

    source: Source
    parts: list[Scatter]
    every: Scatter
    triangle: Triangle
    sound: bool

    @classmethod
    def of(cls, source: Source, folds: RowFolds | None = None) -> Squares:
        """By one pass.

        Raises:
            InputError: for what is wrong with the rows, and more columns than moments pay for.
        """
        if source.p > WIDEST:
            raise InputError(
                f"X: expected at most {WIDEST} columns for second moments of rows, got {source.p}; take fit_path, Lasso, "
                "ElasticNet or PenalisedRegressor, which need none"
            )
        *parts, rest = scatters_of(source, folds)
        every = Scatter.none(len(rest.mean))
        for part in (*parts, rest):
            every.join(part)
        return cls(source, parts, every, *every.triangle())

    def exact(self) -> Squares:
        """With a triangle of the rows themselves, by one more pass."""
        return replace(self, triangle=triangle_of(self.source), sound=True)

    @property
    def shape(self) -> tuple[int, int]:
        """(n, p) of the source."""
        return self.every.rows, self.source.p

    @property
    def outputs(self) -> int:
        return len(self.every.mean) - self.source.p

    def problem(self, **options: Any) -> Problem:
        """What stands for the problem of all rows; options as of `Problem.of`."""
        return problem_of(self.triangle, self.source.p, **options)

    def enough(self, problem: Problem, strengths: np.ndarray) -> bool:
        """Whether products of the columns keep what fits at these strengths need."""
        rules = problem.rules
        if self.sound or not isinstance(rules, Rules):
            return True
        ridge = rules.l1_ratio == 0
        size = float(np.trace(self.every.S[: self.source.p, : self.source.p])) / self.every.total
        least = strengths.min() * rules.factor.min(initial=np.inf) * problem.unit
        return least > (SAFE * size if ridge else 0.0)

    def followed(
        self, follow: Callable[[Problem, np.ndarray], Any], strengths: np.ndarray, **options: Any
    ) -> Followed:
        """What `follow` finds, the way from a problem to its `LinearPath`, with the gaps of all rows: once more from a
        triangle of the rows where rounding in products shows."""
        problem = self.problem(**options)
        if not self.enough(problem, strengths):
            return self.exact().followed(follow, strengths, **options)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # which is for the gaps of all rows to tell
            path = follow(problem, strengths)
        gaps = self.gaps(problem, strengths, path.coef, path.intercept)
        whole, null = gaps.sum(axis=1), path.null_deviance
        share = whole / null if null > 0 else whole
        if not (self.sound or share.max() <= AGREE):
            return self.exact().followed(follow, strengths, **options)
        told = replace(path, gap=share, dual_gap=whole, feature_names=self.source.names)
        return Followed(told, problem, gaps)

    def gaps(self, problem: Problem, strengths: np.ndarray, coef: Any, intercept: np.ndarray) -> np.ndarray:
        """(k, m) duality gaps of each output, or (k, 1) where the penalty ties them, by one pass; see `true_gaps`."""
        coef = np.array([w.toarray() for w in coef]) if isinstance(coef, tuple) else coef
        return true_gaps(self.source, problem, self.every.total, strengths, coef, intercept)
