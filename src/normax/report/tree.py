"""The tree of a network laid out: modules as boxes with a size, equal neighbours folded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from normax.nn.module import Module

__all__ = ["GAP", "LETTER", "PAD", "ROW", "Box", "laid_out"]

ROW, PAD, GAP, LETTER, COLUMN = 22, 10, 8, 6.3, 620


@dataclass
class Box:
    """A module with its own parameters as lines, its children as boxes; `times` equal neighbours."""

    title: str
    lines: list[tuple[str, str, float | None, bool]]  # name and shape, marks, share of zeros, penalised
    children: list[Box]
    equal: Any
    names: list[str]
    frozen: bool = False
    width: float = 0
    height: float = field(default=0)

    @property
    def label(self) -> str:
        first, last = self.names[0], self.names[-1]
        name = first if first == last else f"{first}…{last}"
        times = f"  ×{len(self.names)}" if len(self.names) > 1 else ""
        return (f"{name}: " if name else "") + self.title + times


def laid_out(net: Module) -> tuple[Box, list[list[Box]], float, float]:
    """The root, its children in columns, and the width and height of the whole, in pixels."""
    first = {id(cell): name for name, cell in net.named_parameters()}
    root = _box(net, "", "", first)
    _measure(root)
    columns = _columns(root)
    top = PAD + ROW * (1 + len(root.lines))
    height = top + max((sum(b.height + GAP for b in c) for c in columns), default=0) + PAD
    inner = (
        sum(max(b.width for b in c) for c in columns) + GAP * (len(columns) + 1) if columns else root.width
    )
    return root, columns, max(inner, len(root.label) * LETTER * 1.1 + 4 * PAD), height


def _box(module: Module, name: str, path: str, first: dict[int, str]) -> Box:
    lines: list[tuple[str, str, float | None, bool]] = []
    for own, cell in module._parameters.items():
        if cell is None:
            continue
        full = f"{path}.{own}" if path else own
        marks = [str(cell.penalty).replace("strength=", "")] if cell.penalty is not None else []
        marks += [] if cell.requires_grad else ["frozen"]
        marks += [f"= {first[id(cell)]}"] if first[id(cell)] != full else []
        zeros = (
            1 - np.count_nonzero(np.asarray(cell.value)) / max(cell.numel(), 1)
            if cell.role == "weight"
            else None
        )
        text = f"{own} {'×'.join(map(str, cell.shape)) or 'scalar'}"
        if zeros:
            marks.insert(0, f"{zeros:.0%} zeros")
        lines.append((text, "  ".join(marks), zeros, cell.penalty is not None))
    children: list[Box] = []
    for child_name, child in module._modules.items():
        if child is None:
            continue
        box = _box(child, child_name, f"{path}.{child_name}" if path else child_name, first)
        if children and children[-1].equal == box.equal:
            children[-1].names.append(child_name)
        else:
            children.append(box)
    title = module._get_name()
    equal = (title, module.extra_repr(), tuple(lines), tuple((b.equal, len(b.names)) for b in children))
    parameters = list(module.parameters())
    frozen = bool(parameters) and not any(p.requires_grad for p in parameters)
    return Box(title, lines, children, equal, [name], frozen)


def _measure(box: Box) -> None:
    for child in box.children:
        _measure(child)
    texts = [len(box.label) * 1.1, *(len(a) + len(b) + 3 for a, b, *_ in box.lines)]
    inner = max((child.width + 2 * PAD for child in box.children), default=0)
    box.width = max(max(texts) * LETTER + 2 * PAD + 8, inner, 130)
    body = sum(child.height + 4 for child in box.children) + (PAD - 4 if box.children else 0)
    box.height = ROW * (1 + len(box.lines)) + body + (4 if box.lines else 2)


def _columns(root: Box) -> list[list[Box]]:
    """The children of the root, top to bottom, in columns not much higher than the screen."""
    columns: list[list[Box]] = []
    limit = max([COLUMN, *(child.height for child in root.children)])
    filled = 0.0
    for child in root.children:
        if not columns or filled + child.height > limit:
            columns.append([])
            filled = 0.0
        columns[-1].append(child)
        filled += child.height + GAP
    return columns
