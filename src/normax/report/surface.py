"""The picture of two hyper-parameters at once: the validation error as a heat map."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, LogNorm, Normalize

from normax.report.curves import STEEP, loss_label
from normax.report.strength_axis import has_choice, number
from normax.report.style import (
    COLOURS,
    SIZE,
    Picture,
    axes_points,
    columns,
    dress,
    families,
    picture,
    short,
    word,
    written,
)

__all__ = ["draw_surface", "surface_figure"]

CELLS = LinearSegmentedColormap.from_list("error", ["#f3f8fc", "#7fb6dc", "#0b5f99", "#06304f"])
ON_LIGHT, ON_DARK = "#15202b", "#fdfdfd"  # no roles: the cells keep their colours in the dark

WIDE = 7.6  # inches


def surface_figure(path: Any, *, width: float = WIDE, axes: tuple[str, str] | None = None) -> Picture:
    """Draw the error of a path with several axes as a heat map, the lighter the better.

    Every combination is a cell. A ring marks the minimum, a disc the entry that was chosen; dots mark all that lie
    within one standard error of the minimum, which the data cannot tell from it.

    Args:
        path: a result of `nx.path(over=)`.
        width: inches.
        axes: the two axes to show, across and upwards; by default the strength and the longest of the others. Further
            ones are held at the chosen entry.
    """
    _, upwards = axes or _two_axes(path)
    left = 0.45 + max(columns(number(y)) for y in path.axes[upwards]) * 0.075
    height = 1.15 + float(np.clip(len(path.axes[upwards]) * 0.34, 1.0, 6.0))
    fig = picture(width, height)
    ax = fig.add_axes((left / width, 0.5 / height, (width - left - 1.1) / width, (height - 0.95) / height))
    bar = fig.add_axes(((width - 0.95) / width, 0.5 / height, 0.14 / width, (height - 0.95) / height))
    draw_surface(path, ax, bar, axes)
    return fig


def draw_surface(path: Any, ax: Any, bar: Any, axes: tuple[str, str] | None = None) -> None:
    """Draw the heat map into axes and its scale into others, both in their final place."""
    across, upwards = axes or _two_axes(path)
    validated = has_choice(path)
    xs, ys = (np.asarray(path.axes[name], float) for name in (across, upwards))
    # Strong to weak, as in all pictures; other axes as numbers go.
    x_order = np.argsort(-xs if across == "strength" else xs, kind="stable")
    y_order = np.argsort(-ys if upwards == "strength" else ys, kind="stable")
    index = _plane(path, across, upwards)[np.ix_(y_order, x_order)]
    error = (path.cv_mean if validated else path.train_mean)[index]
    dress(ax)
    ax.grid(False)
    finite = error[np.isfinite(error)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    log = low > 0 and high > STEEP * low
    norm = LogNorm(low, high) if log else Normalize(low, high if high > low else low + 1e-9)
    mesh = ax.pcolormesh(
        np.ma.masked_invalid(error), cmap=CELLS, norm=norm, edgecolors=COLOURS["paper"], linewidth=1
    )
    cell = axes_points(ax)[0] / 72 / len(xs)
    _axis(ax.xaxis, across, xs[x_order], cell)
    _axis(ax.yaxis, upwards, ys[y_order], 1.0)
    _scale(ax.figure, mesh, bar, norm)
    loss = written(loss_label(path.loss))
    kind = written("validation {loss} per row" if validated else "training {loss} per row", loss=loss)
    held = [name for name in path.axes if name not in (across, upwards) and len(path.axes[name]) > 1]
    fixed = "".join(
        f", {name} {number(path.best.settings.get(name, path.best.strength))}" for name in held if validated
    )
    title = f"{kind}{written(', log colours') if log else ''}{fixed}"
    look = {"fontsize": SIZE, "color": COLOURS["ink"], "fontfamily": families()}
    ax.set_title(title, loc="left", parse_math=False, **look)
    _write(ax, path, index, error, norm, cell > 0.42 and len(ys) <= 14, validated)


def _scale(figure: Any, mesh: Any, bar: Any, norm: Any) -> None:
    """The scale of colours, with four numbers."""
    figure.colorbar(mesh, cax=bar)
    bar.tick_params(labelsize=SIZE - 1, length=2, colors=COLOURS["muted"], labelcolor=COLOURS["ink"])
    bar.minorticks_off()
    bar.set_yticks(
        norm.inverse(np.linspace(0, 1, 4)), [number(v) for v in norm.inverse(np.linspace(0, 1, 4))]
    )
    for spine in bar.spines.values():
        spine.set_visible(False)


def _two_axes(path: Any) -> tuple[str, str]:
    long = sorted(path.axes, key=lambda name: -len(path.axes[name]))  # stable: the first of equals
    if len(path.axes["strength"]) > 1:
        return "strength", next(name for name in long if name != "strength")
    others = [name for name in long if name != "strength"]
    return others[0], others[1] if len(others) > 1 else "strength"


def _plane(path: Any, across: str, upwards: str) -> np.ndarray:
    """Entries `(upwards, across)` with all further axes at the chosen one, or at their first value."""
    grid = path.surface(np.arange(len(path.strengths)))
    names = list(path.axes)
    at = np.unravel_index(path.best.index, grid.shape) if has_choice(path) else (0,) * len(names)
    plane = grid[tuple(slice(None) if name in (across, upwards) else at[i] for i, name in enumerate(names))]
    return plane.T if names.index(across) < names.index(upwards) else plane


def _axis(axis: Any, name: str, values: np.ndarray, inches: float) -> None:
    """A tick a cell, thinned out where labels would touch."""
    widest = max(columns(number(v)) for v in values) * 0.075 + 0.08
    every = max(1, int(np.ceil(widest / inches)))
    axis.set_ticks(np.arange(0, len(values), every) + 0.5, [number(v) for v in values[::every]])
    axis.set_tick_params(length=0)
    axis.set_label_text(
        written("← strong   strength   weak →") if name == "strength" else short(name, 40), parse_math=False
    )


def _write(ax: Any, path: Any, index: Any, error: Any, norm: Any, roomy: bool, validated: bool) -> None:
    """Numbers where there is room, and the marks."""
    threshold = path.minimum.cv_mean + np.nan_to_num(path.minimum.cv_se) if validated else -np.inf
    for (row, column), value in np.ndenumerate(error):
        colour = ON_DARK if np.isfinite(value) and norm(value) > 0.5 else ON_LIGHT
        entry, at = int(index[row, column]), (column + 0.5, row + 0.5)
        if not np.isfinite(value):
            ax.annotate("×", at, ha="center", va="center", color=COLOURS["muted"], fontsize=SIZE)
            continue
        if roomy:
            middle = {"ha": "center", "va": "center", "fontsize": SIZE - 1.5}
            word(ax, number(value), at, (0, 3.5), color=colour, **middle)
        place = (at[0], row + (0.24 if roomy else 0.5))
        if validated and entry == path.best.index:
            ax.plot(*place, "o", color=colour, markersize=6)
        elif validated and entry == path.minimum.index:
            ax.plot(*place, "o", color=colour, markersize=6, markerfacecolor="none", markeredgewidth=1.3)
        elif value <= threshold:
            ax.plot(*place, "o", color=colour, markersize=2)
