"""summary: what a network is made of, as rows to compute with and a table to read."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from normax.errors import InputError
from normax.nn.cells import Parameter, as_array
from normax.nn.module import Module
from normax.text import html_table, markup
from normax.training.cost import HOMOGENEOUS, NORMS, forward_cost

__all__ = ["Row", "ModuleSummary", "summary"]

_NUMBERS = ("parameters", "mul-adds", "zeros")


@dataclass(frozen=True)
class Row:
    """One module. Counts take in its children, each tied cell once.

    `output`: shape or pytree of shapes, None where the forward did not pass; `parameters`, `trainable`: numbers of
    values; `bytes`: of parameters and buffers; `multiply_adds`: of one forward, None without an input; `zeros`:
    share of exact zeros among the weights (biases and norm parameters apart), None without any; `penalties`: own
    parameter -> penalty; `tied`: own parameter -> path at which it stood first.
    """

    path: str
    kind: str
    depth: int
    output: Any
    parameters: int
    trainable: int
    bytes: int
    multiply_adds: int | None
    zeros: float | None
    penalties: dict[str, Any]
    tied: dict[str, str]

    @property
    def frozen(self) -> bool:
        return self.parameters > 0 and self.trainable == 0


@dataclass(frozen=True)
class ModuleSummary:
    """The rows of a network in order of the tree, the first for the whole, and notices on what penalties miss."""

    rows: tuple[Row, ...]
    notices: tuple[str, ...]

    @property
    def total(self) -> Row:
        return self.rows[0]

    def _cells(self) -> tuple[list[str], list[list[str]]]:
        """Heads and cells of the table, without the columns that say nothing of this network."""
        heads = ["module", "output", "parameters", "mul-adds", "zeros", "penalty", "notes"]
        table = []
        for row in self.rows:
            name = row.path.rpartition(".")[2]
            label = "  " * row.depth + (f"{name}: {row.kind}" if name else row.kind)
            notes = [f"{own} tied to {first}" for own, first in row.tied.items()]
            if row.frozen:
                notes.append("frozen")
            elif row.trainable < row.parameters:
                notes.append(f"{row.parameters - row.trainable:,} frozen")
            cells = [
                label,
                _shape(row.output),
                f"{row.parameters:,}" if row.parameters else "",
                _short(row.multiply_adds) if row.multiply_adds else "",
                f"{row.zeros:.1%}" if row.zeros else "",
                ", ".join(_charge(own, penalty) for own, penalty in row.penalties.items()),
                ", ".join(notes),
            ]
            table.append(cells)
        kept = [i for i in range(len(heads)) if i == 0 or any(line[i] for line in table)]
        return [heads[i] for i in kept], [[line[i] for i in kept] for line in table]

    def _totals(self) -> str:
        total = self.total
        text = f"{total.parameters:,} parameters, {total.trainable:,} trainable, {_size(total.bytes)}"
        if total.multiply_adds is not None:
            text += f"; {total.multiply_adds:,} multiply-adds a forward (matrix products and convolutions)"
        return text

    def __str__(self) -> str:
        from rich import box
        from rich.console import Console
        from rich.measure import Measurement
        from rich.table import Table

        heads, lines = self._cells()
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for head in heads:
            words = head in ("penalty", "notes")
            widest = max(len(head), *(len(line[heads.index(head)]) for line in lines))
            table.add_column(
                head,
                justify="right" if head in _NUMBERS else "left",
                overflow="fold" if words else "ellipsis",
                no_wrap=not words,
                min_width=16 if words else None if head == "module" else widest,
            )
        for line in lines:
            table.add_row(*(cell.replace("[", "\\[") for cell in line))
        text = io.StringIO()
        console = Console(file=text, width=None, highlight=False, color_system=None, force_jupyter=False)
        # rich drops the last columns of a table that is wider than the terminal: let it be wider.
        wide = console.options.update(max_width=10_000)
        console.width = max(console.width, Measurement.get(console, wide, table).minimum)
        console.print(table)
        console.print(self._totals())
        for notice in self.notices:
            console.print(f"Note: {notice}", markup=False)
        return "\n".join(line.rstrip() for line in text.getvalue().rstrip().splitlines())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        heads, lines = self._cells()
        notes = "".join(f"<p>Note: {markup(notice)}</p>" for notice in self.notices)
        return f"{html_table(heads, lines, _NUMBERS)}<p>{markup(self._totals())}</p>{notes}"


def summary(net: Module, *args: Any) -> ModuleSummary:
    """The tree of a network: output shapes, counts, bytes, multiply-adds, penalties, share of zeros.

    The forward is traced on shapes, nothing is computed, and buffers and random state stay as they are. Multiply-adds
    are those of matrix products and convolutions in the traced program, padding included; additions,
    activations and poolings are not counted.

    Args:
        net: the module.
        args: the inputs of its forward, arrays or `jax.ShapeDtypeStruct`; without any, the columns on outputs and
            multiply-adds stay away.

    Returns:
        A `ModuleSummary`: `.rows` as data, a table by `print`, and in a notebook. Its notices name penalised weights
        whose scale a following norm, or the next layer behind a ReLU, takes back: there L1 and L2 measure
        nothing. They see layers that are modules, not `nn.functional`.

    Raises:
        InputError: if `net` is no Module; and what its forward raises.

    Example:
        >>> import numpy as np
        >>> import normax as nx
        >>> net = nx.nn.Sequential(nx.nn.Linear(3, 8), nx.nn.ReLU(), nx.nn.Linear(8, 2))
        >>> tree = nx.summary(net, np.ones((5, 3), "float32"))
        >>> tree.total.parameters, tree.total.multiply_adds, tree.rows[1].output
        (50, 200, (5, 8))
    """
    if not isinstance(net, Module):
        raise InputError(f"summary: expected a normax Module, got {type(net).__name__}")
    seen = forward_cost(net, jax.tree.map(_shaped, args)) if args else None
    first = {id(cell): name for name, cell in (*net.named_parameters(), *net.named_buffers())}
    rows = []
    for path, module in net.named_modules():
        parameters, cells = list(module.parameters()), [*module.parameters(), *module.buffers()]
        own = [(name, cell) for name, cell in module._parameters.items() if cell is not None]
        count = sum(cell.numel() for cell in parameters)
        weights = [np.asarray(cell.value) for cell in parameters if cell.role == "weight"]
        rows.append(
            Row(
                path=path,
                kind=module._get_name(),
                depth=path.count(".") + 1 if path else 0,
                output=None if seen is None else seen.outputs.get(path),
                parameters=count,
                trainable=sum(cell.numel() for cell in parameters if cell.requires_grad),
                bytes=sum(cell.value.nbytes for cell in cells),
                multiply_adds=None if seen is None else seen.multiply_adds[path],
                zeros=float(1 - sum(map(np.count_nonzero, weights)) / sum(w.size for w in weights))
                if weights
                else None,
                penalties={name: cell.penalty for name, cell in own if cell.penalty is not None},
                tied={
                    name: first[id(cell)]
                    for name, cell in own
                    if first[id(cell)] != (f"{path}.{name}" if path else name)
                },
            )
        )
    return ModuleSummary(tuple(rows), tuple(_evasions(net, seen.feeds) if seen is not None else ()))


def _evasions(net: Module, feeds: list[tuple[str, str]]) -> list[str]:
    """Penalised weights that can shrink without changing the function."""
    notices = []
    for before, after in dict.fromkeys(feeds):
        one, two = net.get_submodule(before), net.get_submodule(after)
        a, b = _penalty(one), _penalty(two)
        if NORMS.match(two._get_name()) and a is not None and not NORMS.match(one._get_name()):
            notices.append(
                f"{before}.weight has {a}, but {after} divides its scale out again: the penalty measures nothing "
                f"there; penalise {after}.weight (γ) or groups of {before}.weight"
            )
        elif not any(NORMS.match(m._get_name()) for m in (one, two)) and (a is None) != (b is None):
            if HOMOGENEOUS.match(two._get_name()) or not all("weight" in m._parameters for m in (one, two)):
                continue
            bare, charged = (before, after) if a is None else (after, before)
            notices.append(
                f"{charged}.weight has {a or b} and {bare}.weight none: scale moves from one to the other; "
                "penalise both, or groups"
            )
    return notices


def _shaped(leaf: Any) -> Any:
    return leaf if isinstance(leaf, jax.ShapeDtypeStruct) else jax.eval_shape(lambda: as_array(leaf))


def _penalty(module: Module) -> Any:
    weight = module._parameters.get("weight")
    return weight.penalty if isinstance(weight, Parameter) else None


def _shape(output: Any) -> str:
    if output is None:
        return ""
    shapes = jax.tree.leaves(
        output, is_leaf=lambda s: isinstance(s, tuple) and all(isinstance(n, int) for n in s)
    )
    return ", ".join("×".join(map(str, s)) or "scalar" for s in shapes)


def _charge(name: str, penalty: Any) -> str:
    text = str(penalty).replace("strength=", "")
    return text if name == "weight" else f"{name}: {text}"


def _short(count: int) -> str:
    """A count in three digits: 940k, 17.7M."""
    for unit, size in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if count >= size:
            return f"{count / size:.3g}{unit}"
    return str(count)


def _size(count: int) -> str:
    value = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            break
        value /= 1000
    return f"{value:.3g} {unit}"
