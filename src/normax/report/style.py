"""The one look of every picture: colours by role, a figure that shows itself, axes, labels in the margin."""

from __future__ import annotations

import io
import re
import unicodedata
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import matplotlib
import numpy as np
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import EngFormatter

from normax.errors import Notice
from normax.language import say, speaking
from normax.text import printable

__all__ = ["COLOURS", "DARK", "SERIES", "Picture", "dress", "set_heights", "short", "svg", "written"]

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
# Behind words that lines would cross.
PAPER = {"facecolor": COLOURS["paper"], "edgecolor": "none", "pad": 1.0}
SERIES = [COLOURS[f"s{i}"] for i in range(1, 9)]
SIZE = 9.0  # points; 12 px on a page that shows the figure at its own size
CHARACTER = (SIZE - 0.5) * 0.58 / 72  # inches that a letter of a label takes, on average


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

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        """Twice as fine as it is shown: the screens of today have the points for it."""
        width, height = (round(96 * inches) for inches in self.get_size_inches())
        return png(self, dpi=192), {"width": width, "height": height}


def picture(width: float, height: float) -> Picture:
    """An empty figure of `width` × `height` inches."""
    figure = Picture(figsize=(width, height), facecolor=COLOURS["paper"])
    figure.set_layout_engine("none")  # whatever the settings say: every place is computed
    return figure


def png(figure: Figure, dpi: float = 200) -> bytes:
    """The figure as the bytes of a PNG file; letters that no installed font has are boxes, and a `Notice` says so."""
    file = io.BytesIO()
    _tell_of_boxes(figure)
    with _missing_glyphs_are_boxes():
        figure.savefig(file, format="png", dpi=dpi, metadata={"Software": None})
    return file.getvalue()


def svg(figure: Figure, name: str) -> str:
    """The figure as an `<svg>` element whose colours are CSS variables; `name` keeps its ids apart from others'.

    Words are text: a browser finds them, and writes them in its own fonts, whatever the script. The same figure gives
    the same text, byte for byte.
    """
    file = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": name, "svg.fonttype": "none"}), _missing_glyphs_are_boxes():
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = file.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    for role, colour in COLOURS.items():
        text = text.replace(colour, f"var(--{role})")
    return text


def _tell_of_boxes(figure: Figure) -> None:
    letters = {letter for text in figure.findobj(Text) if text.get_visible() for letter in text.get_text()}
    unknown = "".join(sorted(letter for letter in letters if not letter.isspace() and not drawable(letter)))
    if unknown:
        warnings.warn(
            f"no installed font can draw {unknown[:10]!r}: they are boxes in this picture; install a font that has "
            "them, such as Noto Sans CJK, or save an SVG, whose words are text",
            Notice,
            stacklevel=3,
        )


@cache
def drawable(letter: str) -> bool:
    """Whether one of `families()` has a letter; what `printable` spells out is none."""
    return not letter.isprintable() or any(font.get_char_index(ord(letter)) for font in _fonts())


@cache
def _fonts() -> list[Any]:
    return [font_manager.get_font(font_manager.findfont(name)) for name in families()]


@contextmanager
def _missing_glyphs_are_boxes() -> Iterator[None]:
    """A letter that no installed font knows is drawn as a box, without a warning each; the page names it in text."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        yield


def written(text: str, **values: Any) -> str:
    """Words of a picture in the language that is spoken; in English where no installed font has their letters.

    Example:
        >>> written("{count} of {all} alive", count=3, all=8)
        '3 of 8 alive'
    """
    said = say(text, **values)
    if all(letter.isspace() or drawable(letter) for letter in say(text)):
        return said
    with speaking("en"):
        return say(text, **values)


def dress(ax: Any) -> None:
    """Quiet axes: two spines, light horizontal lines, small type."""
    ax.set_facecolor("none")
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(COLOURS["muted"])
    ax.grid(axis="y", color=COLOURS["faint"], linewidth=0.6)
    ax.tick_params(which="both", labelsize=SIZE - 0.5, colors=COLOURS["muted"], labelcolor=COLOURS["ink"])
    ax.tick_params(which="minor", length=2)
    ax.tick_params(which="both", labelfontfamily=families())
    for text in (ax.title, ax._left_title, ax._right_title):
        text.set(size=SIZE, color=COLOURS["ink"], fontfamily=families())
    ax.xaxis.label.set(size=SIZE, color=COLOURS["ink"], fontfamily=families())
    ax.yaxis.label.set(size=SIZE, color=COLOURS["ink"], fontfamily=families(), parse_math=False)


def word(ax: Any, text: str, at: tuple, away: tuple[float, float], **look: Any) -> None:
    """A word so many points away from a place; in ink and small unless `look` says otherwise."""
    look = {"fontsize": SIZE - 0.5, "color": COLOURS["ink"], "fontfamily": families()} | look
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
