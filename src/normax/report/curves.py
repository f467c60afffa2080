"""The error curves: cross-validated and training error along the path, the baselines, and both choices."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from normax.report.labels import margin_labels
from normax.report.strength_axis import StrengthAxis, has_choice
from normax.report.style import COLOURS, axes_points, dress, set_heights, word, written

__all__ = ["errors", "loss_label"]

STEEP = 8  # largest over smallest error from which on the axis is logarithmic

LOSSES = {
    "absolute": "absolute error",
    "squared": "½ squared error",
    "mse": "mean squared error",
    "cross_entropy": "cross-entropy",
    "binary_cross_entropy": "cross-entropy",
    "poisson": "Poisson neg. log-likelihood",
}


def loss_label(loss: Any) -> str:
    """What a loss measures, in words for an axis; an unknown name stands for itself."""
    name = loss if isinstance(loss, str) else getattr(loss, "__name__", "loss")
    return LOSSES.get(name, name.replace("_", " "))


def errors(path: Any, ax: Any, *, label_strength: bool = True) -> None:
    """Draw the error per row against the strength on `ax`, whose place on its figure is final.

    The cross-validated mean has a bar of ± 1 standard error at each strength; a thin line one standard
    error above the minimum shows why the 1-SE choice is where it is. The null model (no features) and the
    unpenalised one stand as lines to compare with. "underfitting" and "overfitting" are written only
    where the curve bears them out.

    Args:
        path: a result of `normax.path`.
        ax: matplotlib axes.
        label_strength: write the label of the strength axis and name the choices; off where another
            picture right below does it.
    """
    axis = StrengthAxis(path)
    dress(ax)
    axis.draw(ax, label_strength)
    blue, orange, muted = COLOURS["s1"], COLOURS["s2"], COLOURS["muted"]
    train, mean, se = (axis.sort(v) for v in (path.train_mean, path.cv_mean, path.cv_se))
    validated = has_choice(path)
    size = np.clip(axes_points(ax)[0] / len(axis.x) / 2, 1.6, 4)
    alone = 4 if len(axis.x) == 1 else 0

    ax.plot(axis.x, train, color=orange, linewidth=1.5, linestyle=(0, (4, 1)), marker="s", markersize=alone)
    labels = [(_last(train), written("training"), orange)]
    if validated:
        ax.errorbar(axis.x, mean, se, fmt="none", ecolor=blue, elinewidth=0.8, alpha=0.55)
        ax.plot(axis.x, mean, color=blue, linewidth=1.5, marker="o", markersize=size)
        labels.append((_last(mean), written("validation"), blue))
    for baseline, name, style in (
        (path.null_error, written("null model"), (0, (1, 1.5))),
        (path.unpenalised_error, written("no penalty"), (0, (5, 2, 1, 2))),
    ):
        if baseline is not None and np.isfinite(baseline[0]):
            ax.axhline(baseline[0], color=muted, linewidth=1.1, linestyle=style, zorder=1)
            labels.append((float(baseline[0]), name, muted))

    low, high = _limits(path, train, mean, se)
    log = validated and low > 0 and high > STEEP * float(np.nanmin(mean))
    if log:
        ax.set_yscale("log")
        ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        ax.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
        ax.yaxis.set_minor_locator(NullLocator())
    set_heights(ax, low, high, below=20 if label_strength else 6, above=18)
    loss = written(loss_label(path.loss))
    ax.set_ylabel(
        written("{loss} per row, log scale", loss=loss) if log else written("{loss} per row", loss=loss)
    )
    margin_labels(ax, labels)
    if validated:
        _one_se_rule(path, ax, axis)
        axis.choices(ax, label_strength)
        _regions(path, ax, axis, mean)


def _last(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(finite[-1]) if finite.size else float("nan")


def _limits(path: Any, train: np.ndarray, mean: np.ndarray, se: np.ndarray) -> tuple[float, float]:
    """What the error axis must show: the curves and the baselines, less an outlier that would flatten them."""
    values = np.concatenate([train, mean, mean - se, mean + se])
    values = values[np.isfinite(values)]
    low, high = float(values.min()), float(values.max())
    if has_choice(path):
        best, worst = float(np.nanmin(mean)), float(np.nanmax(mean))
        baselines = [b[0] for b in (path.null_error, path.unpenalised_error) if b is not None]
        null = best if path.null_error is None else path.null_error[0]
        high = min(high, best + 2.5 * max(null - best, (worst - best) / 4, 0.02 * abs(best)))
        near = [float(y) for y in baselines if y <= high + 0.3 * (high - low)]
        low, high = min([low, *near]), max([high, *near])
        if (
            high > STEEP * best > 0
        ):  # the training error of a network may go to 0: seen until overfitting is plain
            low = max(low, best / 50)
    return low, high


def _one_se_rule(path: Any, ax: Any, axis: StrengthAxis) -> None:
    """The threshold of the 1-SE rule, from the minimum leftwards to the strength it chooses."""
    threshold = path.minimum.cv_mean + path.minimum.cv_se
    ends = [axis.place(path.minimum.index), axis.place(path.one_se.index)]
    ax.plot(ends, [threshold] * 2, color=COLOURS["ink"], linewidth=0.9, zorder=3)
    for choice in (path.minimum, path.one_se):
        taken = choice.index == path.best.index
        ax.plot(
            axis.place(choice.index),
            choice.cv_mean,
            marker="o",
            markersize=7,
            markeredgewidth=1.4,
            color=COLOURS["ink"],
            markerfacecolor=COLOURS["s1"] if taken else COLOURS["paper"],
            zorder=4,
        )


def _regions(path: Any, ax: Any, axis: StrengthAxis, mean: np.ndarray) -> None:
    """Name the sides where the cross-validated error leaves the minimum's standard error, or plainly rises."""
    best, se = path.minimum.cv_mean, path.minimum.cv_se
    finite = np.flatnonzero(np.isfinite(mean))
    width = axes_points(ax)[0]
    sides = [
        (
            written("← underfitting"),
            "left",
            0.0,
            mean[finite[0]],
            axis.limits[0],
            axis.place(path.one_se.index),
        ),
        (
            written("overfitting →"),
            "right",
            1.0,
            mean[finite[-1]],
            axis.limits[1],
            axis.place(path.minimum.index),
        ),
    ]
    for text, side, end, error, edge, inner in sides:
        if error > best + se:
            ax.axvspan(edge, inner, color=COLOURS["wash"], zorder=0, linewidth=0)
            if abs(axis.share(edge) - axis.share(inner)) * width < 80:  # points: no room for the word
                continue
            away, look = (4 if side == "left" else -4, -4), {"style": "italic", "color": COLOURS["muted"]}
            word(ax, text, (end, 1), away, xycoords="axes fraction", ha=side, va="top", **look)
