"""The constraint picture: why a corner gives zeros, from a real fit."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Polygon

from normax.diagnostics import Constraint
from normax.errors import InputError
from normax.plot.axes import heading, panel
from normax.report.strength_axis import number
from normax.report.style import COLOURS, PAPER, dress, word, written

__all__ = ["constraint"]


def constraint(
    found: Constraint, ax: Axes | None = None, *, index: int | None = None, contours: int = 6
) -> Axes:
    """Two coefficients of a fit: contours of the loss around where it alone is smallest, and the ball of the penalty
    (a diamond for L1, a circle for L2, a rounded diamond for the elastic net) that they touch at the fit.

    Touched at a corner, a coefficient is exactly zero; a circle has no corner, and ridge no zeros. One contour goes
    through the fit; the others stand in equal steps of its distance from the minimum, on the scale of roots.

    Args:
        found: of `nx.diagnostics.constraint`.
        ax: axes to draw into; None makes a figure.
        index: which strength; by default one that shows a corner, if there is.
        contours: how many.

    Returns:
        The axes.

    Raises:
        InputError: for anything else, and a strength that there is not.

    Example:
        >>> from normax.diagnostics import constraint as computed
        >>> X = np.random.default_rng(0).normal(size=(60, 3))
        >>> ax = constraint(computed(X, X[:, 0] + 0.2 * X[:, 1], strengths=10))
        >>> ax.get_xlabel(), ax.get_ylabel()
        ('coefficient of x0', 'coefficient of x1')

    Source:
        Tibshirani, "Regression shrinkage and selection via the lasso", JRSS B 1996, figure 2.
    """
    if not isinstance(found, Constraint):
        raise InputError(
            f"found: expected what nx.diagnostics.constraint returns, got {type(found).__name__}"
        )
    i = found.telling() if index is None else index
    if not -len(found.strengths) <= i < len(found.strengths):
        raise InputError(f"index: expected one of {len(found.strengths)} strengths, from 0, got {index!r}")
    ax = panel(ax, size=(3.6, 3.6), above=0.35)
    dress(ax)
    ax.grid(visible=False)
    fit, free, ball = found.coef[i], found.free[i], found.boundary(i)
    middle, reach = _window(fit, free, ball)
    a, b = (np.linspace(m - reach, m + reach, 121) for m in middle)
    loss = found.loss(i, a[None, :], b[:, None])
    least, at = float(found.loss(i, *free)), float(found.loss(i, *fit))
    steps = np.arange(1, contours + 1) / max(contours // 2, 1)
    ax.contour(
        a,
        b,
        loss,
        levels=least + steps**2 * max(at - least, 1e-12),
        colors=COLOURS["s1"],
        linewidths=0.9,
        alpha=0.55,
    )
    if at > least:
        ax.contour(a, b, loss, levels=[at], colors=COLOURS["s1"], linewidths=1.8)
    ax.add_patch(Polygon(ball.T, facecolor=COLOURS["s2"], alpha=0.16, linewidth=0, zorder=1))
    ax.add_patch(Polygon(ball.T, facecolor="none", edgecolor=COLOURS["s2"], linewidth=1.6, zorder=2))
    for line in (ax.axhline, ax.axvline):
        line(0, color=COLOURS["muted"], linewidth=0.8, zorder=0.5)
    ax.plot(*free, "o", color=COLOURS["s1"], markersize=5, zorder=4)
    ax.plot(*fit, "o", color=COLOURS["ink"], markersize=7, zorder=5)
    above = 1 if free[1] >= fit[1] else -1
    foot = {1: "bottom", -1: "top"}
    word(
        ax,
        written("loss alone"),
        tuple(free),
        (0, 8 * above),
        ha="center",
        va=foot[above],
        bbox=PAPER,
        zorder=4.5,
    )
    side = "right" if free[0] >= fit[0] else "left"
    away = (-6 if side == "right" else 6, -6 * above)
    word(
        ax,
        written("fit"),
        tuple(fit),
        away,
        ha=side,
        va=foot[-above],
        fontweight="bold",
        bbox=PAPER,
        zorder=4.5,
    )
    ax.set_xlim(a[0], a[-1])
    ax.set_ylim(b[0], b[-1])
    ax.set_aspect("equal", adjustable="box")
    ax.set_xlabel(written("coefficient of {name}", name=found.names[0]), parse_math=False)
    ax.set_ylabel(written("coefficient of {name}", name=found.names[1]), parse_math=False)
    kind = {1.0: "L1", 0.0: "L2"}.get(found.l1_ratio, written("elastic net") + f" {found.l1_ratio:g}")
    told = ("", written(": one is zero"), written(": both are zero"))[int((fit == 0).sum())]
    strength = number(float(found.strengths[i]))
    heading(ax, written("{kind}, strength {strength}", kind=kind, strength=strength) + told)
    return ax


def _window(fit: np.ndarray, free: np.ndarray, ball: np.ndarray) -> tuple[np.ndarray, float]:
    """Middle and half the side of a square that shows the origin, the ball, the fit and the free minimum."""
    points = np.concatenate([ball.T, fit[None], free[None], np.zeros((1, 2))])
    low, high = points.min(axis=0), points.max(axis=0)
    return (low + high) / 2, float((high - low).max()) * 0.7 or 1.0
