"""linear_path: the certified engine, for models that are linear in their weights and convex."""

from __future__ import annotations

import time as clock
import warnings
from functools import partial
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from normax.errors import InputError, Notice
from normax.linear_model.design.threads import side_by_side
from normax.linear_model.families import family_of
from normax.linear_model.path import RIDGE_RATIO, is_ridge, max_strength, mixture_in_units, response
from normax.paths.arguments import Progress, check_strengths, unit_penalty
from normax.paths.folded import FoldedData
from normax.paths.linear_folds import LinearFolds
from normax.paths.result import Path
from normax.penalties import L1, ElasticNet
from normax.penalties.mixture import mixture_of
from normax.selection import strength_grid, summarise, widened

__all__ = ["linear_path"]

FAMILY_OF = {
    "squared": "gaussian",
    "mse": "gaussian",
    "cross_entropy": "multinomial",
    "binary_cross_entropy": "binomial",
}


def linear_path(
    X: Any,
    y: Any,
    *,
    loss: str = "squared",
    penalty: Any = L1,
    strengths: Any = 100,
    ratio: float | None = None,
    cv: Any = 10,
    groups: Any = None,
    time: Any = None,
    select: str = "1se",
    transform: Any = None,
    sample_weight: Any = None,
    fit_intercept: bool = True,
    feature_names: Any = None,
    seed: int = 0,
    tol: float = 1e-6,
    on_progress: Progress | None = None,
) -> Path:
    """The regularisation path of a linear model, cross-validated, every fit with its duality gap.

    Minimises `Σ_i w_i loss_i / Σ_i w_i + s·Ω(w)` for every strength s, on each fold's training rows and on
    all rows. JAX is not needed.

    Args:
        X: `(n, p)`; rows of anything that `transform` takes, finite numbers without one.
        y: `(n,)` numbers ("squared", "mse"; `(n, m)` too), 0/1 ("binary_cross_entropy") or integer classes
            ("cross_entropy").
        loss: the name of the loss.
        penalty: `L1`, `L2`, `ElasticNet`, an instance (its own strength multiplies), a sum, or a name.
        strengths: a count, for a geometric grid from the smallest strength that leaves no coefficient, or
            the values. While the cross-validated error is smallest at the weak edge of a grid, or for pure L2 at the
            strong one, and still changes there, the grid goes on beyond it, 15 decades at most. Under a count a mixture of
            L1 and L2 beside squared error is meant for y of unit variance, as glmnet's: `penalty` of the result states it
            for y as it is.
        ratio: smallest over largest strength of that grid; None is 1e-4, or 1e-2 where n < p. For pure L2, whose largest
            strength is that at which the features explain a thousandth of the deviance (`max_strength`), 1e-7.
        cv: a count of shuffled (for classes stratified) folds, a splitter, pairs, or None.
        groups: `(n,)`; rows of a group stay in one fold.
        time: `(n,)`; folds go forward in time.
        select: `"1se"` or `"min"`.
        transform: a scikit-learn transformer, fitted on the training rows of each fold. Where it does no more than
            standardise columns, squared error with an L1 part takes that from the products that folds share.
        sample_weight: `(n,)` weights >= 0.
        fit_intercept: whether to fit intercepts, which are never penalised.
        feature_names: names of the columns after `transform`.
        seed: of the folds.
        tol: the duality gap over the null deviance to certify.
        on_progress: called as `(phase, done, total)`.

    Returns:
        A `Path`.

    Raises:
        InputError: for data or arguments that cannot be used.

    Example:
        >>> import numpy as np
        >>> random = np.random.default_rng(0)
        >>> X = random.normal(size=(60, 5))
        >>> y = 3 * X[:, 0] + X[:, 1] + random.normal(size=60)
        >>> path = linear_path(X, y, cv=5, strengths=20)
        >>> np.flatnonzero(path.weights["weight"][path.best.index][0]).tolist()
        [0, 1]
    """
    if loss not in FAMILY_OF:
        raise InputError(f"loss: a linear path takes {', '.join(FAMILY_OF)}, got {loss!r}")
    if len(X) != len(y):
        raise InputError(f"X and y: expected as many rows in both, got {len(X)} and {len(y)}")
    began = clock.perf_counter()
    seconds: dict[str, float] = {}
    family, y = FAMILY_OF[loss], np.asarray(y)
    unit = unit_penalty(penalty)
    mixture = mixture_of(unit)
    if mixture is None or not mixture[0]:
        raise InputError(f"penalty: a linear path takes mixtures of L1 and L2 of some strength, got {unit!r}")
    unit_strength, l1_ratio = mixture
    given = check_strengths(strengths)
    weight = None if sample_weight is None else np.asarray(sample_weight, float)
    folded = FoldedData.of(
        X,
        y,
        cv,
        weight=weight,
        groups=groups,
        time=time,
        seed=seed,
        transform=transform,
        stratify=family != "gaussian",
    )
    whole = folded.all_rows()
    classes = int(y.max()) + 1 if family == "multinomial" else 1
    targets = _one_hot(y, classes) if family == "multinomial" else y
    # "mse" averages over outputs what "squared" halves and sums: the same minimiser at another strength.
    scale = 1.0 if loss != "mse" else 2.0 / (1 if y.ndim == 1 else y.shape[1])
    common: dict[str, Any] = {"family": family, "l1_ratio": l1_ratio, "fit_intercept": fit_intercept}
    if isinstance(given, int):
        if 0 < l1_ratio < 1 and family_of(family).identity:
            l1_ratio = common["l1_ratio"] = mixture_in_units(
                l1_ratio, response(targets, family, len(y)), family, weight
            )
            unit = ElasticNet(unit_strength, l1_ratio=l1_ratio)
        largest = max_strength(whole.X, targets, sample_weight=weight, **common) * scale / unit_strength
        if largest == 0:
            raise InputError(
                "no column of X has anything to do with y, so there is no strength to begin with"
            )
        grid = strength_grid(largest, given, ratio or _default_ratio(l1_ratio, *whole.X.shape))
    else:
        grid = given
    own = unit_strength / scale  # from a strength of the path to one of the family's mean loss
    seconds["preparing"] = clock.perf_counter() - began

    engine = LinearFolds(folded, targets, loss, family, scale, l1_ratio, fit_intercept, tol)
    report = on_progress or (lambda phase, done, total: None)
    count, sizes, notices = len(folded.folds), folded.fold_sizes, []
    baselines: list[tuple[Any, Any]] = []

    def score(strengths: np.ndarray) -> tuple[np.ndarray, ...]:
        """Errors (k, K) of training and of held-out rows, and outputs (k, n, m) of the latter."""
        first = not baselines
        report("folds", 0, count)
        scored = side_by_side(
            lambda number: engine.score(number, strengths * own, first),
            count,
            lambda done: done < count and report("folds", done, count),
        )
        if first:
            baselines.extend((fold.null, fold.free) for fold in scored)
        outputs = np.full((len(strengths), len(y), scored[0].held_out.shape[2]), np.nan)
        for (_, test), fold in zip(folded.folds, scored):
            outputs[:, test] = fold.held_out
        return np.column_stack([f.train for f in scored]), np.column_stack([f.test for f in scored]), outputs

    def limits() -> tuple[float, float]:
        """Errors of the null model, and without a penalty, to which all penalties tend where there are rows enough."""
        null, free = sizes @ np.array(baselines, float) / sizes.sum()
        return null, free if whole.X.shape[1] < len(y) else np.inf

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        start = clock.perf_counter()
        train_errors = test_errors = outputs = None
        if count and isinstance(given, int):
            grid, (train_errors, test_errors, outputs) = widened(
                grid,
                score,
                lambda _, test, __: summarise(test.T, sizes)[0],
                stronger=is_ridge(l1_ratio),
                limits=limits,
            )
        elif count:
            train_errors, test_errors, outputs = score(grid)
        seconds["folds"] = clock.perf_counter() - start
        report("fit on all rows", 0, 1)
        start = clock.perf_counter()
        final = engine.fit(whole, grid * own)
        seconds["fit on all rows"] = clock.perf_counter() - start
        report("fit on all rows", 1, 1)
    notices += [str(w.message) for w in caught if issubclass(w.category, ConvergenceWarning)]
    for w in caught:
        if not issubclass(w.category, ConvergenceWarning):
            warnings.warn_explicit(w.message, w.category, w.filename, w.lineno)

    none = np.zeros((0, len(grid)))
    null_errors, free_errors = map(list, zip(*baselines)) if baselines else ([], [])
    path = Path(
        strengths=grid,
        fold_errors=none if test_errors is None else np.ascontiguousarray(test_errors.T),
        fold_train_errors=none if train_errors is None else np.ascontiguousarray(train_errors.T),
        fold_sizes=sizes,
        train_mean=engine.errors(final.predict(whole.X), whole.train)
        if train_errors is None
        else train_errors.mean(axis=1),
        weights={"weight": final.coef, "bias": final.intercept},
        penalised=("weight",),
        loss=loss,
        penalty=unit,
        engine="linear",
        select=select,
        feature_names=None if feature_names is None else tuple(feature_names),
        gaps=final.gap,
        null_error=_scored(null_errors, sizes),
        unpenalised_error=_unpenalised_score(free_errors, sizes, final.coef[0].size),
        seconds=seconds,
        notices=tuple(notices),
        held_out_outputs=outputs,
        transform=whole.transform,
        build=partial(_as_module, final.coef, final.intercept, fit_intercept),
        outputs=partial(_linear, final.coef, final.intercept),
    )
    for notice in path.notices:
        warnings.warn(notice, Notice, stacklevel=2)
    return path


def _default_ratio(l1_ratio: float, n: int, p: int) -> float:
    if is_ridge(l1_ratio):
        return RIDGE_RATIO
    return 1e-4 if n >= p else 1e-2


def _one_hot(y: np.ndarray, classes: int) -> np.ndarray:
    """Classes as shares `(n, C)`, so that a fold without one of them still has its output."""
    if y.min() < 0 or not np.array_equal(y, np.round(y)):
        raise InputError("y: cross_entropy expects integer classes 0, 1, ...")
    return np.eye(classes)[y.astype(int)]


def _scored(errors: list[float], sizes: np.ndarray) -> tuple[float, float] | None:
    if not errors:
        return None
    mean, se = summarise(np.array(errors)[:, None], sizes)
    return float(mean[0]), float(se[0])


def _unpenalised_score(errors: list[float], sizes: np.ndarray, count: int) -> tuple[float, float, int] | None:
    score = _scored(errors, sizes)
    return None if score is None else (*score, count)


def _linear(coefs: np.ndarray, intercepts: np.ndarray, index: int, X: np.ndarray) -> np.ndarray:
    return X @ coefs[index].T + intercepts[index]


def _as_module(coefs: np.ndarray, intercepts: np.ndarray, bias: bool, index: int) -> Any:
    from normax import nn

    coef, intercept = coefs[index], intercepts[index]
    layer = nn.Linear(coef.shape[1], coef.shape[0], bias=bias)
    layer.weight.value = coef.astype(layer.weight.dtype)
    if bias:
        layer.bias.value = intercept.astype(layer.weight.dtype)
    return layer
