"""draw: the tree of a network as a picture, equal neighbours folded, no graphviz."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from normax.errors import InputError
from normax.files import write
from normax.nn.module import Module
from normax.report.style import COLOURS, DARK
from normax.report.tree import GAP, PAD, ROW, Box, laid_out
from normax.text import markup

__all__ = ["Drawing", "draw"]


class Drawing:
    """A picture that a notebook shows by itself; `save(path)` writes it as SVG."""

    def __init__(self, svg: str):
        self.svg = svg

    def _repr_svg_(self) -> str:
        return self.svg

    def __str__(self) -> str:
        return self.svg

    def save(self, path: Any) -> Path:
        """Write the picture as an SVG file, whole or not at all; returns the path."""
        path = Path(path)
        if path.suffix != ".svg":
            raise InputError(f"{path}: expected the ending .svg")
        write(path, self.svg)
        return path


def draw(net: Module) -> Drawing:
    """The tree of a network as an SVG picture: modules as boxes, parameters with shape, penalty and zeros.

    Equal neighbours are folded as "×2". A bar under a parameter shows its share of exact zeros; penalised
    ones are coloured, tied and frozen ones marked in words. The picture follows the reader's light or dark scheme.

    Args:
        net: the module.

    Raises:
        InputError: if `net` is no Module.

    Example:
        >>> import normax as nx
        >>> picture = nx.draw(nx.nn.Sequential(nx.nn.Linear(3, 8), nx.nn.ReLU(), nx.nn.Linear(8, 2)))
        >>> "Linear" in picture.svg
        True
    """
    if not isinstance(net, Module):
        raise InputError(f"draw: expected a normax Module, got {type(net).__name__}")
    root, columns, width, height = laid_out(net)
    title, top = root.label, PAD + ROW * (1 + len(root.lines))
    out = [_text(PAD + 4, PAD + 14, title, "t")]
    for i, line in enumerate(root.lines):
        _line(out, line, PAD, PAD + ROW * (1 + i), width - 2 * PAD)
    x = float(GAP)
    for column in columns:
        y, wide = float(top), max(b.width for b in column)
        for box in column:
            _paint(out, box, x, y, wide, 1)
            y += box.height + GAP
        x += wide + GAP
    total = f"{sum(p.numel() for p in net.parameters()):,} parameters"
    return Drawing(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" class="nx" role="img" aria-label="{markup(title)}, {total}">'
        f"<style>{_style()}</style>"
        f'<rect class="paper" width="{width:.0f}" height="{height:.0f}" rx="8"/>' + "".join(out) + "</svg>"
    )


def _paint(out: list[str], box: Box, x: float, y: float, width: float, depth: int) -> None:
    if len(box.names) > 1:  # the edge of a stack of equal ones
        out.append(
            f'<rect class="b" x="{x + 3:.1f}" y="{y + 3:.1f}" width="{width:.1f}" height="{box.height:.1f}" rx="6"/>'
        )
    kind = "b" + (" alt" if depth % 2 == 0 else "") + (" frozen" if box.frozen else "")
    out.append(
        f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{box.height:.1f}" rx="6"/>'
    )
    out.append(_text(x + PAD, y + 15, box.label, "t"))
    y += ROW
    for line in box.lines:
        _line(out, line, x + PAD, y, width - 2 * PAD)
        y += ROW
    for child in box.children:
        _paint(out, child, x + PAD, y, width - 2 * PAD, depth + 1)
        y += child.height + 4


def _line(out: list[str], line: tuple, x: float, y: float, width: float) -> None:
    text, marks, zeros, charged = line
    out.append(_text(x, y + 13, text, "m"))
    if marks:
        out.append(_text(x + width, y + 13, marks, "p e" if charged else "m e"))
    if zeros is not None and (zeros > 0 or charged):
        out.append(
            f'<rect class="bar" x="{x:.1f}" y="{y + 17:.1f}" width="{width:.1f}" height="2.5" rx="1"/>'
        )
        out.append(
            f'<rect class="z" x="{x:.1f}" y="{y + 17:.1f}" width="{width * zeros:.1f}" height="2.5" rx="1"/>'
        )


def _text(x: float, y: float, text: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{markup(text)}</text>'


def _style() -> str:
    shared = (
        ".nx text{font:11px ui-sans-serif,'DejaVu Sans',sans-serif}.nx .t{font-weight:600}.nx .e{text-anchor:end}"
        ".nx .b{stroke-width:1}.nx .frozen{stroke-dasharray:4 3}"
    )

    def scheme(c):
        return (
            f".nx .paper,.nx .alt{{fill:{c['paper']}}}.nx .t{{fill:{c['ink']}}}.nx .m{{fill:{c['muted']}}}"
            f".nx .b{{fill:{c['wash']};stroke:{c['faint']}}}.nx .b.alt{{fill:{c['paper']}}}.nx .p{{fill:{c['s1']}}}"
            f".nx .bar{{fill:{c['faint']}}}.nx .z{{fill:{c['s2']}}}.nx .b.frozen{{stroke:{c['muted']}}}"
        )

    return f"{shared}{scheme(COLOURS)}@media (prefers-color-scheme:dark){{{scheme(DARK)}}}"
