"""The surface: held-out error over two strengths, or any two axes of a path."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes

from normax.errors import InputError, suggest
from normax.plot.axes import panel
from normax.report.surface import draw_surface

__all__ = ["surface"]


def surface(path: Any, ax: Axes | None = None, *, axes: tuple[str, str] | None = None) -> Axes:
    """Held-out error of every combination of two hyper-parameters as a heat map, the lighter the better.

    A ring marks the minimum, a disc the entry that was chosen, dots all within one standard error of the minimum.

    Args:
        path: a `Path` with several axes, of `nx.path(over=)`.
        ax: axes to draw into, beside which the scale of colours takes room; None makes a figure.
        axes: the two to show, across and upwards; by default the strength and the longest of the others. Further ones
            are held at the chosen entry.

    Returns:
        The axes.

    Raises:
        InputError: for a path over strengths alone, and axes that there are not.

    Example:
        >>> surface(None)
        Traceback (most recent call last):
            ...
        normax.errors.InputError: path: expected a path with several axes, of nx.path(over=), got NoneType
    """
    known = getattr(path, "axes", None)
    if not known:
        raise InputError(
            f"path: expected a path with several axes, of nx.path(over=), got {type(path).__name__}"
        )
    for name in axes or ():
        if name not in known:
            raise InputError(f"axes: no axis {name!r}{suggest(name, known)}; there are {', '.join(known)}")
    ax = panel(ax, [" " * 8], size=(4.4, 3.0), left=0.9)
    box, figure = ax.get_position(), ax.get_figure(root=True)
    wide = figure.get_figwidth()  # type: ignore[union-attr]
    bar = figure.add_axes((box.x1 + 0.12 / wide, box.y0, 0.12 / wide, box.height))  # type: ignore[union-attr]
    draw_surface(path, ax, bar, axes)
    return ax
