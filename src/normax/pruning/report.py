"""What compacting did: counts and shapes before and after, and what had to stay."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np

from normax.nn.module import Module
from normax.pruning.units import FIXED
from normax.training.cost import forward_cost

__all__ = ["Compaction", "Resized", "report"]

SPARED = "left, so that the axis is not empty, or a multiple of what was asked for"


@dataclass(frozen=True)
class Resized:
    """One weight or buffer: its name, and its shape before and after.

    Made by `nx.compact`.
    """

    name: str
    before: tuple[int, ...]
    after: tuple[int, ...]


@dataclass(frozen=True)
class Compaction:
    """What `nx.compact` did.

    Attributes:
        parameters: numbers of values in parameters, before and after.
        multiply_adds: of one forward on the input given, before and after.
        bytes: of parameters and buffers, before and after.
        resized: the weights and buffers whose shape changed.
        kept: slices of weights that are all zero and stay, as sentences with the reason.
        notices: those among them that neither inputs nor outputs explain.
    """

    parameters: tuple[int, int]
    multiply_adds: tuple[int, int]
    bytes: tuple[int, int]
    resized: tuple[Resized, ...]
    kept: tuple[str, ...]
    notices: tuple[str, ...]

    def __str__(self) -> str:
        from rich import box
        from rich.console import Console
        from rich.table import Table

        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        table.add_column("", no_wrap=True)
        for head in ("before", "after", "left"):
            table.add_column(head, justify="right", no_wrap=True)
        for name, (before, after) in (
            ("parameters", self.parameters),
            ("multiply-adds", self.multiply_adds),
            ("bytes", self.bytes),
        ):
            share = f"{after / before:.1%}" if before else ""
            table.add_row(name, f"{before:,}", f"{after:,}", share)
        for row in self.resized:
            table.add_row(row.name, *("×".join(map(str, s)) for s in (row.before, row.after)), "")
        console = Console(file=io.StringIO(), highlight=False, color_system=None, force_jupyter=False)
        console.print(table)
        for line in self.kept:
            console.print(f"Kept: {line}", markup=False)
        text = console.file.getvalue().rstrip()  # type: ignore[attr-defined]
        return "\n".join(line.rstrip() for line in text.splitlines())

    __repr__ = __str__


def report(before: Module, after: Module, args: tuple, kept: dict, plan: Any) -> Compaction:
    """Compare two networks; `kept` are the rooms that were tried in vain, `plan` the last plan, of `after`."""

    def count(net: Module) -> tuple[int, int, int]:
        cells = [*net.parameters(), *net.buffers()]
        parameters = sum(cell.numel() for cell in net.parameters())
        return parameters, forward_cost(net, args).multiply_adds[""], sum(cell.value.nbytes for cell in cells)

    parameters, multiply_adds, size = zip(count(before), count(after))
    shapes = dict(_shapes(before))
    resized = [Resized(name, shapes.get(name, ()), s) for name, s in _shapes(after) if shapes.get(name) != s]
    notices = [
        f"{units} unit{'s' if units > 1 else ''} along {_few(room)} stay{'s' if units == 1 else ''}: {fault}"
        for room, (fault, units) in kept.items()
    ]
    lines = list(notices)
    for (name, axis), place in plan.places.items():
        if getattr(place.cell, "role", "") != "weight" or place.cell.ndim < 2 or axis > 1:
            continue
        others = tuple(i for i in range(place.cell.ndim) if i != axis)
        zero = ~np.asarray(place.cell.value).any(others)
        tried = any(f"{name}[{axis}]" in room for room in kept)
        if not zero.any() or tried:
            continue
        roots = plan.units.find(place.units[zero]).tolist()
        reasons = [
            plan.units.reason(unit) if root == FIXED else SPARED if root in plan.spared else ""
            for unit, root in zip(place.units[zero].tolist(), roots)
        ]
        for reason in dict.fromkeys(reasons):
            number = reasons.count(reason)
            line = f"{number} zero slice{'s' if number > 1 else ''} along {name}[{axis}]"
            if reason:
                lines.append(f"{line}: {reason}")
                if not any(word in reason for word in ("input", "output", SPARED)):
                    notices.append(lines[-1])
            else:
                lines.append(f"{line}: something else still depends on {'them' if number > 1 else 'it'}")
    return Compaction(parameters, multiply_adds, size, tuple(resized), tuple(lines), tuple(notices))


def _shapes(net: Module) -> list[tuple[str, tuple[int, ...]]]:
    return [(name, tuple(cell.shape)) for name, cell in (*net.named_parameters(), *net.named_buffers())]


def _few(room: Any) -> str:
    names = sorted(room)
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
