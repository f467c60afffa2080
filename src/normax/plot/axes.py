"""Axes to draw into: those that were given, with room made for names, or a figure of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes

from normax.errors import InputError
from normax.report.labels import margin
from normax.report.style import COLOURS, SIZE, families, picture

__all__ = ["Panel", "heading", "panel"]

LEFT, BELOW, ABOVE = 0.75, 0.52, 0.5  # inches


class Panel(Axes):
    """The axes of a figure of their own, which a notebook shows."""

    def _repr_png_(self) -> Any:
        return self.get_figure(root=True)._repr_png_()  # type: ignore[union-attr]


def panel(
    ax: Any,
    names: Sequence[str] = (),
    size: tuple[float, float] = (4.6, 3.0),
    left: float = LEFT,
    above: float = ABOVE,
    below: float = BELOW,
) -> Axes:
    """The axes given, narrowed by what the names beside them take on either side; or new ones of `size` inches.

    Raises:
        InputError: for what is no axes.
    """
    right = margin([str(name) for name in names]) if len(names) else 0.2
    if ax is None:
        width, height = left + size[0] + right, above + size[1] + below
        fig = picture(width, height)
        place = (left / width, below / height, size[0] / width, size[1] / height)
        return fig.add_axes(Panel(fig, place))
    if not isinstance(ax, Axes):
        hint = "; `fig.subplots()` makes axes" if hasattr(ax, "subplots") else ""
        hint = "; of several axes give one, `ax[0]`" if hasattr(ax, "ravel") else hint
        raise InputError(f"ax: expected matplotlib Axes, got {type(ax).__name__}{hint}")
    root = ax.get_figure(root=True)
    assert root is not None
    if (len(names) or left > LEFT) and root.get_layout_engine() is None:
        box, wide = ax.get_position(), root.get_figwidth()
        ahead = min(max(left - LEFT, 0.0) / wide, 0.3 * box.width)
        behind = min(right / wide, 0.5 * box.width) if len(names) else 0.0
        ax.set_position((box.x0 + ahead, box.y0, box.width - ahead - behind, box.height))
    return ax


def heading(ax: Any, text: str) -> None:
    """A small title on the left."""
    look = {"fontsize": SIZE, "color": COLOURS["ink"], "fontfamily": families(), "parse_math": False}
    ax.set_title(text, loc="left", **look)
