"""The cross-validated path of squared error for rows that nobody holds at once, from the second moments of their folds."""

from __future__ import annotations

import time as clock
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from normax.errors import InputError
from normax.linear_model import LinearPath
from normax.linear_model.design.engine import side_by_side
from normax.linear_model.grid import RIDGE_RATIO, largest_of
from normax.linear_model.path import follow_path, follow_rows
from normax.linear_model.sources.folds import RowFolds
from normax.linear_model.sources.make import row_source
from normax.linear_model.sources.scatter import Scatter
from normax.linear_model.sources.source import Source
from normax.linear_model.streams.squares import Squares, problem_of
from normax.paths.arguments import Progress, check_strengths, unit_penalty
from normax.paths.linear import linear_outputs, module_of, scored
from normax.paths.result import Path
from normax.paths.timing import timed
from normax.penalties import L1, ElasticNet
from normax.penalties.mixture import mixture_of
from normax.selection import strength_grid, summarise, widened

__all__ = ["Sample", "Standard", "moments_path"]

# What varies by less than this share of its mean is constant, as for tables in memory.
ROUNDING = 1e-13


class Standard:
    """Features as a fit takes them: missing cells filled with the mean of the others, and all divided by their standard
    deviations, of some rows whose moments are known.

    A block holds `x − shift`, and 0 for a missing cell. With the 0/1 column m that tells which cells of x are missing,
    the filled column is `x + fill · m`, so that moments of what is filled follow from those of blocks, for every fold
    its own.

    Args:
        moments: of blocks and y behind them. masks: (p,) the column that tells where each is missing, −1 for none;
            shift: (p,).

    Attributes:
        fill: (p,) what missing cells of blocks become, which is the mean of every column; scale: (p,) deviations, 0 for
            constant columns. moments: of the standardised columns and y.
    """

    def __init__(self, moments: Scatter, masks: np.ndarray, shift: np.ndarray):
        p = len(masks)
        self.some = some = np.flatnonzero(masks >= 0)
        self.masks, self.fill, S = masks, moments.mean[:p].copy(), moments.full
        there = 1 - moments.mean[masks[some]]
        self.fill[some] = np.divide(self.fill[some], there, out=np.zeros_like(there), where=there > 0)
        S[:, some] += self.fill[some] * S[:, masks[some]]
        S[some] += self.fill[some, None] * S[masks[some]]
        self.scale = np.sqrt(np.maximum(np.diag(S)[:p], 0.0) / moments.total)
        self.scale[self.scale <= ROUNDING * np.abs(self.fill + shift)] = 0.0
        self.unit = np.divide(1.0, self.scale, out=np.zeros_like(self.scale), where=self.scale > 0)
        S[:, :p] *= self.unit
        S[:p] *= self.unit[:, None]
        mean = np.concatenate([np.zeros(p), moments.mean[p:]])
        self.moments = Scatter(moments.rows, moments.total, mean, np.asfortranarray(S))

    def block(self, X: np.ndarray) -> np.ndarray:
        """A block (r, p) with its missing cells filled, standardised."""
        Z = X - self.fill
        Z[:, self.some] += self.fill[self.some] * X[:, self.masks[self.some]]
        return np.multiply(Z, self.unit, out=Z)

    def of_blocks(self, coef: np.ndarray, intercept: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Coefficients (k, m, p) and intercepts (k, m) of standardised columns as those of blocks."""
        w = coef * self.unit
        own = w.copy()
        for mask in np.unique(self.masks[self.some]):
            filled = np.flatnonzero(self.masks == mask)
            own[..., mask] += w[..., filled] @ self.fill[filled]
        return own, intercept - w @ self.fill


class Sample(NamedTuple):
    """Some rows, for pictures: X (r, p) as in blocks, y (r,), and the fold that holds each out, (r,)."""

    X: np.ndarray
    y: np.ndarray
    folds: np.ndarray


def moments_path(
    blocks: Callable[[], Iterable[tuple[np.ndarray, np.ndarray]]],
    folds: RowFolds,
    masks: np.ndarray,
    shift: np.ndarray,
    sample: Sample,
    transform: Callable[[np.ndarray, np.ndarray], Any],
    *,
    penalty: Any = L1,
    strengths: Any = 100,
    select: str = "1se",
    feature_names: Any = None,
    tol: float = 1e-6,
    on_progress: Progress | None = None,
) -> Path:
    """`linear_path` of squared error, in two passes over blocks: the moments of all folds, and the gaps of all strengths.

    Every fold fills and standardises by its own training rows. Errors, coefficients and gaps are of all rows; what the
    result knows of single rows, `held_out_outputs` and `targets`, is of the sample.

    Args:
        blocks: a function that gives the blocks (X, y) of a fresh pass, as `Standard` takes them.
        folds: of all rows; masks, shift: as of `Standard`; sample: some rows.
        transform: from means and deviations (p,) to the transformer that rows as they are go through.
        penalty: mixtures of L1 and L2, as of `linear_path`; strengths, select, feature_names, tol, on_progress: likewise.

    Returns:
        A `Path`.

    Raises:
        InputError: for other penalties, and as the source of blocks.
    """
    began, report = clock.perf_counter(), on_progress or (lambda phase, done, total: None)
    unit = unit_penalty(penalty)
    mixture = mixture_of(unit)
    if mixture is None or not mixture[0]:
        raise InputError(
            f"penalty: rows beyond memory take mixtures of L1 and L2, got {unit!r}; say --penalty l1, l2 or elastic-net"
        )
    strength, ratio = mixture
    squares = Squares.of(_quiet(row_source(_counted(blocks, "moments", folds.n, report))), folds=folds)
    whole = Standard(squares.every, masks, shift)
    if isinstance(check_strengths(strengths), int) and 0 < ratio < 1:  # for y of unit variance
        sd = float(np.sqrt(whole.moments.full[-1, -1] / whole.moments.total))
        ratio = ratio / (ratio + (1 - ratio) / sd)
        unit = ElasticNet(strength, l1_ratio=ratio)
    seconds = {"moments": clock.perf_counter() - began}
    scores = _Scores(squares, masks, shift, sample, ratio, tol, report)
    with timed(seconds, "folds"):
        grid, values = scores.on(strengths, strength, whole)

    def standardised() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for X, y in _counted(blocks, "gaps", folds.n, report)():
            yield whole.block(X), y

    with timed(seconds, "fit on all rows"):
        rows = Squares(_quiet(row_source(standardised)), [], whole.moments, *whole.moments.triangle())
        final = follow_rows(rows, grid * strength, l1_ratio=ratio, tol=tol).path
    train, test, outputs = values
    sizes = scores.sizes
    return Path(
        strengths=grid,
        fold_errors=np.ascontiguousarray(test.T),
        fold_train_errors=np.ascontiguousarray(train.T),
        fold_sizes=sizes,
        train_mean=train.mean(axis=1),
        weights={"weight": final.coef, "bias": final.intercept},
        penalised=("weight",),
        loss="squared",
        penalty=unit,
        engine="linear",
        select=select,
        feature_names=None if feature_names is None else tuple(feature_names),
        gaps=final.gap,
        null_error=scored(scores.null, sizes),
        unpenalised_error=(*scored(scores.free, sizes), final.coef[0].size),
        held_out_outputs=outputs,
        targets=sample.y,
        transform=transform(whole.fill + shift, whole.scale),
        seconds=seconds,
        build=partial(module_of, final.coef, final.intercept, True),
        outputs=partial(linear_outputs, final.coef, final.intercept),
    )


class _Scores:
    """Errors of the training and of the held-out rows of every fold, from moments.

    Attributes:
        sizes: (K,) held-out weights; null, free: (K,) held-out errors of a constant and without a penalty, once asked.
    """

    def __init__(
        self,
        squares: Squares,
        masks: Any,
        shift: Any,
        sample: Sample,
        ratio: float,
        tol: float,
        report: Progress,
    ):
        self.parts, self.sample, self.report = squares.parts, sample, report
        self.sizes = np.array([part.total for part in self.parts])
        self.inside = [squares.every.without(part) for part in self.parts]
        self.standards = [Standard(moments, masks, shift) for moments in self.inside]
        self.problems = [
            problem_of(standard.moments.triangle()[0], len(masks), l1_ratio=ratio, tol=tol)
            for standard in self.standards
        ]
        self.ridge, self.null, self.free = ratio == 0, list[float](), list[float]()

    def on(self, strengths: Any, unit: float, whole: Standard) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
        """The grid, wider where it is automatic and the error asks for it, and for each strength errors (k, K) of both
        sides and outputs (k, rows, 1) of the sample."""
        grid = check_strengths(strengths)
        if not isinstance(grid, int):
            return grid, self.score(grid * unit)
        p = len(whole.fill)
        problem = problem_of(whole.moments.triangle()[0], p, l1_ratio=self.problems[0].rules.l1_ratio)
        largest = largest_of(problem) / unit
        if largest == 0:
            raise InputError(
                "no column of X has anything to do with y, so there is no strength to begin with"
            )
        ratio = RIDGE_RATIO if self.ridge else 1e-4 if whole.moments.rows >= p else 1e-2
        return widened(
            strength_grid(largest, grid, ratio),
            lambda some: self.score(some * unit),
            lambda train, test, outputs: summarise(test.T, self.sizes)[0],
            stronger=self.ridge,
            limits=self.limits,
        )

    def limits(self) -> tuple[float, float]:
        """Errors of the null model, and without a penalty."""
        null, free = (
            float(self.sizes @ np.array(each) / self.sizes.sum()) for each in (self.null, self.free)
        )
        return null, free

    def score(self, strengths: np.ndarray) -> tuple[np.ndarray, ...]:
        count = len(self.parts)
        self.report("folds", 0, count)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # the gaps of all rows tell
            found = side_by_side(
                partial(self.fold, strengths=strengths), count, lambda done: self.report("folds", done, count)
            )
        train, test, outputs = zip(*(each[:3] for each in found))
        if not self.null:
            self.null, self.free = ([each[at] for each in found] for at in (3, 4))
        held = np.full((len(strengths), len(self.sample.y), 1), np.nan)
        for k, own in enumerate(outputs):
            held[:, self.sample.folds == k] = own
        return np.stack(train, axis=1), np.stack(test, axis=1), held

    def fold(self, k: int, strengths: np.ndarray) -> tuple[Any, ...]:
        """Errors (k,) of both sides, outputs of the sample's rows, and held-out errors of a constant and of no penalty."""
        problem, part, inside = self.problems[k], self.parts[k], self.inside[k]

        def errors(moments: Scatter, path: LinearPath) -> np.ndarray:
            return (
                0.5
                * moments.squared_errors(*self.standards[k].of_blocks(path.coef, path.intercept))
                / moments.total
            )

        path, free = follow_path(problem, strengths), follow_path(problem.charging(l1_ratio=0.0), [0.0])
        w, b = self.standards[k].of_blocks(path.coef, path.intercept)
        rows = self.sample.X[self.sample.folds == k]
        outputs = rows @ w.swapaxes(1, 2) + b[:, None]
        null = replace(free, coef=0 * free.coef, intercept=inside.mean[-1:][None])
        return (
            errors(inside, path),
            errors(part, path),
            outputs,
            float(errors(part, null)[0]),
            float(errors(part, free)[0]),
        )


def _quiet(source: Source) -> Source:
    """A source whose passes others tell of."""
    source.progress = False
    return source


def _counted(
    blocks: Callable[[], Iterable[Any]], phase: str, n: int, report: Progress
) -> Callable[[], Iterator[Any]]:
    """The same blocks, told of as they go by."""

    def told() -> Iterator[Any]:
        done = 0
        for block in blocks():
            report(phase, done, n)
            yield block
            done += len(block[1])
        report(phase, n, n)

    return told
