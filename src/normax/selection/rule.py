"""From the errors of the folds to one strength."""

from __future__ import annotations

import numpy as np

from normax.errors import InputError, suggest
from normax.language import say

__all__ = ["choose", "edge_notice", "summarise", "verdict"]

RULES = ("1se", "min")


def summarise(fold_errors: np.ndarray, fold_sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cross-validated mean and its standard error, each fold weighing as many rows as it holds.

    `mean = Σ_k n_k e_k / Σ_k n_k` and `SE = √(Σ_k n_k (e_k − mean)² / Σ_k n_k / (K − 1))` over the K folds.

    Args:
        fold_errors: (K, k) mean errors of the held-out rows, one row a fold, one column a strength.
        fold_sizes: (K,) how many rows (or how much weight) each fold holds out.

    Returns:
        mean (k,) and standard error (k,); the error of a single fold is NaN, as are columns with a NaN.

    Raises:
        InputError: if the shapes do not fit or a size is not positive.

    Example:
        >>> mean, se = summarise([[1.0], [3.0]], [10, 10])
        >>> mean.tolist(), se.tolist()
        ([2.0], [1.0])

    Source:
        The weighted standard error is that of glmnet's `cv.glmnet` (Friedman, Hastie & Tibshirani,
        "Regularization paths for generalized linear models", JSS 2010).
    """
    errors, sizes = np.asarray(fold_errors, float), np.asarray(fold_sizes, float)
    if errors.ndim != 2 or sizes.shape != errors.shape[:1] or not np.all(sizes > 0):
        raise InputError(
            f"fold_errors: expected (folds, strengths) and as many positive fold sizes, "
            f"got {errors.shape} and sizes {sizes.tolist()}"
        )
    share = sizes / sizes.sum()
    mean = share @ errors
    spread = share @ (errors - mean) ** 2
    folds = len(sizes)
    se = np.sqrt(spread / (folds - 1)) if folds > 1 else np.full_like(mean, np.nan)
    return mean, se


def choose(strengths: np.ndarray, mean: np.ndarray, se: np.ndarray, rule: str = "1se") -> int:
    """Index of the chosen strength, in whatever order the strengths stand.

    `"min"` takes the smallest cross-validated mean; `"1se"` the largest strength whose mean is at most
    that minimum plus the standard error there: the simplest model that the data cannot tell from the
    best. Strengths whose mean is NaN are never chosen; of equal minima the largest strength wins.

    Args:
        strengths: (k,) strengths.
        mean: (k,) cross-validated means.
        se: (k,) their standard errors; NaN (a single fold) counts as 0.
        rule: "1se" (default: it guards against the optimism of a minimum) or "min".

    Returns:
        The index into `strengths`.

    Raises:
        InputError: if the rule is unknown, the shapes differ, or every mean is NaN.

    Example:
        >>> choose([1.0, 0.1, 0.01], [1.1, 1.0, 1.3], [0.2, 0.2, 0.2], rule="1se")
        0
        >>> choose([1.0, 0.1, 0.01], [1.1, 1.0, 1.3], [0.2, 0.2, 0.2], rule="min")
        1

    Source:
        Breiman et al., "Classification and Regression Trees", 1984, section 3.4.3.
    """
    if rule not in RULES:
        raise InputError(f"select: expected '1se' or 'min', got {rule!r}{suggest(rule, RULES)}")
    strengths, mean, se = (np.asarray(a, float) for a in (strengths, mean, se))
    if not strengths.shape == mean.shape == se.shape or strengths.ndim != 1:
        raise InputError(
            f"choose: expected three vectors of one length, got shapes "
            f"{strengths.shape}, {mean.shape} and {se.shape}"
        )
    if np.isnan(mean).all():
        raise InputError("choose: every cross-validated mean is NaN; no strength can be chosen")
    best = np.nanmin(mean)
    ties = np.flatnonzero(mean == best)
    lowest = ties[np.argmax(strengths[ties])]
    if rule == "min":
        return int(lowest)
    within = np.flatnonzero(mean <= best + np.nan_to_num(se[lowest]))
    return int(within[np.argmax(strengths[within])])


def edge_notice(
    strengths: np.ndarray, index_of_min: int, name: str = "strength", level: bool = False
) -> str | None:
    """What to tell a reader whose minimum lies at the edge of the grid, or None where it lies inside.

    Args:
        strengths: (k,) strengths.
        index_of_min: where the cross-validated mean is smallest.
        name: what they are, if they are not strengths; 0 is then taken for the end of the range.
        level: whether the error no longer changes there, or the model has no feature, so that going on would be of
            no use.

    Returns:
        One sentence, or None; None also for a single value.

    Example:
        >>> edge_notice([1.0, 0.1, 0.01], 2)
        'the error is smallest at the weakest strength, 0.01: a weaker one may do better still'
        >>> edge_notice([1.0, 0.1, 0.01], 2, level=True)
        'the error is smallest at the weakest strength, 0.01, and level there: this penalty does not help'
        >>> edge_notice([1.0, 0.1, 0.01], 1)
    """
    strengths = np.asarray(strengths, float)
    at = strengths[index_of_min]
    if len(strengths) < 2 or strengths.min() < at < strengths.max():
        return None
    if name != "strength":
        if at == 0:
            return None
        end, other = ("smallest", "smaller") if at == strengths.min() else ("largest", "larger")
    else:
        end, other = ("weakest", "weaker") if at == strengths.min() else ("strongest", "stronger")
    where = f"the error is smallest at the {end} {name}, {at:.3g}"
    if level and name == "strength":
        if end == "strongest":
            return "no feature predicts better than the mean: the error is smallest without any"
        return f"{where}, and level there: this penalty does not help"
    return f"{where}: a {other} one may do better still"


def verdict(
    chosen: float, null: tuple[float, float] | None, unpenalised: tuple[float, float] | None
) -> str | None:
    """What must be said first: that the chosen model is measurably worse than a simple one, by more than its standard
    error.

    Args:
        chosen: cross-validated error of the chosen model.
        null, unpenalised: (mean, standard error) without features and without a penalty, where they are known.

    Example:
        >>> verdict(2.9, (3.0, 0.1), (1.5, 0.1))
        'The chosen model is measurably worse than no penalty: its error is 2.9, and 1.5 ± 0.1 without a penalty.'
        >>> verdict(1.4, (3.0, 0.1), (1.5, 0.1))
    """
    known = (
        ("the null model", "{error} without features", null),
        ("no penalty", "{error} without a penalty", unpenalised),
    )
    worse = [
        (say(name), say(what, error=f"{pair[0]:.4g} ± {np.nan_to_num(pair[1]):.2g}"))
        for name, what, pair in known
        if pair is not None and chosen > pair[0] + np.nan_to_num(pair[1])
    ]
    if not worse:
        return None
    names, errors = (say(" and ").join(part) for part in zip(*worse))
    told = {"names": names, "error": f"{chosen:.4g}", "errors": errors}
    return say(
        "The chosen model is measurably worse than {names}: its error is {error}, and {errors}.", **told
    )
