"""The picture of a fit: its loss, and each metric below, against epochs."""

from __future__ import annotations

from typing import Any

from matplotlib.ticker import MaxNLocator

from normax.report.curves import STEEP
from normax.report.labels import margin_labels
from normax.report.style import COLOURS, Picture, dress, picture, written

__all__ = ["history_figure", "measure"]

LEFT, RIGHT, BELOW, ABOVE, BETWEEN, TALL = 0.8, 1.0, 0.55, 0.25, 0.25, 2.3  # inches


def history_figure(history: Any, *, width: float = 7.6) -> Picture:
    """Training and validation curves, one panel a measure, on one axis of epochs.

    Args:
        history: what `nx.fit` returned.
        width: inches.
    """
    columns = history.columns()
    measures = [name for name in columns if name != "epoch" and not name.startswith("validation_")]
    height = ABOVE + len(measures) * (TALL + BETWEEN) - BETWEEN + BELOW
    figure = picture(width, height)
    for i, name in enumerate(measures):
        bottom = height - ABOVE - (i + 1) * TALL - i * BETWEEN
        ax = figure.add_axes((LEFT / width, bottom / height, (width - LEFT - RIGHT) / width, TALL / height))
        measure(history, name, ax)
        if i < len(measures) - 1:
            ax.tick_params(axis="x", labelbottom=False)
            ax.set_xlabel("")
    return figure


def measure(history: Any, name: str, ax: Any) -> None:
    """Draw one measure of a history, in training and on the held-out rows, against epochs."""
    columns = history.columns()
    epochs = columns["epoch"]
    dress(ax)
    curves: list[tuple[str, Any, str, Any]] = [
        (written("training"), columns[name], COLOURS["s2"], (0, (4, 1)))
    ]
    if f"validation_{name}" in columns:
        curves.append((written("validation"), columns[f"validation_{name}"], COLOURS["s1"], "-"))
    for _, values, colour, line in curves:
        marker = "o" if len(epochs) == 1 else None
        ax.plot(epochs, values, color=colour, linestyle=line, linewidth=1.5, marker=marker)
    low = min((v.min() for _, v, _, _ in curves if len(v)), default=0)
    if low > 0 and max(v.max() for _, v, _, _ in curves) / low > STEEP:
        ax.set_yscale("log")
    ax.set_ylabel(written(name.replace("_", " ")))
    ax.set_xlabel(written("epoch"))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    margin_labels(ax, [(v[-1], label, colour) for label, v, colour, _ in curves if len(v)])
