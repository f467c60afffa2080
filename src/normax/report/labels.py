"""Names in margins: measured, cut where they are alike, spread so that none stands upon another."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from normax.report.style import CHARACTER, COLOURS, SIZE, axes_points, families
from normax.text import printable

__all__ = ["fitted", "margin", "margin_labels", "spread", "text_width"]


@cache
def text_width(text: str, size: float = SIZE - 0.5) -> float:
    """Points that a text takes in a figure's own fonts."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a letter that no font has is as wide as its box
        return text_to_path.get_text_width_height_descent(
            text, FontProperties(family=families(), size=size), False
        )[0]


def margin(names: Sequence[str], most: int = 20) -> float:
    """Inches beside axes for the widest of the names, up to about so many letters, and its tie."""
    widest = max((text_width(_line(name)) for name in names), default=0.0)
    return 0.3 + min(max(widest, 40.0) / 72 + 0.14, most * CHARACTER)


def fitted(names: Sequence[str], room: float) -> list[str]:
    """Names in at most so many points each. A long one loses its middle; where that would make names alike that are
    not, what they differ in is kept instead.

    Example:
        >>> fitted(["age", "systolic blood pressure"], 70)
        ['age', 'systoli…ressure']
        >>> fitted(["income of the household, 1990, adjusted", "income of the household, 1991, adjusted"], 70)
        ['…1990, adjus…', '…1991, adjus…']
    """
    lines = [_line(name) for name in names]
    short = [_cut(line, room) for line in lines]
    for _ in range(8):
        alike: dict[str, set[str]] = {}
        for line, cut in zip(lines, short):
            alike.setdefault(cut, set()).add(line)
        clash = {line: group for group in alike.values() if len(group) > 1 for line in group}
        if not clash:
            break
        short = [
            _differing(line, clash[line], room) if line in clash else cut for line, cut in zip(lines, short)
        ]
    return short


def _line(name: str) -> str:
    return " ".join(printable(str(name)).split())


def _cut(line: str, room: float) -> str:
    """The line without its middle, as much of it as fits."""
    if text_width(line) <= room:
        return line
    kept = _most(len(line), lambda n: _joined(line[: n - n // 2], line[len(line) - n // 2 :]), room)
    return _joined(line[: kept - kept // 2], line[len(line) - kept // 2 :])


def _differing(line: str, group: set[str], room: float) -> str:
    """The part of a line that sets in a little before it leaves the beginning that its group shares."""
    start = max(_shared(group) - 3, 0)
    front = "…" if start else ""

    def part(n: int) -> str:
        return front + line[start : start + n] + ("…" if start + n < len(line) else "")

    return part(_most(len(line) - start, part, room))


def _shared(group: set[str]) -> int:
    """How many first letters all of them have in common."""
    differing = (i for i, letters in enumerate(zip(*group)) if len(set(letters)) > 1)
    return next(differing, min(map(len, group)))


def _joined(front: str, back: str) -> str:
    return f"{front}…{back}"


def _most(count: int, part: Any, room: float) -> int:
    """The largest number of letters, 2 at least, with which a part fits."""
    low, high = 2, max(count, 2)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if text_width(part(middle)) <= room else (low, middle - 1)
    return low


def spread(wanted: np.ndarray, gap: float, low: float, high: float) -> np.ndarray:
    """Positions at least `gap` apart within [low, high], in order and near the wanted ones.

    Pools neighbours that are too close and centres each pool on its mean, as in isotonic regression.

    Example:
        >>> spread(np.array([0.5, 0.5, 0.9]), 0.2, 0.0, 1.0).round(2)
        array([0.4, 0.6, 0.9])
    """
    order = np.argsort(wanted, kind="stable")
    gap = min(gap, (high - low) / max(len(wanted) - 1, 1))
    pools: list[list[float]] = []  # [sum of wanted less offsets, count]; pool members stand `gap` apart
    for rank, y in enumerate(wanted[order]):
        pools.append([y - rank * gap, 1.0])
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] >= pools[-1][0] / pools[-1][1]:
            total, count = pools.pop()
            pools[-1][0] += total
            pools[-1][1] += count
    starts = np.repeat([total / count for total, count in pools], [int(count) for _, count in pools])
    starts = np.clip(starts, low, high - (len(wanted) - 1) * gap)
    placed = np.empty(len(wanted))
    placed[order] = starts + np.arange(len(wanted)) * gap
    return placed


def margin_labels(ax: Any, labels: Sequence[tuple[float, str, str]]) -> None:
    """Names to the right of the axes, each tied to its height in data units, none upon another, none over the edge.

    Args:
        ax: axes whose limits and place on the figure are final.
        labels: (height, text, colour of the tie) each; a height outside the axes goes to their edge, and
            an arrow says so.
    """
    if not labels:
        return
    size = SIZE - 0.5
    height = axes_points(ax)[1]
    room = max((1 - ax.get_position().x1) * ax.figure.get_figwidth() * 72 - 20, 40)
    words = fitted([text for _, text, _ in labels], room - text_width(" ↓"))
    to_share = (ax.transScale + ax.transLimits).transform
    left = ax.get_xlim()[0]
    shares = np.array([to_share((left, y))[1] for y, _, _ in labels])
    ends = np.clip(shares, 0, 1)
    places = spread(ends, gap=size * 1.25 / height, low=0.0, high=1.0)
    for (_, _, colour), text, share, end, place in zip(labels, words, shares, ends, places):
        outside = " ↑" if share > 1 else " ↓" if share < 0 else ""
        ax.annotate(
            text + outside,
            xy=(1.0, end),
            xytext=(16, (place - end) * height),
            xycoords="axes fraction",
            textcoords="offset points",
            va="center",
            fontsize=size,
            fontfamily=families(),
            parse_math=False,
            color=COLOURS["ink"],
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": colour,
                "linewidth": 1.2,
                "relpos": (0, 0.5),
                "shrinkA": 2,
                "shrinkB": 1,
            },
        )
