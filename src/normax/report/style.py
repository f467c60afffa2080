"""The one look of every picture: colours by role, a figure that shows itself, axes, labels in the margin."""

from __future__ import annotations

import io
import re
import unicodedata
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import matplotlib
import numpy as np
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import EngFormatter

from normax.text import printable

__all__ = ["COLOURS", "DARK", "SERIES", "Picture", "dress", "margin_labels", "set_heights", "short", "svg"]

# Every colour has a role. A page replaces each by a CSS variable of the same name, so that one drawing
# serves light and dark. Any two series differ by 13 or more (CIEDE2000) for every kind of colour-blindness, and no
# reader has to match colours at all: each line carries its name. `line` is of the many lines that carry none, `edge`
# of what can be pressed or filled in.
COLOURS = {
    "paper": "#ffffff",
    "ink": "#1c2430",
    "muted": "#5f6b7a",
    "faint": "#d9dee5",
    "line": "#b9c2cc",
    "edge": "#8b97a5",
    "wash": "#eef2f6",
    "s1": "#0072b2",
    "s2": "#d55e00",
    "s3": "#9a5d74",
    "s4": "#00a4a4",
    "s5": "#0d5627",
    "s6": "#799665",
    "s7": "#752b5a",
    "s8": "#8a85ff",
}
DARK = {
    "paper": "#14181e",
    "ink": "#e6eaf0",
    "muted": "#9aa6b4",
    "faint": "#363e49",
    "line": "#56616e",
    "edge": "#6d7988",
    "wash": "#1e242c",
    "s1": "#56b4f5",
    "s2": "#ff8f4a",
    "s3": "#b372ac",
    "s4": "#0af5ff",
    "s5": "#a8da9d",
    "s6": "#ffe224",
    "s7": "#f84177",
    "s8": "#637cff",
}
SERIES = [COLOURS[f"s{i}"] for i in range(1, 9)]
SIZE = 9.0  # points; 12 px on a page that shows the figure at its own size


CHARACTER = (SIZE - 0.5) * 0.58 / 72  # inches that a letter of a margin's label takes, on average


# Families that know Chinese, Japanese and Korean, for names that the default family cannot write.
_FAMILIES = """
Noto Sans CJK SC, Noto Sans CJK JP, Noto Sans SC, Source Han Sans SC, PingFang SC, Hiragino Sans GB, Microsoft YaHei,
SimHei, WenQuanYi Micro Hei, WenQuanYi Zen Hei, Droid Sans Fallback, Arial Unicode MS
"""
FAMILIES = _FAMILIES.strip().replace("\n", " ").split(", ")


@cache
def families() -> list[str]:
    """Font families for names out of the data: matplotlib's own first, then the first installed that knows more."""
    installed = {font.name for font in font_manager.fontManager.ttflist}
    return ["DejaVu Sans", *[name for name in FAMILIES if name in installed][:1]]


class Picture(Figure):
    """A matplotlib `Figure` that knows nothing of pyplot, shows itself in a notebook and draws no control character."""

    def draw(self, renderer: Any) -> None:
        for text in self.findobj(Text):
            text.set_text(printable(text.get_text()))
        super().draw(renderer)

    def _repr_png_(self) -> bytes:
        return png(self, dpi=144)


def picture(width: float, height: float) -> Picture:
    """An empty figure of `width` × `height` inches."""
    return Picture(figsize=(width, height), facecolor=COLOURS["paper"])


def png(figure: Figure, dpi: float = 200) -> bytes:
    """The figure as the bytes of a PNG file."""
    file = io.BytesIO()
    with _missing_glyphs_are_boxes():
        figure.savefig(file, format="png", dpi=dpi, metadata={"Software": None})
    return file.getvalue()


def svg(figure: Figure, name: str) -> str:
    """The figure as an `<svg>` element whose colours are CSS variables; `name` keeps its ids apart from others'.

    The same figure gives the same text, byte for byte.
    """
    file = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": name, "svg.fonttype": "path"}), _missing_glyphs_are_boxes():
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = file.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    for role, colour in COLOURS.items():
        text = text.replace(colour, f"var(--{role})")
    return text


@contextmanager
def _missing_glyphs_are_boxes() -> Iterator[None]:
    """A letter that no installed font knows is drawn as a box, without a warning each; the page names it in text."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        yield


def dress(ax: Any) -> None:
    """Quiet axes: two spines, light horizontal lines, small type."""
    ax.set_facecolor("none")
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(COLOURS["muted"])
    ax.grid(axis="y", color=COLOURS["faint"], linewidth=0.6)
    ax.tick_params(which="both", labelsize=SIZE - 0.5, colors=COLOURS["muted"], labelcolor=COLOURS["ink"])
    ax.tick_params(which="minor", length=2)
    ax.xaxis.label.set(size=SIZE, color=COLOURS["ink"])
    ax.yaxis.label.set(size=SIZE, color=COLOURS["ink"], fontfamily=families(), parse_math=False)


def word(ax: Any, text: str, at: tuple, away: tuple[float, float], **look: Any) -> None:
    """A word so many points away from a place; in ink and small unless `look` says otherwise."""
    look = {"fontsize": SIZE - 0.5, "color": COLOURS["ink"]} | look
    ax.annotate(text, xy=at, xytext=away, textcoords="offset points", **look)


def axes_points(ax: Any) -> tuple[float, float]:
    """Width and height of the axes in points, from their place on the figure."""
    box = ax.get_position()
    width, height = ax.figure.get_size_inches()
    return 72 * box.width * width, 72 * box.height * height


def set_heights(ax: Any, low: float, high: float, below: float = 5, above: float = 5) -> None:
    """Limits of the y axis, log or not, that show [low, high] and leave strips of so many points free."""
    log = ax.get_yscale() == "log"
    bottom, top = np.log([low, high]) if log else (low, high)
    span = (top - bottom) or abs(top) or 1.0
    unit = span / max(axes_points(ax)[1] - below - above, 1)
    limits = np.array([bottom - below * unit, bottom + span + above * unit])
    ax.set_ylim(*(np.exp(limits) if log else limits))
    if max(abs(low), abs(high)) >= 10_000 and not log:
        ax.yaxis.set_major_formatter(EngFormatter(sep=""))


def columns(text: str) -> int:
    """How many letters wide a text is; Chinese, Japanese and Korean letters count twice.

    Example:
        >>> columns("age"), columns("年龄")
        (3, 4)
    """
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def short(name: str, length: int = 20) -> str:
    """A name that fits a margin: the middle of a long one gives way.

    Example:
        >>> short("systolic blood pressure at rest", 20)
        'systolic b…e at rest'
    """
    name = " ".join(printable(str(name)).split())
    if len(name) <= length and columns(name) <= length:
        return name
    tail = _beginning(name[::-1], length - length // 2 - 1)[::-1]
    return f"{_beginning(name, length // 2)}…{tail}"


def _beginning(name: str, length: int) -> str:
    """As many first letters as are no wider than so many."""
    widths = np.cumsum([columns(letter) for letter in name[:length]])
    return name[: np.searchsorted(widths, length, side="right")]


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
    """Names to the right of the axes, each tied to its height in data units, none upon another.

    Args:
        ax: axes whose limits and place on the figure are final.
        labels: (height, text, colour of the tie) each; a height outside the axes goes to their edge, and
            an arrow says so.
    """
    if not labels:
        return
    size = SIZE - 0.5
    height = axes_points(ax)[1]
    letters = max(6, int(((1 - ax.get_position().x1) * ax.figure.get_figwidth() - 0.28) / CHARACTER))
    to_share = (ax.transScale + ax.transLimits).transform
    left = ax.get_xlim()[0]
    shares = np.array([to_share((left, y))[1] for y, _, _ in labels])
    ends = np.clip(shares, 0, 1)
    places = spread(ends, gap=size * 1.25 / height, low=0.0, high=1.0)
    for (_, text, colour), share, end, place in zip(labels, shares, ends, places):
        outside = " ↑" if share > 1 else " ↓" if share < 0 else ""
        ax.annotate(
            short(text, letters - len(outside)) + outside,
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
