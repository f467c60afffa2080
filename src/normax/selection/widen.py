"""Going on with an automatic grid until the minimum of the error lies inside it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from normax.errors import Notice
from normax.selection.rule import choose, edge_notice

__all__ = ["levels_off", "spent", "tell_edge", "widened"]

REACHES = (1e1, 1e2, 1e4, 1e8)
"""By which factors a grid goes on, one after the other while the minimum stays at its edge."""

LEVEL, LEAST = 1e-4, 1e-3
"""Change of the error over the last decade, of itself and of all its range, below which nothing more comes: without a
penalty, or without a coefficient, the model is the same. An error below the second share of the range counts as that
share: what interpolates has no end but rounding."""


SPENT = 2.5e-4
"""Of all that strengths explain, the share that a further decade must add to the fit of the training rows. It is
glmnet's 1e-5 a step of its grid."""

SATURATED = 1e-3
"""The share of the first strength's loss below which all is explained, as glmnet has it."""


def spent(strengths: np.ndarray, train: np.ndarray) -> int | None:
    """How many strengths there are up to the first that adds nothing to the fit of the training rows, or leaves a
    thousandth of their loss; None, if none.

    Beyond it only what the rows cannot tell still moves: where features separate classes, or some of their rows,
    coefficients grow for ever.

    Args:
        strengths: (k,) decreasing; train: (k,) loss on training rows.

    Example:
        >>> strengths = 10.0 ** -np.arange(9)
        >>> spent(strengths, 1 + strengths), spent(strengths[:4], 1 + strengths[:4])
        (6, None)
        >>> spent(strengths, strengths)
        4

    Source:
        Friedman, Hastie & Tibshirani, JSS 2010, section 5.1, and `glmnet.control`.
    """
    decades = -np.diff(np.log10(strengths))
    gain, explained = -np.diff(train), train[0] - train[1:]
    over = (gain < SPENT * explained * decades) | (train[1:] <= SATURATED * train[0])
    ends = np.flatnonzero((explained > 0) & over)
    return int(ends[0]) + 2 if len(ends) else None


def widened(
    strengths: np.ndarray,
    evaluate: Callable[[np.ndarray], tuple[np.ndarray, ...]],
    error: Callable[..., np.ndarray],
    *,
    stronger: bool = False,
    limits: Callable[[], tuple[float, float]] = lambda: (np.inf, np.inf),
    reaches: tuple[float, ...] = REACHES,
    known: tuple[np.ndarray, ...] | None = None,
) -> tuple[np.ndarray, tuple[Any, ...]]:
    """Evaluate a grid, and more strengths past the edge where the error is smallest, until that is inside or the
    error is level.

    Nothing is evaluated twice, and nothing more where the minimum is inside at once. A grid ends where `evaluate`
    would have to warn that fits did not converge.

    Args:
        strengths: (k,) decreasing.
        evaluate: from strengths to arrays with one entry a strength.
        error: from these arrays to the error of each strength, (k,).
        stronger: whether the grid may go on beyond its strongest end as well, which an L1 part spares: there every
            coefficient is zero already.
        limits: asked once the grid is evaluated for the errors that the two ends tend to, the strong and the weak
            one, inf where not known; one below all errors of the grid makes it go on towards that end.
        reaches: by which factors the grid goes on, one after the other, at most.
        known: what `evaluate` gave for the strengths, if it was asked before.

    Returns:
        The strengths, decreasing, and the arrays for all of them.

    Example:
        >>> grid, (errors,) = widened(np.array([1.0, 0.1, 0.01]), lambda s: (np.log10(s / 1e-4) ** 2,), lambda e: e)
        >>> grid.round(9).tolist()
        [1.0, 0.1, 0.01, 0.001, 0.0001, 1e-05]
    """
    values, most = evaluate(strengths) if known is None else known, len(strengths)
    for reach in reaches:
        more = _beyond(strengths, error(*values), limits(), reach, most, stronger)
        if more is None:
            break
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", ConvergenceWarning)
                new = evaluate(more)
        except ConvergenceWarning:  # a grid goes on only as far as fits can be certified
            break
        order = 1 if more[0] < strengths[0] else -1
        joined = [np.concatenate(pair[::order]) for pair in zip(values, new)]
        strengths, values = np.concatenate((strengths, more)[::order]), tuple(joined)
    return strengths, values


def tell_edge(
    strengths: np.ndarray,
    error: np.ndarray,
    argument: str,
    *,
    stronger: bool,
    shown: np.ndarray | None = None,
    name: str = "alpha",
) -> None:
    """Warn of a minimum at an edge of a grid that was asked for by its count, where `widened` would go on.

    Args:
        strengths: (k,) decreasing; error: (k,); stronger: as of `widened`.
        argument: the name of what asked for the grid; shown: (k,) values as a user knows them, if not the strengths,
            and name: of one of them.

    Warns:
        Notice: which names the edge, and "auto" as the cure.

    Example:
        >>> with warnings.catch_warnings(record=True) as caught:
        ...     warnings.simplefilter("always")
        ...     tell_edge(np.array([1.0, 0.1, 0.01]), np.array([3.0, 2.0, 1.0]), "alphas", stronger=False)
        >>> str(caught[0].message)[:60]
        'alphas: the error is smallest at the smallest alpha, 0.01: a'
    """
    if len(strengths) < 2 or not np.isfinite(error).any():
        return
    at = choose(strengths, error, np.zeros(len(error)), "min")
    if not (at == len(strengths) - 1 or (stronger and at == 0)) or levels_off(strengths, error, at):
        return
    told = edge_notice(strengths if shown is None else shown, at, name)
    warnings.warn(f'{argument}: {told}; {argument}="auto" goes on by itself', Notice, stacklevel=4)


def _beyond(
    strengths: np.ndarray,
    error: np.ndarray,
    limits: tuple[float, float],
    reach: float,
    most: int,
    stronger: bool,
) -> np.ndarray | None:
    """At most so many more strengths, in steps of the grid, or None where there is no call for them."""
    if len(strengths) < 2 or not np.isfinite(error).any():
        return None
    at = choose(strengths, error, np.zeros(len(error)), "min")
    null, free = (limit if np.isfinite(limit) else np.inf for limit in limits)
    null = null if stronger else np.inf
    if min(null, free) < error[at] - LEVEL * abs(error[at]):  # past a hill, maybe: the end itself is better
        weak, at = (True, len(error) - 1) if free <= null else (False, 0)
        level = abs(error[at] - min(null, free)) <= LEVEL * abs(min(null, free))
    else:
        weak = at == len(strengths) - 1
        level = not (weak or (stronger and at == 0)) or levels_off(strengths, error, at)
    if level:
        return None
    step = strengths[-2] / strengths[-1] if weak else strengths[0] / strengths[1]
    count = int(np.clip(round(np.log(reach) / np.log(step)), 1, most))
    factors = max(reach, step) ** (np.arange(1, count + 1) / count)
    return strengths[-1] / factors if weak else strengths[0] * factors[::-1]


def levels_off(strengths: np.ndarray, error: np.ndarray, at: int) -> bool:
    """Whether the error no longer changes in the last decade up to the edge `at` of a grid.

    Args:
        strengths: `(k,)`, the grid, in its order.
        error: `(k,)` cross-validated errors.
        at: the index of the edge.

    Returns:
        True where going on would change the error no more; False on grids shorter than a decade.

    Example:
        >>> grid = 10.0 ** -np.arange(9)
        >>> levels_off(grid, 1 + grid, 8), levels_off(grid[:3], 1 + grid[:3], 2)
        (True, False)
    """
    strengths, error = np.asarray(strengths, float), np.asarray(error, float)
    edge = strengths[at]
    near = (strengths <= 10.001 * edge) & (10.001 * strengths >= edge)
    near[[max(at - 1, 0), min(at + 1, len(error) - 1)]] = True
    finite = np.isfinite(error)
    whole = np.ptp(error[finite])
    return bool(np.ptp(error[near & finite]) <= LEVEL * np.clip(abs(error[at]), LEAST * whole, whole))
