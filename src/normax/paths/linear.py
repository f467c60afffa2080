"""linear_path: the certified engine, for models that are linear in their weights and convex."""

from __future__ import annotations

import time as clock
import warnings
from functools import partial
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from normax.errors import InputError, Notice
from normax.linear_model import max_strength
from normax.linear_model.threads import side_by_side
from normax.paths.linear_folds import LinearFolds
from normax.paths.problem import Problem, Progress, check_strengths, elastic_net_of, unit_penalty
from normax.paths.result import Path
from normax.penalties import L1
from normax.selection import strength_grid, summarise

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
            the values.
        ratio: smallest over largest strength of that grid; None is 1e-4, or 1e-2 where n < p. For pure L2,
            which has no largest strength, 1e-7 below a thousand times that of L1.
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
    mixture = elastic_net_of(unit)
    if mixture is None:
        raise InputError(f"penalty: a linear path takes mixtures of L1 and L2 of some strength, got {unit!r}")
    unit_strength, l1_ratio = mixture
    given = check_strengths(strengths)
    weight = None if sample_weight is None else np.asarray(sample_weight, float)
    problem = Problem(
        X, y, weight=weight, cv=cv, groups=groups, time=time, seed=seed, transform=transform,
        stratify=family != "gaussian",
    )  # fmt: skip

    whole = problem.all_rows()
    classes = int(y.max()) + 1 if family == "multinomial" else 1
    targets = _one_hot(y, classes) if family == "multinomial" else y
    # "mse" averages over outputs what "squared" halves and sums: the same minimiser at another strength.
    scale = 1.0 if loss != "mse" else 2.0 / (1 if y.ndim == 1 else y.shape[1])
    common: dict[str, Any] = {"family": family, "l1_ratio": l1_ratio, "fit_intercept": fit_intercept}
    if isinstance(given, int):
        largest = max_strength(whole.X, targets, sample_weight=weight, **common) * scale / unit_strength
        if largest == 0:
            raise InputError(
                "no column of X has anything to do with y, so there is no strength to begin with"
            )
        grid = strength_grid(largest, given, ratio or _default_ratio(l1_ratio, *whole.X.shape))
    else:
        grid = given
    inner = grid * unit_strength / scale
    seconds["preparing"] = clock.perf_counter() - began

    engine = LinearFolds(problem, targets, loss, family, inner, scale, l1_ratio, fit_intercept, tol)
    report = on_progress or (lambda phase, done, total: None)
    count, notices, outputs = len(problem.folds), [], None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        start = clock.perf_counter()
        if count:
            report("folds", 0, count)
        scored = side_by_side(engine.score, count, lambda done: done < count and report("folds", done, count))
        train_errors, test_errors, held_out, null_errors, free_errors = (
            list(part) for part in (zip(*scored) if count else ((),) * 5)
        )
        for (_, test), predicted in zip(problem.folds, held_out):
            if outputs is None:
                outputs = np.full((len(grid), len(y), predicted.shape[2]), np.nan)
            outputs[:, test] = predicted
        seconds["folds"] = clock.perf_counter() - start
        report("fit on all rows", 0, 1)
        start = clock.perf_counter()
        final = engine.fit(whole, inner)
        seconds["fit on all rows"] = clock.perf_counter() - start
        report("fit on all rows", 1, 1)
    notices += [str(w.message) for w in caught if issubclass(w.category, ConvergenceWarning)]
    for w in caught:
        if not issubclass(w.category, ConvergenceWarning):
            warnings.warn_explicit(w.message, w.category, w.filename, w.lineno)

    sizes = problem.fold_sizes
    folds = len(sizes)
    path = Path(
        strengths=grid,
        fold_errors=np.array(test_errors).reshape(folds, len(grid)),
        fold_train_errors=np.array(train_errors).reshape(folds, len(grid)),
        fold_sizes=sizes,
        train_mean=np.mean(train_errors, axis=0)
        if folds
        else engine.errors(final.predict(whole.X), whole.train),
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
    if l1_ratio == 0:
        return 1e-7
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
