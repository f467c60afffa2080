"""Whole figures of a path, laid out in inches: the error curves, the traces, and both on one sheet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from normax.report import curves, html, traces
from normax.report.html import Raw
from normax.report.labels import margin
from normax.report.strength_axis import StrengthAxis
from normax.report.style import Picture, picture, svg, written

__all__ = ["error_figure", "figure", "shown", "trace_figure"]

Row = tuple[float, Callable[..., None]]  # height in inches, what draws into the axes

WIDE, NARROW = 7.6, 3.6  # inches: a page's column, a phone
LEFT, BELOW, ABOVE, BETWEEN = 0.72, 0.52, 0.55, 0.22


def figure(path: Any, *, width: float = WIDE, outputs: Sequence[str] | None = None) -> Picture:
    """Error curves above, traces below, on one strength axis: what `path.plot()` shows.

    Args:
        path: a result of `normax.path`.
        width: inches; the default 7.6 fits a page's column, 3.6 a phone.
        outputs: names of the outputs (classes) of a linear model; numbers by default.
    """
    first: Row = (2.7, partial(curves.errors, label_strength=False))
    return _stack(path, [first, *_trace_rows(path, 2.5, outputs)], width)


def error_figure(path: Any, *, width: float = WIDE) -> Picture:
    """The error curves alone: how under- and overfitting trade, and which strength was chosen."""
    return _stack(path, [(3.0, curves.errors)], width)


def trace_figure(path: Any, *, width: float = WIDE, outputs: Sequence[str] | None = None) -> Picture:
    """The traces alone: which weights survive which strength."""
    return _stack(path, _trace_rows(path, 3.0, outputs), width)


def shown(
    draw: Callable[..., Picture], name: str, alt: str, caption: str, wide: Picture | None = None
) -> Raw:
    """A picture as a part of the page: as wide as the page, and drawn anew for a phone.

    Args:
        draw: makes it, of a `width` in inches.
        name: keeps its ids apart from others'.
        alt, caption: what it shows, and what to read in it.
        wide: the picture for the page where it is drawn already.
    """
    narrow = svg(draw(width=NARROW), f"{name}-narrow")
    return html.figure(svg(wide or draw(width=WIDE), name), narrow, alt, caption)


def _trace_rows(path: Any, height: float, outputs: Sequence[str] | None) -> list[Row]:
    """The panels of traces, top to bottom: (height in inches, what draws it)."""
    if traces.selects_features(path):
        return [
            (0.9 * height, partial(traces.coefficients, values=values, title=title))
            for title, values in traces.panels(path, outputs)[:1]
        ]
    if path.engine != "linear":
        if not traces.has_zeros(path):
            return [(height, traces.norms)]
        idle = traces.drops_units(path)
        return [
            (0.6 * height, partial(traces.norms, name_choices=False)),
            (0.5 * height, partial(traces.zeros, name_choices=not idle)),
            *([(0.5 * height, traces.units)] if idle else []),
        ]
    parts = traces.panels(path, outputs)
    each = height if len(parts) == 1 else 0.6 * height
    return [
        (
            each,
            partial(traces.coefficients, values=values, title=title, name_choices=i == len(parts) - 1),
        )
        for i, (title, values) in enumerate(parts)
    ]


def _stack(path: Any, rows: list[Row], width: float) -> Picture:
    """Panels one below the other on one strength axis, with the counts of non-zeros along the top."""
    height = ABOVE + sum(h for h, _ in rows) + BETWEEN * (len(rows) - 1) + BELOW
    fig = picture(width, height)
    right = _margin(path, 20 if width > 5 else 12)
    y = height - ABOVE
    for i, (tall, draw) in enumerate(rows):
        y -= tall
        ax = fig.add_axes((LEFT / width, y / height, (width - LEFT - right) / width, tall / height))
        draw(path, ax)
        ax.yaxis.set_label_coords(-(LEFT - 0.2) / (width - LEFT - right), 0.5)
        if i == 0:
            counts, _, name, state = traces.counted(path)
            StrengthAxis(path).counts(ax, f"{name} that are {state}", counts)
        if i < len(rows) - 1:
            ax.set_xlabel("")
            ax.tick_params(axis="x", labelbottom=False)
        y -= BETWEEN
    return fig


def _margin(path: Any, limit: int) -> float:
    """Inches to the right for the longest name that a margin carries, up to `limit` characters."""
    of_features = path.engine == "linear" or traces.selects_features(path)
    names = list(path.feature_names or []) if of_features else list(path.penalised)
    return margin([*map(str, names), written("no penalty") + " ↑"], limit)
