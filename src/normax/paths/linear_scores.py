"""The scores of a linear path over its folds, and where its grid ends."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from normax.linear_model.design.engine import side_by_side
from normax.linear_model.families import family_of
from normax.linear_model.grid import is_ridge
from normax.paths.arguments import Progress
from normax.paths.folded import Split
from normax.paths.linear_folds import LinearFolds
from normax.paths.relaxed_folds import RelaxedFolds
from normax.selection import spent, summarise, widened

__all__ = ["Scores", "cross_validated"]


class Scores(NamedTuple):
    """Strengths (k,), errors (k, K) of the training and of the held-out rows of the folds, outputs (k, n, m) of the
    latter, (K,) errors of a constant and of the fit without a penalty, and which of several mixtures it is."""

    strengths: np.ndarray
    train: np.ndarray
    test: np.ndarray
    outputs: np.ndarray
    null: list[float]
    free: list[float]
    mixture: int


def cross_validated(
    engine: LinearFolds, whole: Split, grid: np.ndarray, own: float, automatic: bool, report: Progress
) -> Scores:
    """Every fold at every strength of the grid, and of more where an automatic one ends before the error does."""
    folds, sizes = engine.folded.folds, engine.folded.fold_sizes
    n, count = len(engine.targets), len(folds)
    baselines: list[tuple[Any, Any]] = []

    def tell(done: int) -> None:
        if done < count:
            report("folds", done, count)

    def score(strengths: np.ndarray) -> tuple[np.ndarray, ...]:
        first = not baselines
        report("folds", 0, count)
        scored = side_by_side(
            lambda number: engine.score(number, strengths * own, first), count, tell, "fold"
        )
        if first:
            baselines.extend((fold.null, fold.free) for fold in scored)
        *entries, _, m = scored[0].held_out.shape
        outputs = np.full((*entries, n, m), np.nan)
        for (_, test), fold in zip(folds, scored):
            outputs[..., test, :] = fold.held_out
        return (
            np.stack([f.train for f in scored], axis=1),
            np.stack([f.test for f in scored], axis=1),
            outputs,
        )

    def limits() -> tuple[float, float]:
        """Errors of the null model, and without a penalty, to which all penalties tend where there are rows enough."""
        null, free = sizes @ np.array(baselines, float) / sizes.sum()
        return null, free if whole.X.shape[1] < n else np.inf

    def error(_: Any, test: np.ndarray, __: Any) -> np.ndarray:
        return engine.means(test, sizes).min(axis=1)

    values, ridge = score(grid), is_ridge(**engine.charge)
    if automatic:
        end = _end(engine, grid, values[0], sizes)
        grid, values = grid[:end], tuple(part[:end] for part in values)
        if end is None or (ridge and np.argmin(error(*values)) == 0):
            grid, values = widened(grid, score, error, stronger=ridge, limits=limits, known=values)
            end = _end(engine, grid, values[0], sizes)
            grid, values = grid[:end], tuple(part[:end] for part in values)
    (train, test, outputs), (null, free) = values, map(list, zip(*baselines))
    if not isinstance(engine, RelaxedFolds):
        return Scores(grid, train, test, outputs, null, free, 0)
    best = int(np.argmin(engine.means(test, sizes).min(axis=0)))
    return Scores(grid, train[..., best], test[..., best], outputs[:, best], null, free, best)


def _end(engine: LinearFolds, grid: np.ndarray, train: np.ndarray, sizes: np.ndarray) -> int | None:
    """Where a grid ends because nothing more is gained on the training rows, from their errors (k, K, ...).

    Where features separate classes, or some of their rows, the loss falls for ever, and so may its mean over folds:
    up to the first row that is not as the others were.
    """
    if family_of(engine.family).identity:
        return None
    last = train.reshape(len(grid), len(sizes), -1)[
        ..., -1
    ]  # of several mixtures the last, which is the penalised fit
    return spent(grid, summarise(last.T, sizes)[0])
