"""Figures of networks: training, the tree of modules, what lives, what dropout does."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch, Rectangle

from normax.diagnostics import DropoutEffect, Living
from normax.errors import InputError, suggest
from normax.plot.axes import Panel, heading, panel
from normax.report.labels import fitted
from normax.report.style import COLOURS, dress, families, picture, word, written
from normax.report.training import measure as draw_measure
from normax.report.tree import GAP, PAD, ROW, Box, laid_out

__all__ = ["dropout", "living", "module_tree", "training"]


def training(history: Any, ax: Axes | None = None, *, measure: str = "loss") -> Axes:
    """Training and validation curves of one measure against epochs.

    Args:
        history: what `nx.fit` returned, or an estimator with a `history_`.
        ax: axes to draw into; None makes a figure.
        measure: "loss", or a metric of the fit.

    Returns:
        The axes.

    Raises:
        InputError: for a measure that the fit did not take.

    Example:
        >>> from normax.training.history import History
        >>> training(History(np.array([2.0, 1.0]), None, 0.1, 0.05)).get_xlabel()
        'epoch'
    """
    history = getattr(history, "history_", history)
    if not hasattr(history, "columns"):
        raise InputError(f"history: expected what nx.fit returned, got {type(history).__name__}")
    known = [name for name in history.columns() if name != "epoch" and not name.startswith("validation_")]
    if measure not in known:
        raise InputError(f"measure: no {measure!r}{suggest(measure, known)}; the fit took {', '.join(known)}")
    ax = panel(ax, [written("validation")], above=0.2)
    draw_measure(history, measure, ax)
    return ax


def dropout(found: DropoutEffect, ax: Axes | None = None) -> Axes:
    """What a dropout layer does to each activation: its mean over masks, ± 1 standard deviation, against its value in
    evaluation mode. Inverted scaling keeps the means on the diagonal.

    Args:
        found: of `nx.diagnostics.dropout_effect`.
        ax: axes to draw into; None makes a figure.

    Returns:
        The axes.

    Raises:
        InputError: for anything else.

    Example:
        >>> from normax import nn
        >>> from normax.diagnostics import dropout_effect
        >>> net = nn.Sequential(nn.Dropout(0.25), nn.Linear(3, 1))
        >>> dropout(dropout_effect(net, np.ones((5, 3), "float32"))).get_xlabel()
        'activation in evaluation mode'

    Source:
        Srivastava et al., "Dropout", JMLR 2014.
    """
    if not isinstance(found, DropoutEffect):
        raise InputError(
            f"found: expected what nx.diagnostics.dropout_effect returns, got {type(found).__name__}"
        )
    ax = panel(ax, above=0.35)
    dress(ax)
    still, mean, sd = (values.ravel() for values in (found.still, found.mean, found.sd))
    shown = np.flatnonzero(still != 0)
    shown = shown[np.linspace(0, len(shown) - 1, min(len(shown), 300)).astype(int)] if len(shown) else shown
    x, y, spread = still[shown], mean[shown], sd[shown]
    ends = [min(x.min(initial=0), 0), max(x.max(initial=0), 1e-12)]
    ax.plot(ends, ends, color=COLOURS["muted"], linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    top = np.array(ends) / (1 - found.p) if found.p < 1 else np.array(ends)
    ax.plot(ends, top, color=COLOURS["s2"], linewidth=1.2, zorder=1)
    ax.plot(ends, [0, 0], color=COLOURS["s2"], linewidth=1.2, zorder=1)
    ax.errorbar(x, y, spread, fmt="none", ecolor=COLOURS["s1"], elinewidth=0.7, alpha=0.35, zorder=2)
    ax.scatter(x, y, s=7, color=COLOURS["s1"], linewidths=0, zorder=3)
    ax.set_xlabel(written("activation in evaluation mode"))
    ax.set_ylabel(written("in training: mean ± sd"))
    told = {"p": f"{found.p:g}", "share": f"{found.zero:.0%}", "masks": found.masks}
    heading(ax, written("p = {p}: {share} zero under each of {masks} masks", **told))
    word(ax, written("kept, × 1/(1 − p)"), (ends[1], top[1]), (-4, 2), ha="right", color=COLOURS["s2"])
    word(ax, written("dropped: 0"), (ends[1], 0), (-4, 3), ha="right", color=COLOURS["s2"])
    return ax


def living(found: Living, ax: Axes | None = None) -> Axes:
    """Inputs and neurons of a network, a row a layer: filled where alive, empty where a penalty took them out.

    Args:
        found: of `nx.diagnostics.living`.
        ax: axes to draw into; None makes a figure.

    Returns:
        The axes.

    Raises:
        InputError: for anything else.

    Example:
        >>> from normax import nn
        >>> from normax.diagnostics import living as computed
        >>> ax = living(computed(nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))))
        >>> [label.get_text() for label in ax.get_yticklabels()]
        ['inputs', 'layer 1', 'layer 2']
    """
    if not isinstance(found, Living):
        raise InputError(f"found: expected what nx.diagnostics.living returns, got {type(found).__name__}")
    rows = {written("inputs"): found.inputs, **found.neurons}
    named = len(found.features) <= 30
    counts = [_alive(lives.sum(), len(lives)) for lives in rows.values()]
    ax = panel(
        ax,
        [_alive(1000, 1000)],
        size=(4.6, 0.42 * len(rows) + 0.2),
        left=1.0,
        above=0.9 if named else 0.2,
    )
    dress(ax)
    ax.grid(visible=False)
    for row, lives in enumerate(rows.values()):
        wide = min(1 / len(lives), 0.05)
        for j, alive in enumerate(lives):
            face = COLOURS["s1"] if alive else "none"
            edge = COLOURS["s1"] if alive else COLOURS["muted"]
            box = Rectangle(
                (j * wide, row - 0.28), wide * 0.82, 0.56, facecolor=face, edgecolor=edge, linewidth=0.7
            )
            ax.add_patch(box)
        word(
            ax,
            counts[row],
            (1, row),
            (8, 0),
            xycoords=("axes fraction", "data"),
            va="center",
            annotation_clip=False,
        )
    if named:
        wide = min(1 / len(found.features), 0.05)
        for j, (name, alive) in enumerate(zip(fitted(list(found.features), 52), found.inputs)):
            colour = COLOURS["ink"] if alive else COLOURS["muted"]
            place = {"rotation": 90, "ha": "center", "va": "bottom", "color": colour, "parse_math": False}
            word(ax, name, (j * wide + 0.41 * wide, -0.34), (0, 2), annotation_clip=False, **place)
    ax.set_xlim(-0.005, 1.0)
    ax.set_ylim(len(rows) - 0.6, -0.4)
    ax.set_xticks([])
    ax.set_yticks(range(len(rows)), fitted(list(rows), 66), fontfamily=families(), parse_math=False)
    ax.tick_params(axis="y", length=0)
    ax.spines[["left", "bottom"]].set_visible(False)
    return ax


def _alive(count: int, total: int) -> str:
    return written("{count} of {all} alive", count=f"{count:,}", all=f"{total:,}")


def module_tree(net: Any, ax: Axes | None = None) -> Axes:
    """The tree of a network: modules as boxes, parameters with their shape, penalty and share of zeros.

    Equal neighbours are folded as "×2"; a bar under a parameter shows its share of exact zeros. `nx.draw` gives the
    same as an SVG that follows a page's light and dark.

    Args:
        net: the module.
        ax: axes to draw into; None makes a figure of the size that it takes.

    Returns:
        The axes, in pixels of the drawing.

    Raises:
        InputError: if `net` is no Module.

    Example:
        >>> from normax import nn
        >>> ax = module_tree(nn.Sequential(nn.Linear(3, 8), nn.ReLU()))
        >>> ax.texts[0].get_text()
        'Sequential'
    """
    from normax.nn.module import Module

    if not isinstance(net, Module):
        raise InputError(f"module_tree: expected a normax Module, got {type(net).__name__}")
    root, columns, width, height = laid_out(net)
    if ax is None:
        fig = picture(width / 80, height / 80)
        ax = fig.add_axes(Panel(fig, (0, 0, 1, 1)))
    else:
        ax = panel(ax)
    ax.set_xlim(0, width)
    ax.set_ylim(height, 0)
    ax.set_aspect("equal", adjustable="datalim" if isinstance(ax, Panel) else "box")
    ax.set_axis_off()
    points = ax.get_window_extent().height / ax.figure.dpi * 72 / height  # of a pixel of the drawing
    _text(ax, PAD + 4, PAD + 14, root.label, points, fontweight="bold")
    for i, line in enumerate(root.lines):
        _line(ax, line, PAD, PAD + ROW * (1 + i), width - 2 * PAD, points)
    x, top = float(GAP), PAD + ROW * (1 + len(root.lines))
    for column in columns:
        y, wide = float(top), max(b.width for b in column)
        for box in column:
            _box(ax, box, x, y, wide, points, 1)
            y += box.height + GAP
        x += wide + GAP
    return ax


def _box(ax: Any, box: Box, x: float, y: float, width: float, points: float, depth: int) -> None:
    look: dict[str, Any] = {"edgecolor": COLOURS["muted" if box.frozen else "faint"], "linewidth": 1}
    look |= {
        "facecolor": COLOURS["paper" if depth % 2 == 0 else "wash"],
        "linestyle": "--" if box.frozen else "-",
    }
    shape = f"round,pad=0,rounding_size={6}"
    for shift in (3, 0) if len(box.names) > 1 else (0,):  # the edge of a stack of equal ones
        ax.add_patch(FancyBboxPatch((x + shift, y + shift), width, box.height, boxstyle=shape, **look))
    _text(ax, x + PAD, y + 15, box.label, points, fontweight="bold")
    y += ROW
    for line in box.lines:
        _line(ax, line, x + PAD, y, width - 2 * PAD, points)
        y += ROW
    for child in box.children:
        _box(ax, child, x + PAD, y, width - 2 * PAD, points, depth + 1)
        y += child.height + 4


def _line(ax: Any, line: tuple, x: float, y: float, width: float, points: float) -> None:
    text, marks, zeros, charged = line
    _text(ax, x, y + 13, text, points, color=COLOURS["muted"])
    if marks:
        _text(ax, x + width, y + 13, marks, points, ha="right", color=COLOURS["s1" if charged else "muted"])
    if zeros is not None and (zeros > 0 or charged):
        for share, colour in ((1.0, "faint"), (zeros, "s2")):
            ax.add_patch(Rectangle((x, y + 17), width * share, 2.5, facecolor=COLOURS[colour], linewidth=0))


def _text(ax: Any, x: float, y: float, text: str, points: float, **look: Any) -> None:
    look = {"color": COLOURS["ink"]} | look
    ax.text(x, y, text, fontsize=10.2 * points, fontfamily=families(), parse_math=False, **look)
