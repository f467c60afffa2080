"""Figures of predictions: residuals, predicted against true, and a classifier's curves."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from normax.diagnostics import Calibration, PrecisionRecall, Residuals, Roc
from normax.errors import InputError
from normax.plot.axes import panel
from normax.report.strength_axis import number
from normax.report.style import COLOURS, PAPER, SERIES, dress, word, written

__all__ = ["calibration", "precision_recall", "predicted", "residuals", "roc"]

SQUARE = (3.2, 3.2)  # inches
CURVE = "curve"  # marks lines that a label belongs to, so that further ones stand below


def residuals(found: Residuals, ax: Axes | None = None) -> Axes:
    """Residuals against predictions, with the mean of each tenth: what structure a model has left in them.

    A bend says that a shape is missing, a fan that the spread grows with the level.

    Args:
        found: of `nx.diagnostics.residuals`.
        ax: axes to draw into; None makes a figure.

    Returns:
        The axes.

    Example:
        >>> from normax.diagnostics import residuals as computed
        >>> residuals(computed([1.0, 2.0, 4.0], [1.0, 3.0, 3.0])).get_ylabel()
        'residual (true − predicted)'
    """
    found = _checked(found, Residuals, "residuals")
    ax = panel(ax)
    dress(ax)
    ax.axhline(0, color=COLOURS["muted"], linewidth=0.9, zorder=1)
    _cloud(ax, found.predicted, found.residual)
    parts = min(10, len(found.true) // 8)
    if parts > 2:
        tenths = np.array_split(np.argsort(found.predicted, kind="stable"), parts)
        x, y = ([values[rows].mean() for rows in tenths] for values in (found.predicted, found.residual))
        ax.plot(x, y, color=COLOURS["s2"], linewidth=1.8, marker="o", markersize=3.5, zorder=4)
        told = written("mean of each of {count} parts", count=parts)
        word(ax, told, (1, 1), (0, 3), xycoords="axes fraction", ha="right", color=COLOURS["s2"])
    ax.set_xlabel(written("predicted"))
    ax.set_ylabel(written("residual (true − predicted)"))
    return ax


def predicted(found: Residuals, ax: Axes | None = None) -> Axes:
    """Predicted against true numbers on equal scales, with the line on which they agree.

    Args:
        found: of `nx.diagnostics.residuals`.
        ax: axes to draw into; None makes a figure.

    Returns:
        The axes.

    Example:
        >>> from normax.diagnostics import residuals as computed
        >>> predicted(computed([1.0, 2.0, 4.0], [1.0, 3.0, 3.0])).get_xlabel()
        'predicted'
    """
    found = _checked(found, Residuals, "residuals")
    ax = panel(ax, size=SQUARE)
    dress(ax)
    values = np.concatenate([found.true, found.predicted])
    room = 0.04 * (float(np.ptp(values)) or 1.0)
    ends = [values.min() - room, values.max() + room]
    ax.plot(ends, ends, color=COLOURS["muted"], linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    _cloud(ax, found.predicted, found.true)
    ax.set_xlim(*ends)
    ax.set_ylim(*ends)
    ax.set_aspect("equal", adjustable="box")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(5))
    ax.set_xlabel(written("predicted"))
    ax.set_ylabel(written("true"))
    told = f"R² {found.r2:.3f}   RMSE {number(found.rmse)}"
    word(ax, told, (0, 1), (0, 4), xycoords="axes fraction")
    return ax


def roc(found: Roc, ax: Axes | None = None, *, label: str = "") -> Axes:
    """The ROC curve with its area; drawn again into the same axes, a further curve takes the next colour.

    Args:
        found: of `nx.diagnostics.roc`.
        ax: axes to draw into; None makes a figure.
        label: the curve's name.

    Returns:
        The axes.

    Example:
        >>> from normax.diagnostics import roc as computed
        >>> ax = roc(computed([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), label="lasso")
        >>> [text.get_text() for text in ax.texts]
        ['lasso: AUC 0.750']
    """
    found = _checked(found, Roc, "roc")
    ax, rank = _unit_square(ax, written("false positive rate"), written("true positive rate"))
    if rank == 0:
        ax.plot([0, 1], [0, 1], color=COLOURS["muted"], linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    told = f"{label}: AUC {found.auc:.3f}" if label else f"AUC {found.auc:.3f}"
    _curve(ax, rank, found.false_positive, found.true_positive, told, "post")
    return ax


def precision_recall(found: PrecisionRecall, ax: Axes | None = None, *, label: str = "") -> Axes:
    """Precision against recall with its average precision, and the base rate; further curves as of `roc`.

    Args:
        found: of `nx.diagnostics.precision_recall`.
        ax: axes to draw into; None makes a figure.
        label: the curve's name.

    Returns:
        The axes.

    Example:
        >>> from normax.diagnostics import precision_recall as computed
        >>> ax = precision_recall(computed([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]))
        >>> ax.get_xlabel(), ax.get_ylabel()
        ('recall', 'precision')
    """
    found = _checked(found, PrecisionRecall, "precision_recall")
    ax, rank = _unit_square(ax, written("recall"), written("precision"))
    if rank == 0:
        ax.axhline(found.base_rate, color=COLOURS["muted"], linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    average = written("average precision {value}", value=f"{found.average_precision:.3f}")
    _curve(ax, rank, found.recall, found.precision, f"{label}: {average}" if label else average, "pre")
    return ax


def calibration(found: Calibration, ax: Axes | None = None, *, label: str = "") -> Axes:
    """Observed shares against predicted probabilities, each bin with its 95 % interval; further ones as of `roc`.

    Above the diagonal things happen more often than was predicted.

    Args:
        found: of `nx.diagnostics.calibration`.
        ax: axes to draw into; None makes a figure.
        label: the curve's name.

    Returns:
        The axes.

    Example:
        >>> from normax.diagnostics import calibration as computed
        >>> ax = calibration(computed([0, 0, 1, 1], [0.1, 0.3, 0.7, 0.9], bins=2))
        >>> ax.get_ylabel()
        'observed share'
    """
    found = _checked(found, Calibration, "calibration")
    ax, rank = _unit_square(ax, written("predicted probability"), written("observed share"))
    if rank == 0:
        ax.plot([0, 1], [0, 1], color=COLOURS["muted"], linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    bars = [found.observed - found.low, found.high - found.observed]
    ax.errorbar(
        found.predicted, found.observed, bars, fmt="none", ecolor=SERIES[rank % 8], elinewidth=1.0, zorder=2
    )
    told = f"Brier {found.brier:.3f}"
    _curve(ax, rank, found.predicted, found.observed, f"{label}: {told}" if label else told, None)
    return ax


def _checked(found: Any, kind: type, name: str) -> Any:
    if not isinstance(found, kind):
        raise InputError(f"found: expected what nx.diagnostics.{name} returns, got {type(found).__name__}")
    return found


def _cloud(ax: Any, x: np.ndarray, y: np.ndarray) -> None:
    size = float(np.clip(900 / max(len(x), 1), 3, 14))
    ax.scatter(
        x, y, s=size, color=COLOURS["s1"], alpha=0.55, linewidths=0, zorder=3, rasterized=len(x) > 4000
    )


def _unit_square(ax: Any, x: str, y: str) -> tuple[Any, int]:
    """Square axes over [0, 1]², and how many curves are in them already."""
    ax = panel(ax, size=SQUARE, above=0.2)
    rank = sum(line.get_gid() == CURVE for line in ax.lines)
    if rank == 0:
        dress(ax)
        ax.set_xlim(-0.02, 1.02)
        ax.set_ylim(-0.02, 1.02)
        ax.set_aspect("equal", adjustable="box")
        ax.set_xticks(np.linspace(0, 1, 6))
        ax.set_yticks(np.linspace(0, 1, 6))
        ax.set_xlabel(x)
        ax.set_ylabel(y)
    return ax, rank


def _curve(ax: Any, rank: int, x: np.ndarray, y: np.ndarray, told: str, step: str | None) -> None:
    colour = SERIES[rank % len(SERIES)]
    look: dict[str, Any] = (
        {"marker": "o", "markersize": 4} if step is None else {"drawstyle": f"steps-{step}"}
    )
    ax.plot(x, y, color=colour, linewidth=1.7, zorder=3, gid=CURVE, **look)
    above = 0 if step == "pre" else None  # precision falls to the right, so that its foot is on the left
    at, side = ((0, 0), "left") if above == 0 else ((1, 0), "right")
    away = (6 if side == "left" else -6, 6 + 13 * rank)
    word(ax, told, at, away, xycoords="axes fraction", ha=side, color=colour, bbox=PAPER, zorder=5)
