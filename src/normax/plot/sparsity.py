"""The sparsity map: which weights are zero, and how large the others are."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from normax.errors import InputError, suggest
from normax.plot.axes import heading, panel
from normax.report.labels import fitted, text_width
from normax.report.strength_axis import StrengthAxis, has_choice
from normax.report.style import COLOURS, dress, families, word, written

__all__ = ["sparsity_map"]

MOST = 40  # names along an axis
FAINT = 0.25  # how far from white the smallest weight that is not zero stands
SIGNED = LinearSegmentedColormap.from_list("signed", [COLOURS["s2"], COLOURS["paper"], COLOURS["s1"]])


def sparsity_map(
    model: Any,
    ax: Axes | None = None,
    *,
    layer: str | None = None,
    index: int | None = None,
    names: Any = None,
) -> Axes:
    """Weights as cells: blank where exactly zero, blue above it, orange below, the stronger the larger.

    Of a linear model's path, features against strengths: which coefficient is in where. Of a network, one weight: its
    neurons (or channels) against its inputs.

    Args:
        model: a `Path`, a `LinearPath`, or a Module.
        ax: axes to draw into; None makes a figure.
        layer: of a network, the name of the weight; by default the first with two axes.
        index: of a network's path, the strength; the chosen one by default.
        names: of the inputs; the path's by default.

    Returns:
        The axes.

    Raises:
        InputError: for a weight that there is not.

    Example:
        >>> from normax import nn
        >>> sparsity_map(nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))).get_title("left")
        '0.weight: 24 of 24 weights are not zero'
    """
    path = getattr(model, "path_", model)
    if hasattr(path, "strengths") and getattr(path, "engine", "linear") == "linear":
        return _along_path(path, ax, names)
    weights = _weights(path, index)
    if not weights:
        raise InputError("sparsity_map: expected a model with a weight of two axes or more")
    layer = next(iter(weights)) if layer is None else layer
    if layer not in weights:
        raise InputError(
            f"layer: no weight {layer!r}{suggest(layer, weights)}; there are {', '.join(weights)}"
        )
    w = weights[layer]
    matrix = w if w.ndim == 2 else np.sqrt((w.reshape(*w.shape[:2], -1) ** 2).sum(axis=2))
    known = getattr(path, "feature_names", None) if names is None else names
    known = known if known is not None and len(known) == matrix.shape[1] else None
    words = fitted([str(name) for name in known], 90) if known is not None and len(known) <= MOST else []
    tall = float(np.clip(0.16 * len(matrix), 1.2, 4.0))
    ax = panel(
        ax, size=(4.6, tall), above=0.35, below=0.52 if not words else 0.25 + max(map(text_width, words)) / 72
    )
    _cells(ax, matrix)
    ax.set_ylabel(written("neuron") if w.ndim == 2 else written("channel"))
    ax.set_xlabel(written("input") if known is None else "")
    _integers(ax.yaxis, len(matrix))
    if words:
        ax.set_xticks(np.arange(len(words)) + 0.5, words, rotation=90)
        for tick in ax.get_xticklabels():
            tick.set(fontfamily=families(), parse_math=False)
    else:
        _integers(ax.xaxis, matrix.shape[1])
    counts = {"count": f"{np.count_nonzero(w):,}", "all": f"{w.size:,}"}
    heading(ax, f"{layer}: " + written("{count} of {all} weights are not zero", **counts))
    return ax


def _along_path(path: Any, ax: Any, names: Any) -> Axes:
    """Features (rows, the first to enter on top) against strengths, strong to weak."""
    if hasattr(path, "coef"):
        coef = (
            np.array([w.toarray() for w in path.coef])
            if isinstance(path.coef, tuple)
            else np.asarray(path.coef)
        )
    else:
        stacked = np.asarray(path.weights[path.penalised[0]], float)
        coef = stacked.reshape(len(stacked), -1, stacked.shape[-1])
    values = coef[:, 0] if coef.shape[1] == 1 else np.linalg.norm(coef, axis=1)
    axis = StrengthAxis(path)
    values = axis.sort(values)
    known = names if names is not None else path.feature_names or [f"x{j}" for j in range(values.shape[1])]
    order = np.lexsort((-np.abs(values[-1]), -(values != 0).sum(axis=0)))
    rows = order[: 4 * MOST]
    words = fitted([str(known[j]) for j in rows], 120) if len(rows) <= MOST else []
    left = 0.3 + max(map(text_width, words), default=20.0) / 72
    ax = panel(ax, size=(4.4, float(np.clip(0.2 * len(rows), 1.0, 5.0))), left=left, above=0.35)
    dress(ax)
    ax.grid(visible=False)
    edges = np.sqrt(axis.x[1:] * axis.x[:-1]) if len(axis.x) > 1 else np.array([])
    edges = np.concatenate([[axis.limits[0]], edges, [axis.limits[1]]])
    ax.pcolormesh(edges, np.arange(len(rows) + 1), _shades(values[:, rows].T), cmap=SIGNED, vmin=-1, vmax=1)
    axis.draw(ax)
    ax.set_ylim(len(rows), 0)
    if words:
        ax.set_yticks(np.arange(len(rows)) + 0.5, words, fontfamily=families(), parse_math=False)
    else:
        ax.set_yticks([])
        ax.set_ylabel(written("{count} of {all} features", count=len(rows), all=f"{values.shape[1]:,}"))
    ax.tick_params(axis="y", length=0)
    if has_choice(path) if hasattr(path, "fold_errors") else path.chosen is not None:
        at = path.best.index if hasattr(path, "best") else path.chosen
        ax.axvline(axis.place(at), color=COLOURS["ink"], linewidth=1.2)
        side = "right" if axis.share(axis.place(at)) > 0.5 else "left"
        word(
            ax,
            written("chosen"),
            (axis.place(at), 1),
            (0, 3),
            xycoords=("data", "axes fraction"),
            ha=side,
            fontweight="bold",
        )
    return ax


def _shades(values: np.ndarray) -> np.ma.MaskedArray:
    """Numbers in [−1, 1], zeros masked, the smallest others still to be seen."""
    size = np.abs(values)
    share = FAINT + (1 - FAINT) * np.sqrt(size / (size.max() or 1.0))
    return np.ma.masked_where(~(size > 0), np.sign(values) * share)


def _cells(ax: Any, matrix: np.ndarray) -> None:
    dress(ax)
    ax.grid(visible=False)
    ax.pcolormesh(_shades(matrix), cmap=SIGNED, vmin=-1, vmax=1, rasterized=matrix.size > 5000)
    ax.set_ylim(len(matrix), 0)
    ax.set_xlim(0, matrix.shape[1])
    for spine in ax.spines.values():
        spine.set_visible(True)
        spine.set_color(COLOURS["faint"])


def _integers(axis: Any, count: int) -> None:
    """A few whole numbers from 0, in the middle of their cells."""
    every = next(step for step in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10**6) if count / step <= 10)
    places = np.arange(0, count, every)
    axis.set_ticks(places + 0.5, [str(place) for place in places])


def _weights(model: Any, index: int | None) -> dict[str, np.ndarray]:
    if hasattr(model, "strengths"):
        at = model.best.index if index is None else model.choice(index).index
        found = {name: np.asarray(stacked, float)[at] for name, stacked in model.weights.items()}
    elif hasattr(model, "named_parameters"):
        found = {name: np.asarray(cell.value, float) for name, cell in model.named_parameters()}
    else:
        raise InputError(f"model: expected a path or a Module, got {type(model).__name__}")
    return {name: w for name, w in found.items() if w.ndim >= 2}
