"""The forest: estimates with their intervals, one a line."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from normax.errors import InputError
from normax.plot.axes import panel
from normax.report.labels import fitted, text_width
from normax.report.style import COLOURS, dress, families, word, written

__all__ = ["forest"]

ROW = 0.24  # inches
NAMES = ("names", "feature_names", "feature", "features", "name", "term")
EXTRA = ("high", "upper", "hi"), ("low", "lower", "lo"), ("estimate", "coef", "mean")


def forest(
    found: Any, ax: Axes | None = None, *, most: int = 25, sort: bool = True, title: str | None = None
) -> Axes:
    """A coefficient forest: one line an estimate, with its interval; a line at zero.

    An interval that keeps off zero is drawn in colour, one that holds zero in grey, and an estimate of exactly zero
    hollow.

    Args:
        found: anything with `estimate`, `low` and `high`, and `names` beside them: what bootstrap gives,
            `nx.diagnostics.fold_coefficients` or `permutation_importance`; a data frame or rows with such columns.
        ax: axes to draw into; None makes a figure.
        most: so many are drawn, the largest.
        sort: the largest on top; False keeps their order.
        title: what the estimates are; "estimate" by default.

    Returns:
        The axes.

    Raises:
        InputError: for what has no such columns, or columns of unequal length.

    Example:
        >>> from types import SimpleNamespace
        >>> ax = forest(SimpleNamespace(names=["age", "bmi"], estimate=[1.0, -2.0], low=[-1, -3], high=[3, -1]))
        >>> [label.get_text() for label in ax.get_yticklabels()]
        ['bmi', 'age']

    Source:
        Lewis & Clarke, "Forest plots: trying to see the wood and the trees", BMJ 2001.
    """
    names, estimate, low, high = _columns(found)
    order = np.argsort(-np.abs(estimate), kind="stable")
    kept = order[:most] if sort else np.sort(order[:most])
    words = fitted([names[i] for i in kept], 140)
    left = 0.3 + max(map(text_width, words)) / 72
    size = (4.2, ROW * (len(kept) + 0.8))
    ax = panel(ax, size=size, left=left, above=0.35)
    dress(ax)
    ax.grid(axis="y", visible=False)
    ax.grid(axis="x", color=COLOURS["faint"], linewidth=0.6)
    ax.axvline(0, color=COLOURS["muted"], linewidth=0.9, zorder=1)
    for place, i in enumerate(kept):
        sure = low[i] > 0 or high[i] < 0
        colour = COLOURS["s1"] if sure else COLOURS["muted"]
        ax.plot([low[i], high[i]], [place] * 2, color=colour, linewidth=2.0, solid_capstyle="butt", zorder=2)
        fill = colour if estimate[i] else COLOURS["paper"]
        ax.plot(estimate[i], place, "o", color=colour, markersize=5.5, markerfacecolor=fill, zorder=3)
    ax.set_ylim(len(kept) - 0.4, -0.6)
    ax.set_yticks(range(len(kept)), words, fontfamily=families(), parse_math=False)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set_xlabel(title or written("estimate"))
    if len(kept) < len(names):
        told = written("the {shown} largest of {all}", shown=len(kept), all=f"{len(names):,}")
        word(ax, told, (1, 1), (0, 4), xycoords="axes fraction", ha="right", color=COLOURS["muted"])
    return ax


def _columns(found: Any) -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray]:
    if isinstance(found, (list, tuple)) and found and isinstance(found[0], dict):
        found = {name: [row[name] for row in found] for name in found[0]}

    def column(names: tuple[str, ...]) -> Any:
        for name in names:
            held = name in found if hasattr(found, "keys") else hasattr(found, name)
            if held:
                return found[name] if hasattr(found, "keys") else getattr(found, name)
        return None

    high, low, estimate = (column(names) for names in EXTRA)
    missing = [names[0] for names, got in zip(EXTRA, (high, low, estimate)) if got is None]
    if missing:
        raise InputError(
            f"forest: expected estimate, low and high, got {type(found).__name__} without {missing}"
        )
    names = column(NAMES)
    if names is None and hasattr(found, "index") and not callable(found.index):
        names = found.index
    columns = [np.asarray(values, float).ravel() for values in (estimate, low, high)]
    labels = [f"x{j}" for j in range(len(columns[0]))] if names is None else [str(name) for name in names]
    if len({len(labels), *map(len, columns)}) > 1:
        raise InputError(f"forest: {len(labels)} names for {[len(c) for c in columns]} estimates and ends")
    if not labels:
        raise InputError("forest: no estimates")
    return labels, *columns  # type: ignore[return-value]
