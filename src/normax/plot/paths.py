"""Figures of paths: traces, errors, and several penalties side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

from normax.errors import InputError
from normax.plot.axes import panel
from normax.report import curves, traces
from normax.report.after_fit import Traced
from normax.report.curves import loss_label
from normax.report.labels import margin_labels
from normax.report.strength_axis import StrengthAxis, has_choice, number
from normax.report.style import COLOURS, SERIES, dress, set_heights, written

__all__ = ["compare", "cross_validation", "lasso_path", "ridge_trace"]


def lasso_path(path: Any, ax: Axes | None = None, *, output: int = 0, title: str | None = None) -> Axes:
    """One line a coefficient against the strength of the penalty, drawn where it is not exactly zero.

    The strength falls from left to right on a log scale, so that features come in from the left; a dot marks where one
    leaves zero. The ten that matter most carry their names, the others stay grey.

    Args:
        path: a `Path` or `LinearPath`, or a fitted estimator with a `path_`; of a network the first penalised weight.
        ax: axes to draw into; None makes a figure.
        output: of several outputs (classes), which one.
        title: what the height is; "coefficient" by default.

    Returns:
        The axes.

    Raises:
        InputError: for what is no path, and an output that there is not.

    Example:
        >>> from normax.linear_model.path import fit_path
        >>> X = np.random.default_rng(0).normal(size=(40, 3))
        >>> ax = lasso_path(fit_path(X, X[:, 0], strengths=[0.9, 0.5, 0.1]))
        >>> ax.get_ylabel()
        'coefficient'

    Source:
        Efron, Hastie, Johnstone & Tibshirani, "Least angle regression", Annals of Statistics 2004.
    """
    drawn, values, name = _traced(path, output)
    names = drawn.feature_names or [f"x{j}" for j in range(values.shape[1])]
    ax = panel(ax, names)
    counts, _, noun, state = traces.counted(drawn)
    traces.coefficients(drawn, ax, values, title or name)
    StrengthAxis(drawn).counts(ax, f"{noun} that are {state}", counts)
    return ax


def ridge_trace(
    path: Any, ax: Axes | None = None, *, output: int = 0, df: Any = None, title: str | None = None
) -> Axes:
    """The ridge trace: one line a coefficient against the strength of an L2 penalty; all shrink and none reaches zero.

    Lines that swing and cross zero before they settle belong to columns that tell nearly the same.

    Args:
        path, ax, output, title: as of `lasso_path`; `path` may also be what `ridge_trace` of `normax.linear_model`
            returned.
        df: `(k,)` effective degrees of freedom, as `nx.diagnostics.ridge_degrees_of_freedom(X, path.strengths)`, which
            are then written along the top: they say how simple the model is where no coefficient goes.

    Returns:
        The axes.

    Raises:
        InputError: as `lasso_path`; if `df` are not as many as the strengths.

    Example:
        >>> from normax.diagnostics import ridge_degrees_of_freedom
        >>> from normax.linear_model.path import fit_path
        >>> X, strengths = np.random.default_rng(0).normal(size=(40, 3)), [10.0, 1.0, 0.1]
        >>> path = fit_path(X, X[:, 0], strengths=strengths, l1_ratio=0.0)
        >>> ax = ridge_trace(path, df=ridge_degrees_of_freedom(X, strengths))

    Source:
        Hoerl & Kennard, "Ridge regression: biased estimation for nonorthogonal problems", Technometrics 1970.
    """
    if (
        not hasattr(path, "penalised") and np.ndim(getattr(path, "coef", ())) == 2
    ):  # of linear_model.ridge_trace
        path = Traced(path, path.coef)
    drawn, values, name = _traced(path, output)
    if df is not None and np.shape(df) != np.shape(drawn.strengths):
        raise InputError(f"df: expected one a strength, {len(drawn.strengths)}, got shape {np.shape(df)}")
    names = drawn.feature_names or [f"x{j}" for j in range(values.shape[1])]
    ax = panel(ax, names)
    traces.coefficients(drawn, ax, values, title or name)
    if df is not None:
        StrengthAxis(drawn).counts(ax, "effective degrees of freedom", np.asarray(df), lambda v: f"{v:.1f}")
    return ax


def cross_validation(path: Any, ax: Axes | None = None) -> Axes:
    """The error curves: held-out error with bars of ± 1 standard error, training error, and both choices.

    Args:
        path: a `Path`, with folds or without; a `LinearPath` or an estimator that was cross-validated.
        ax: axes to draw into; None makes a figure.

    Returns:
        The axes.

    Raises:
        InputError: for what is no path, one of several axes, and a `LinearPath` without held-out errors.

    Example:
        >>> from normax.paths import linear_path
        >>> X = np.random.default_rng(0).normal(size=(40, 30))
        >>> y = X[:, 0] + np.random.default_rng(1).normal(size=40)
        >>> ax = cross_validation(linear_path(X, y, strengths=[1.0, 0.5, 0.3, 0.1, 0.05], cv=4))
        >>> ax.get_ylabel()
        '½ squared error per row'

    Source:
        Breiman, Friedman, Olshen & Stone, "Classification and regression trees", 1984, for the 1-SE rule.
    """
    path = _path(path)
    if getattr(path, "axes", None):
        raise InputError("path: it has several axes; draw `path.at()`, or nx.plot.surface(path)")
    if hasattr(path, "fold_errors"):
        ax = panel(ax, [written("no penalty") + " ↑"])
        curves.errors(path, ax)
        counts, _, noun, state = traces.counted(path)
    elif path.cv_mean is None:
        raise InputError(
            "path: no strength was cross-validated; use an estimator with CV in its name, or nx.path"
        )
    else:
        ax = panel(ax)
        axis = StrengthAxis(path)
        dress(ax)
        axis.draw(ax)
        mean, se = axis.sort(path.cv_mean), axis.sort(path.cv_se)
        set_heights(ax, float(np.nanmin(mean - se)), float(np.nanmax(mean + se)))
        ax.errorbar(
            axis.x, mean, se, color=SERIES[0], linewidth=1.5, elinewidth=0.8, marker="o", markersize=2.5
        )
        if path.chosen is not None:
            ax.axvline(axis.place(path.chosen), color=COLOURS["ink"], linewidth=1.2, zorder=1.5)
        ax.set_ylabel(written("held-out error"))
        counts, noun, state = path.nonzero, "coefficients", "not zero"
    StrengthAxis(path).counts(ax, f"{noun} that are {state}", counts)
    return ax


def compare(
    paths: Sequence[Any] | Mapping[str, Any], ax: Axes | None = None, *, against: str = "strength"
) -> Axes:
    """The held-out errors of several paths on one scale, each with a dot at its own choice and a bar of ± 1 SE there.

    Args:
        paths: `Path`s of one loss on the same rows, in a list (named by their penalties) or by name.
        ax: axes to draw into; None makes a figure.
        against: "strength", each penalty's own on a log scale, or "nonzero", the number of penalised weights that are
            not zero, on which penalties that select can be compared by how much they keep.

    Returns:
        The axes.

    Raises:
        InputError: for no paths, paths without folds, and losses that differ.

    Example:
        >>> from normax.paths import linear_path
        >>> X = np.random.default_rng(0).normal(size=(40, 30))
        >>> y = X[:, 0] + np.random.default_rng(1).normal(size=40)
        >>> options = {"strengths": [3.0, 1.0, 0.5, 0.3, 0.1, 0.05], "cv": 4}
        >>> ax = compare([linear_path(X, y, penalty=name, **options) for name in ("l1", "elastic-net")])
        >>> [text.get_text() for text in ax.texts]
        ['L1 ↑', 'ElasticNet 0.500 ↑', 'null model']
    """
    named = dict(paths) if isinstance(paths, Mapping) else _by_penalty(paths)
    without = [name for name, path in named.items() if not has_choice(path)]
    if not named or without:
        raise InputError(f"paths: expected cross-validated paths, got {', '.join(without) or 'none'}")
    losses = {str(path.loss) for path in named.values()}
    if len(losses) > 1:
        raise InputError(f"paths: their losses differ, {', '.join(sorted(losses))}; they share no scale")
    if against not in ("strength", "nonzero"):
        raise InputError(f"against: expected 'strength' or 'nonzero', got {against!r}")
    ax = panel(ax, list(named))
    dress(ax)
    labels, ends = [], []
    if against == "strength":
        ax.set_xscale("log")
        ax.xaxis.set_minor_locator(NullLocator())
        ax.set_xlabel(written("← strong   strength of each penalty (log scale)   weak →"))
    else:
        ax.set_xlabel(written("penalised weights that are not zero"))
    for i, (name, path) in enumerate(named.items()):
        colour, axis = SERIES[i % len(SERIES)], StrengthAxis(path)
        x = axis.x if against == "strength" else axis.sort(path.nonzero)
        mean, best = axis.sort(path.cv_mean), path.best
        ax.plot(
            x,
            mean,
            color=colour,
            linewidth=1.6,
            linestyle="-" if i < len(SERIES) else (0, (4, 1.2)),
            zorder=2,
        )
        at = axis.place(best.index) if against == "strength" else best.nonzero
        look: dict[str, Any] = {
            "color": colour,
            "markeredgecolor": COLOURS["paper"],
            "markersize": 8,
            "zorder": 3,
        }
        ax.errorbar(at, best.cv_mean, best.cv_se, marker="o", elinewidth=1.4, **look)
        labels.append((float(mean[np.isfinite(mean)][-1]), name, colour))
        ends += [*mean[np.isfinite(mean)], best.cv_mean - best.cv_se, best.cv_mean + best.cv_se]
    if against == "strength":
        ax.set_xlim(ax.get_xlim()[::-1])
    low, high = min(ends), max(ends)
    nulls = [
        p.null_error[0] for p in named.values() if p.null_error is not None and np.isfinite(p.null_error[0])
    ]
    if nulls:
        ax.axhline(nulls[0], color=COLOURS["muted"], linewidth=1.1, linestyle=(0, (1, 1.5)), zorder=1)
        low, high = min(low, *nulls), max(min(high, nulls[0] + (nulls[0] - low)), *nulls)
        labels.append((float(nulls[0]), written("null model"), COLOURS["muted"]))
    set_heights(ax, low, high)
    loss = written(loss_label(next(iter(named.values())).loss))
    ax.set_ylabel(written("held-out {loss} per row", loss=loss))
    margin_labels(ax, labels)
    return ax


def _by_penalty(paths: Sequence[Any]) -> dict[str, Any]:
    """Paths named by their penalties, with what tells equal kinds apart."""
    kinds = [type(path.penalty).__name__ for path in paths]
    told = []
    for kind, path in zip(kinds, paths):
        ratio = getattr(path.penalty, "l1_ratio", None)
        told.append(f"{kind} {number(ratio)}" if ratio is not None else kind)
    return {
        name if told.count(name) == 1 else f"{name} ({i + 1})": path
        for i, (name, path) in enumerate(zip(told, paths))
    }


def _path(path: Any) -> Any:
    path = getattr(path, "path_", path)
    if not hasattr(path, "strengths"):
        raise InputError(
            f"path: expected a path, or a fitted estimator that has one, got {type(path).__name__}"
        )
    return path


def _traced(path: Any, output: int) -> tuple[Any, np.ndarray, str]:
    """What traces are drawn from, the values of one output, and what these are."""
    path = _path(path)
    if hasattr(path, "coef"):
        coef = np.array([w.toarray() for w in path.coef]) if isinstance(path.coef, tuple) else path.coef
        if not 0 <= output < coef.shape[1]:
            raise InputError(f"output: expected one of {coef.shape[1]}, from 0, got {output!r}")
        return Traced(path, coef[:, output]), coef[:, output], written("coefficient")
    if getattr(path, "axes", None):
        raise InputError("path: it has several axes; draw `path.at()`")
    found = traces.panels(path)
    if not 0 <= output < len(found):
        raise InputError(f"output: expected one of {len(found)}, from 0, got {output!r}")
    return path, found[output][1], found[output][0]
