"""Pictures of what is asked after a fit: criteria, relaxed lasso, stability, inflation, ridge trace, model paths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.ticker import LogLocator, NullLocator

from normax.report.labels import fitted, margin, margin_labels, text_width
from normax.report.strength_axis import StrengthAxis, number
from normax.report.style import (
    COLOURS,
    PAPER,
    SERIES,
    SIZE,
    Picture,
    dress,
    families,
    picture,
    set_heights,
    word,
    written,
)

__all__ = [
    "Traced",
    "criteria_figure",
    "inflation_figure",
    "model_figure",
    "relaxed_figure",
    "ridge_trace_figure",
    "stability_figure",
]

WIDTH, LEFT, BELOW, ABOVE, BETWEEN = 7.6, 0.72, 0.52, 0.55, 0.22  # inches, as of a path's figure
NAMED = 10  # lines that carry a name


def criteria_figure(criteria: Any) -> Picture:
    """AIC, BIC and EBIC above, degrees of freedom below; a dot at each minimum."""
    fig, axes = _panels([2.7, 1.5], ["EBIC: 0.0000", "degrees"])
    axis, (upper, lower) = StrengthAxis(criteria), axes
    rules = ("aic", "bic", "ebic")
    values = [axis.sort(getattr(criteria, rule)) for rule in rules]
    at = [criteria.best(rule) for rule in rules]
    axis.draw(upper, label=False)
    finite = np.concatenate([v[np.isfinite(v)] for v in values])
    # The criteria that matter lie between their minima and the null model; a steep end is cut.
    lowest = min(np.nanmin(v) for v in values)
    start = max(float(v[np.isfinite(v)][0]) for v in values)
    set_heights(upper, finite.min(), min(finite.max(), start + 0.25 * (start - lowest)), below=14)
    labels = []
    for rule, v, i, colour in zip(rules, values, at, SERIES):
        upper.plot(axis.x, v, color=colour, linewidth=1.5, clip_on=True)
        upper.plot(axis.place(i), getattr(criteria, rule)[i], "o", color=colour, markersize=6, zorder=4)
        upper.axvline(axis.place(i), color=colour, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1.2)
        labels.append(
            (float(v[np.isfinite(v)][-1]), f"{rule.upper()}: {number(criteria.strengths[i])}", colour)
        )
    margin_labels(upper, labels)
    upper.set_ylabel(written("criterion, smaller is better"))
    axis.counts(upper, "coefficients that are not zero", criteria.nonzero)
    axis.draw(lower)
    df = axis.sort(criteria.df)
    lower.plot(axis.x, df, color=COLOURS["ink"], linewidth=1.5)
    for i, colour in zip(at, SERIES):
        lower.plot(axis.place(i), criteria.df[i], "o", color=colour, markersize=5, zorder=4)
    set_heights(lower, 0.0, float(max(df.max(), 1.0)))
    lower.set_ylabel(written("degrees of freedom"))
    return fig


def relaxed_figure(relaxed: Any) -> Picture:
    """Held-out error against the strength, one line a mixture; the chosen fit marked. Traces without folds."""
    names = [f"γ = {g:g}{_role(g)}" for g in relaxed.gammas]
    fig, (ax,) = _panels([3.2], names)
    axis = StrengthAxis(relaxed)
    axis.draw(ax)
    axis.counts(ax, "coefficients that are not zero", relaxed.nonzero)
    if relaxed.best is None:
        values = np.linalg.norm(relaxed.coef, axis=(2, 3))
        ax.set_ylabel(written("size of the coefficients ‖w‖₂"))
        low, high = 0.0, float(values.max())
    else:
        values = relaxed.cv_mean
        low = float(np.nanmin(values))
        high = min(float(np.nanmax(values)), float(values[int(axis.order[0])].max()) * 1.05 - 0.05 * low)
        ax.set_ylabel(written("held-out loss per row"))
    set_heights(ax, low, high, below=22)
    labels = []
    for j, name in enumerate(names):
        curve = axis.sort(values[:, j])
        ax.plot(axis.x, curve, color=SERIES[j % 8], linewidth=1.5)
        labels.append((float(curve[-1]), name, SERIES[j % 8]))
    margin_labels(ax, labels)
    if relaxed.best is not None:
        i, j = relaxed.best
        ax.axvline(axis.place(i), color=COLOURS["ink"], linewidth=1.2, zorder=1.5)
        ax.errorbar(
            axis.place(i),
            values[i, j],
            relaxed.cv_se[i, j],
            color=COLOURS["ink"],
            marker="o",
            markersize=6,
            zorder=5,
        )
        _note(
            ax,
            written("chosen: {strength}", strength=number(relaxed.strengths[i]))
            + f", γ = {relaxed.gammas[j]:g}",
            axis.share(axis.place(i)),
        )
    return fig


def _role(gamma: float) -> str:
    return {0.0: written(" (no shrinkage)"), 1.0: " (lasso)"}.get(float(gamma), "")


def stability_figure(stability: Any) -> Picture:
    """The share of halves that chose each feature, against the strength; the selected ones carry their names."""
    names = _names(stability.feature_names, stability.frequency.shape[1])
    fig, (ax,) = _panels([3.4], names)
    axis = StrengthAxis(_Places(stability.strengths))
    axis.draw(ax)
    if stability.strengths.max() < 50 * stability.strengths.min():
        ax.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        ax.xaxis.set_major_formatter(lambda x, _: f"{x:g}")
    set_heights(ax, 0.0, 1.0)
    chosen = stability.selected[: 2 * NAMED].tolist()
    for j in np.flatnonzero(stability.frequency.any(axis=0)):
        rank = chosen.index(j) if j in chosen else None
        colour = COLOURS["faint"] if rank is None else SERIES[rank % 8]
        style = (0, (4, 1.2)) if rank is not None and rank >= 8 else "-"
        wide, above = (0.8, 1.5) if rank is None else (1.6, 3)
        ax.plot(
            axis.x,
            axis.sort(stability.frequency[:, j]),
            color=colour,
            linewidth=wide,
            linestyle=style,
            zorder=above,
        )
    ax.axhline(stability.threshold, color=COLOURS["ink"], linewidth=1.0, linestyle=(0, (4, 3)), zorder=2)
    told = written(
        "threshold {at}: at most {bound} false ones expected",
        at=f"{stability.threshold:g}",
        bound=f"{stability.bound:.2g}",
    )
    place, coords = (0, stability.threshold), ("axes fraction", "data")
    word(ax, told, place, (4, 3), xycoords=coords, zorder=4, bbox=PAPER)
    margin_labels(
        ax, [(float(stability.frequency[-1, j]), names[j], SERIES[r % 8]) for r, j in enumerate(chosen)]
    )
    ax.set_ylabel(written("share of halves that chose it"))
    return fig


def inflation_figure(inflation: Any) -> Picture:
    """Variance inflation factors as bars on a log scale, worst on top, with lines at 5 and 10."""
    rows = [row for row in inflation.table() if not np.isnan(row["vif"])][:30]
    names = fitted([row["feature"] for row in rows], 140)
    vif = np.array([row["vif"] for row in rows]) if rows else np.ones(1)
    finite = vif[np.isfinite(vif)]
    end = max(20.0, float(finite.max()) * 1.6 if len(finite) else 20.0, 100.0 if np.isinf(vif).any() else 0.0)
    left = 0.25 + max(map(text_width, names), default=30.0) / 72
    height = ABOVE + 0.24 * max(len(rows), 2) + BELOW
    fig = picture(WIDTH, height)
    ax = fig.add_axes(
        (left / WIDTH, BELOW / height, (WIDTH - left - 0.8) / WIDTH, (height - ABOVE - BELOW) / height)
    )
    dress(ax)
    ax.grid(visible=False)
    ax.set_xscale("log")
    ax.set_xlim(1.0, end)
    ax.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)) if end < 300 else LogLocator())
    ax.xaxis.set_major_formatter(lambda x, _: f"{x:g}" if x < 1e5 else f"{x:.0e}")
    ax.xaxis.set_minor_locator(NullLocator())
    places = np.arange(len(rows))[::-1]
    for place, value in zip(places, vif):
        colour = COLOURS["s2"] if value >= 10 else COLOURS["s3"] if value >= 5 else COLOURS["s1"]
        ax.barh(place, min(value, end) - 1, left=1, height=0.62, color=colour)
        told = written("∞: repeats others") if np.isinf(value) else f"{value:.3g}"
        at = (min(value, end), place)
        if at[0] > end**0.75:  # inside the bar
            word(ax, told, at, (-4, 0), va="center", ha="right", color=COLOURS["paper"])
        else:
            word(ax, told, at, (4, 0), va="center", ha="left", bbox=PAPER)
    for mark in (5, 10):
        ax.axvline(mark, color=COLOURS["muted"], linewidth=0.9, linestyle=(0, (4, 3)), zorder=0)
    ax.set_yticks(places, names, parse_math=False, fontfamily=families())
    ax.set_ylim(-0.6, max(len(rows), 2) - 0.4)
    ax.set_xlabel(
        written("variance inflation factor (log scale); above 5 to 10 a coefficient is hard to tell")
    )
    left_out = len(inflation.vif) - len(rows)
    more = written("; {count} more columns not shown", count=left_out) if left_out else ""
    ax.set_title(
        written("condition number {number}", number=number(inflation.condition_number)) + more,
        fontsize=SIZE,
        fontfamily=families(),
        loc="left",
        color=COLOURS["ink"],
    )
    return fig


def ridge_trace_figure(trace: Any) -> Picture:
    """Coefficients above, what is left of their variance inflation below, on one strength axis."""
    names = _names(trace.feature_names, trace.coef.shape[1])
    fig, (upper, lower) = _panels([2.6, 1.9], names)
    axis = StrengthAxis(_Places(trace.strengths))
    axis.draw(upper, label=False)
    axis.draw(lower)
    coef, vif = axis.sort(trace.coef), np.maximum(axis.sort(trace.vif), 1e-12)
    upper.axhline(0, color=COLOURS["muted"], linewidth=0.8, zorder=1)
    set_heights(upper, min(coef.min(), 0.0), max(coef.max(), 0.0))
    lower.set_yscale("log")
    lower.yaxis.set_minor_locator(NullLocator())
    set_heights(lower, max(vif.min(), 1e-3), max(vif.max(), 2.0))
    lower.axhline(1, color=COLOURS["muted"], linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    lower.axhline(10, color=COLOURS["muted"], linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    leading = np.argsort(-vif[-1], kind="stable")[:NAMED].tolist()
    for j in range(coef.shape[1]):
        rank = leading.index(j) if j in leading else None
        colour = COLOURS["faint"] if rank is None else SERIES[rank % 8]
        style = (0, (4, 1.2)) if rank is not None and rank >= 8 else "-"
        for ax, values in ((upper, coef), (lower, vif)):
            ax.plot(
                axis.x,
                values[:, j],
                color=colour,
                linewidth=0.8 if rank is None else 1.6,
                linestyle=style,
                zorder=1.2 if rank is None else 2.5,
            )
    for ax, values in ((upper, coef), (lower, vif)):
        margin_labels(ax, [(float(values[-1, j]), names[j], SERIES[r % 8]) for r, j in enumerate(leading)])
    upper.set_ylabel(written("standardised coefficient"))
    lower.set_ylabel(written("variance inflation"))
    return fig


def model_figure(path: Any) -> Picture:
    """Coefficient traces of a linear model's path; above them its cross-validated error where it has one."""
    from normax.report.traces import coefficients

    names = _names(path.feature_names, path.coef.shape[2])
    folded = path.cv_mean is not None
    fig, axes = _panels([2.0, 2.6] if folded else [3.0], names)
    values = path.coef[:, 0] if path.coef.shape[1] == 1 else np.linalg.norm(path.coef, axis=1)
    axis, at = StrengthAxis(path), path.chosen
    coefficients(
        Traced(path, values),
        axes[-1],
        values,
        written("coefficient") if path.coef.shape[1] == 1 else written("norm over outputs"),
    )
    if folded:
        ax = axes[0]
        axis.draw(ax, label=False)
        mean, se = axis.sort(path.cv_mean), axis.sort(path.cv_se)
        low, high = float(np.nanmin(mean - np.nan_to_num(se))), float(np.nanmax(mean + np.nan_to_num(se)))
        set_heights(ax, low, high)
        ax.errorbar(
            axis.x, mean, se, color=COLOURS["s1"], linewidth=1.5, elinewidth=0.8, marker="o", markersize=2.5
        )
        ax.set_ylabel(written("held-out error"))
    axis.counts(axes[0], "coefficients that are not zero", path.nonzero)
    if at is not None and len(path.strengths) > 1:
        for ax in axes:
            ax.axvline(axis.place(at), color=COLOURS["ink"], linewidth=1.2, zorder=1.5)
        _note(
            axes[-1],
            written("chosen: {strength}", strength=number(float(path.strengths[at]))),
            axis.share(axis.place(at)),
        )
    return fig


class _Places:
    """Strengths alone, as the axis wants them."""

    def __init__(self, strengths: np.ndarray):
        self.strengths = strengths


class Traced:
    """A linear model's path with the attributes that traces are drawn from."""

    fold_errors: tuple = ()
    engine = "linear"

    def __init__(self, path: Any, values: np.ndarray):
        self.strengths, self.feature_names, self.penalised = path.strengths, path.feature_names, ("w",)
        self.weights, self.nonzero = {"w": values[:, None, :]}, np.count_nonzero(values, axis=1)


def _names(names: Sequence[str] | None, p: int) -> list[str]:
    return [str(name) for name in names] if names is not None else [f"x{j}" for j in range(p)]


def _note(ax: Any, text: str, share: float) -> None:
    """A word at the foot of a vertical line, on the side that has room."""
    away, side = (-4, "right") if share > 0.6 else (4, "left")
    word(ax, text, (share, 0), (away, 4), xycoords="axes fraction", ha=side, va="bottom", fontweight="bold")


def _panels(heights: list[float], names: Sequence[str]) -> tuple[Picture, list[Any]]:
    """Axes one below the other, with room to the right for the longest name."""
    height = ABOVE + sum(heights) + BETWEEN * (len(heights) - 1) + BELOW
    right = margin(names)
    fig, y, axes = picture(WIDTH, height), height - ABOVE, []
    for i, tall in enumerate(heights):
        y -= tall
        ax = fig.add_axes((LEFT / WIDTH, y / height, (WIDTH - LEFT - right) / WIDTH, tall / height))
        dress(ax)
        ax.yaxis.set_label_coords(-(LEFT - 0.2) / (WIDTH - LEFT - right), 0.5)
        if i < len(heights) - 1:
            ax.tick_params(axis="x", labelbottom=False)
        y -= BETWEEN
        axes.append(ax)
    return fig, axes
