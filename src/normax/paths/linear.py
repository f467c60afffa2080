"""linear_path: the certified engine, for models that are linear in their weights and convex."""

from __future__ import annotations

import time as clock
import warnings
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from normax.errors import InputError, Notice
from normax.linear_model.design.validation import check_offset
from normax.linear_model.families import FAMILIES, Family, family_of
from normax.linear_model.grid import RIDGE_RATIO, is_ridge, max_strength, mixture_in_units
from normax.linear_model.path import LinearPath, response
from normax.paths.arguments import Progress, check_strengths, unit_penalty
from normax.paths.around import around
from normax.paths.folded import FoldedData, Split
from normax.paths.linear_folds import LinearFolds
from normax.paths.linear_scores import Scores, cross_validated
from normax.paths.relaxed_folds import RelaxedFolds
from normax.paths.result import Path
from normax.paths.timing import timed
from normax.penalties import L1, MCP, SCAD, SLOPE, ElasticNet, GroupLasso
from normax.penalties.concave_groups import ConcaveGroups
from normax.penalties.mixture import mixture_of
from normax.selection import strength_grid, summarise

__all__ = ["linear_outputs", "linear_path", "module_of", "scored"]

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
    loss: Any = "squared",
    offset: Any = None,
    penalty: Any = L1,
    strengths: Any = 100,
    ratio: float | None = None,
    cv: Any = 10,
    groups: Any = None,
    time: Any = None,
    select: str = "1se",
    gammas: Any = None,
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
            ("cross_entropy"); what the family takes, otherwise.
        loss: the name of the loss, or a family of `normax.linear_model.families` or its name: "poisson", "gamma",
            `Tweedie(1.7)`, `Huber(2.0)`, `Quantile(0.9)`, "cox", ... Outputs are linear predictors, the logarithm of
            the mean for counts and amounts, and for Cox's model of the hazard. Its held-out error is what the
            held-out rows add to the partial likelihood of the training rows. "ordinal" takes levels 0..K-1 and puts out
            K − 1 logits a row, of lying above each level but the last; the biases are minus the thresholds.
        offset: `(n,)` known part of the linear predictors, as log exposures of counts; held-out outputs have it, and
            `predict` of the result knows nothing of it: add it there. None for classes of more than two.
        penalty: `L1`, `L2`, `ElasticNet`, an instance (its own strength multiplies), a sum of these, or a name; or
            `GroupLasso`, `SparseGroupLasso`, `GroupMCP` and `GroupSCAD`, whose labels are those of the columns after
            `transform`; or `MCP`, `SCAD` and `SLOPE`.
        strengths: a count, for a geometric grid from the smallest strength that leaves no coefficient, or
            the values. While the cross-validated error is smallest at the weak edge of a grid, or for pure L2 at the
            strong one, and still changes there, the grid goes on beyond it, 15 decades at most. Under a count a
            mixture of L1 and L2 beside squared error is meant for y of unit variance, as glmnet's: `penalty` of the
            result states it for y as it is.
        ratio: smallest over largest strength of that grid; None is 1e-4, or 1e-2 where n < p. For pure L2, whose
            largest strength is that at which the features explain a thousandth of the deviance (`max_strength`), 1e-7.
        cv: a count of shuffled (for classes stratified) folds, a splitter, pairs, or None.
        groups: `(n,)`; rows of a group stay in one fold.
        time: `(n,)`; folds go forward in time.
        select: `"1se"` or `"min"`.
        gammas: mixtures in [0, 1] of the penalised fit with the one without a penalty on its columns, both made anew in
            each fold (the relaxed lasso, see `relaxed_path`). The mixture of the smallest error serves all
            strengths; it is `gamma` of the result. None is the penalised fit alone.
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
    family, name = _family(loss)
    if loss != name and family.classes and not _are_classes(family, np.asarray(y)):
        name = family.name  # shares, whose loss is not 0 at its least
    if len(X) != len(y):
        raise InputError(f"X and y: expected as many rows in both, got {len(X)} and {len(y)}")
    began = clock.perf_counter()
    y, unit = np.asarray(y), unit_penalty(penalty)
    mixture, charge = mixture_of(unit), dict[str, Any]()
    if mixture is not None:
        strength, charge = mixture[0], {"l1_ratio": mixture[1]}
    elif isinstance(unit, (GroupLasso, MCP, SCAD, SLOPE, ConcaveGroups)):
        strength, charge = unit.strength, {"penalty": replace(unit, strength=1.0)}
    else:
        raise InputError(
            "penalty: a linear path takes mixtures of L1 and L2, GroupLasso, SparseGroupLasso, MCP, SCAD, GroupMCP, "
            f"GroupSCAD and SLOPE, got {unit!r}"
        )
    if not strength:
        raise InputError(f"penalty: expected one of some strength, got {unit!r}")
    grid = check_strengths(strengths)
    weight = None if sample_weight is None else np.asarray(sample_weight, float)
    splits: dict[str, Any] = {"groups": groups, "time": time, "seed": seed, "transform": transform}
    folded = FoldedData.of(
        X, y, cv, weight=weight, stratify=_are_classes(family, y), ordered=name == "ordinal", **splits
    )
    whole, automatic = folded.all_rows(), isinstance(grid, int)
    targets = _one_hot(y, int(y.max()) + 1) if family.name == "multinomial" else y
    known = None if offset is None else _known(offset, family, len(y))
    # "mse" averages over outputs what "squared" halves and sums: the same minimiser at another strength.
    scale = 1.0 if name != "mse" else 2.0 / (1 if y.ndim == 1 else y.shape[1])
    own = strength / scale  # from a strength of the path to one of the family's mean loss
    if automatic and 0 < charge.get("l1_ratio", 1) < 1 and family.identity:
        units = response(targets, family, len(y)), family, weight
        charge = {"l1_ratio": mixture_in_units(charge["l1_ratio"], *units)}
        unit = ElasticNet(strength, **charge)
    if isinstance(grid, int):
        rules = {"family": family, "offset": known, "fit_intercept": fit_intercept, **charge}
        largest = max_strength(whole.X, targets, sample_weight=weight, **rules) * scale / strength
        if largest == 0:
            raise InputError(
                "no column of X has anything to do with y, so there is no strength to begin with"
            )
        grid = strength_grid(largest, grid, ratio or _default_ratio(charge, *whole.X.shape))
    seconds = {"preparing": clock.perf_counter() - began}
    fits = LinearFolds if gammas is None else partial(RelaxedFolds, gammas=_mixtures(gammas, folded, charge))
    engine = fits(folded, targets, known, name, family, scale, charge, fit_intercept, tol)
    report = on_progress or (lambda phase, done, total: None)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        if gammas is not None:  # columns that separate classes are no news here: the mixture tames their fit
            warnings.simplefilter("ignore", Notice)
        with timed(seconds, "folds"):
            scores = cross_validated(engine, whole, grid, own, automatic, report) if folded.folds else None
        if scores is not None:
            grid, engine = scores.strengths, engine.at(scores.mixture)
        report("fit on all rows", 0, 1)
        with timed(seconds, "fit on all rows"):
            final = engine.fit(whole, grid * own)
        report("fit on all rows", 1, 1)
    late = [issubclass(w.category, ConvergenceWarning) and not issubclass(w.category, Notice) for w in caught]
    notices = tuple(str(w.message) for w, kept in zip(caught, late) if kept)
    for w, kept in zip(caught, late):
        if not kept:
            warnings.warn_explicit(w.message, w.category, w.filename, w.lineno)
    names = None if feature_names is None else tuple(feature_names)
    told: dict[str, Any] = {"penalty": unit, "select": select, "feature_names": names, "notices": notices}
    path = _as_path(engine, whole, grid, final, scores, seconds=seconds, **told)
    for notice in path.notices:
        warnings.warn(notice, Notice, stacklevel=2)
    return path


def _as_path(
    engine: LinearFolds, whole: Split, grid: np.ndarray, final: LinearPath, scores: Scores | None, **told: Any
) -> Path:
    """The result, of the fit on all rows and of what the folds gave; `told` are its fields that the caller knows."""
    sizes, none = engine.folded.fold_sizes, np.zeros((0, len(grid)))
    bias = engine.intercept(final, whole.X, whole.train)
    if scores is None:
        train = engine.errors(engine.predict(final, whole.X, whole.train), whole.train)
    else:
        train = scores.train.mean(axis=1)
    free = None if scores is None else (*scored(scores.free, sizes), final.coef[0].size)
    return Path(
        strengths=grid,
        fold_errors=none if scores is None else np.ascontiguousarray(scores.test.T),
        fold_train_errors=none if scores is None else np.ascontiguousarray(scores.train.T),
        fold_sizes=sizes,
        train_mean=train,
        weights={"weight": final.coef, "bias": bias},
        penalised=("weight",),
        loss=engine.loss,
        engine="linear",
        gaps=final.gap,
        null_error=None if scores is None else scored(scores.null, sizes),
        unpenalised_error=free,
        held_out_outputs=None if scores is None else scores.outputs,
        targets=engine.folded.y,
        around=None
        if engine.gamma != 1
        else around(
            whole.X,
            engine.folded.y,
            engine.weights,
            engine.offset,
            final.coef,
            final.intercept,
            engine.family.name,
            engine.scale,
            engine.fit_intercept,
        ),
        row_weight=engine.folded.weight,
        transform=whole.transform,
        gamma=engine.gamma,
        build=partial(module_of, final.coef, bias, engine.fit_intercept),
        outputs=partial(linear_outputs, final.coef, bias),
        **told,
    )


def _family(loss: Any) -> tuple[Family, str]:
    """The family of a loss, and what the path calls it."""
    if isinstance(loss, str) and loss in FAMILY_OF:
        return family_of(FAMILY_OF[loss]), loss
    if isinstance(loss, str) and loss not in FAMILIES:
        raise InputError(
            f"loss: a linear path takes {', '.join(FAMILY_OF)}, or a family ({', '.join(FAMILIES)}), got {loss!r}"
        )
    family = family_of(loss)
    return family, {of: name for name, of in FAMILY_OF.items() if name != "mse"}.get(family.name, family.name)


def _are_classes(family: Family, y: np.ndarray) -> bool:
    """Whether folds should hold the values of y alike: classes and levels, and not shares of them."""
    return (
        (family.classes or family.name == "ordinal") and y.ndim == 1 and bool(np.array_equal(y, np.round(y)))
    )


def _known(offset: Any, family: Family, n: int) -> np.ndarray:
    """An offset (n,) as floats."""
    if family.coupled:
        raise InputError("offset: expected one output, and classes of more than two have several")
    known = check_offset(offset, (n, 1))
    assert known is not None
    return known[:, 0]


def _default_ratio(charge: dict[str, Any], n: int, p: int) -> float:
    if is_ridge(**charge):
        return RIDGE_RATIO
    return 1e-4 if n >= p else 1e-2


def _mixtures(gammas: Any, folded: FoldedData, charge: dict[str, Any]) -> np.ndarray:
    """Mixtures (g,) as floats, refused where there is nothing to mix or nothing to choose them by."""
    values = np.atleast_1d(np.asarray(gammas, float))
    if values.ndim != 1 or not len(values) or not ((values >= 0) & (values <= 1)).all():
        raise InputError(f"gammas: expected numbers in [0, 1], got {gammas!r}")
    if is_ridge(**charge):
        raise InputError(
            "gammas: L2 chooses no columns to fit again; use a penalty with an L1 part or groups"
        )
    if len(values) > 1 and not folded.folds:
        raise InputError(
            f"gammas: without folds there is nothing to choose one of {len(values)} by; give cv=5"
        )
    return values


def _one_hot(y: np.ndarray, classes: int) -> np.ndarray:
    """Classes as shares `(n, C)`, so that a fold without one of them still has its output."""
    if y.min() < 0 or not np.array_equal(y, np.round(y)):
        raise InputError("y: cross_entropy expects integer classes 0, 1, ...")
    return np.eye(classes)[y.astype(int)]


def scored(errors: list[float], sizes: np.ndarray) -> tuple[float, float]:
    """Mean over the folds and its standard error."""
    mean, se = summarise(np.array(errors)[:, None], sizes)
    return float(mean[0]), float(se[0])


def linear_outputs(coefs: np.ndarray, intercepts: np.ndarray, index: int, X: np.ndarray) -> np.ndarray:
    """Outputs (n, m) of one fit of many."""
    return X @ coefs[index].T + intercepts[index]


def module_of(coefs: np.ndarray, intercepts: np.ndarray, bias: bool, index: int) -> Any:
    """One fit of many as a layer."""
    from normax import nn

    coef, intercept = coefs[index], intercepts[index]
    coef = np.repeat(coef, len(intercept) // len(coef), axis=0)  # logits of levels share their coefficients
    layer = nn.Linear(coef.shape[1], coef.shape[0], bias=bias)
    layer.weight.value = coef.astype(layer.weight.dtype)
    if bias:
        layer.bias.value = intercept.astype(layer.weight.dtype)
    return layer
