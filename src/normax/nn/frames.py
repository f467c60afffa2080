"""Frames: the values that stand in for cells while a function of a module is traced.

Outside any frame a cell answers with its own array. A compiled function pushes a frame that maps its
cells to tracers; reads and writes then go to the frame, and it is popped in a `finally`, so that no
tracer outlives the trace. Frames live on a stack of their own in each thread.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import jax

from normax.errors import InputError

try:  # Which trace is on: JAX has no public way to ask. Without it, baked-in weights go unnoticed.
    from jax._src.core import trace_ctx
except ImportError:
    trace_ctx = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from normax.nn.cells import Cell

__all__ = ["CapturingFrame", "ForeignCell", "Frame", "Rewritten", "current_frame", "rewritten", "structure"]


class Structure:
    """What a compiled function compares to learn whether anything changed since its last call.

    `token` is a fresh object after any structural change of any module; `cells` counts the changes of
    `requires_grad` and of penalties, which belong to no module alone.
    """

    token: object = object()
    cells: int = 0

    def touch(self) -> None:
        self.token = object()

    def touch_cells(self) -> None:
        self.cells += 1
        self.token = object()


structure = Structure()


class ForeignCell(Exception):
    """A cell outside the frame was read or written while a compiled function was traced.

    Internal: binding catches it, adds the cell to the inputs and traces again.
    """

    def __init__(self, cell: Cell):
        super().__init__("a cell of another module")
        self.cell = cell


class Rewritten(Exception):
    """A plain attribute was written for the first time while a compiled function was traced.

    Internal: binding notes its place, under which reading it is watched from then on, and traces again.
    """

    def __init__(self, place: tuple[int, str]):
        super().__init__("a plain attribute that a forward changes")
        self.place = place


class Frame:
    """One level of the stack.

    Args:
        values: cell -> the array that stands in for it. Written in place.
        names: cell -> its path, for error messages.
        numbers: id of a module -> its number in the bound tree, from which random draws derive.
        key: raw random key `uint32[2]` of this step, or None where nothing may draw.
        row_mask: `(batch,)` booleans, False on padding rows, or None.
        sealed: True where cells outside `values` must become inputs instead of constants.
        restore: puts back the lists, dicts and sets of plain attributes, and names those that must not have changed;
            is given the values of the cells that kept theirs.

    Attributes:
        lanes: whether what is traced here is to be mapped over many networks on a CPU.
    """

    lanes = False

    def __init__(
        self,
        values: dict[Cell, Any],
        *,
        names: dict[Cell, str] | None = None,
        numbers: dict[int, int] | None = None,
        key: Any = None,
        row_mask: Any = None,
        sealed: bool = True,
        restore: Callable[[list[Any]], list[str]] | None = None,
    ):
        self.values = values
        self.names = names or {}
        self.numbers = numbers or {}
        self.key = key
        self.row_mask = row_mask
        self.sealed = sealed
        self.restore = restore
        self.draws: dict[
            int | None, Any
        ] = {}  # id of a module -> draws so far; None: modules without a number
        self.starts: dict[int | None, Any] = {}  # where draws count from inside a loop: may be traced
        self.foreign: dict[int, Any] = {}  # modules outside the bound tree that ran in this frame
        self.outer: Frame | None = None
        self.begun = dict(values)
        # Of the outermost frame, by place: plain attributes written in a call and the frame it was in; those whose
        # old value was read, and the numbers that it was compared with; the modules that were given arrays to keep.
        self.assigned: dict[tuple[int, str], tuple[Any, Frame]] = {}
        self.read: dict[tuple[int, str], list[Any]] = {}
        self.given: set[int] = set()
        self.moved: set[Cell] = set()  # parameters that a forward may write
        self.at_end: list[Callable[[], None]] = []  # what is to be done once the trace has come to its end

    def root(self) -> Frame:
        """The outermost frame."""
        return self if self.outer is None else self.outer.root()

    def within(self, other: Frame) -> bool:
        """Whether another frame is this one or around it."""
        return self is other or (self.outer is not None and self.outer.within(other))

    def runs(self, module: Any) -> bool:
        """Whether a module is of the bound tree, or was called in this frame."""
        return id(module) in self.numbers or id(module) in self.foreign

    def holder(self, cell: Cell) -> Frame | None:
        """The innermost frame that holds the cell, or None where the cell itself does."""
        if cell in self.values:
            return self
        if self.sealed:
            raise ForeignCell(cell)
        return None if self.outer is None else self.outer.holder(cell)

    def adopt(self, cell: Cell) -> None:
        """Take in a cell that is made while this frame is active: it lives and dies with the trace."""
        if self.sealed:
            self.values[cell] = cell._value
        elif self.outer is not None:
            self.outer.adopt(cell)

    def entered(self, module: Any) -> None:
        """Note a module that runs in this frame: one outside the bound tree bears on the program too."""
        if id(module) not in self.numbers:
            self.foreign[id(module)] = module
        if self.outer is not None and not self.sealed:
            self.outer.entered(module)

    def drawing(self) -> Frame:
        """The frame whose key a draw here comes from: the nearest with a key that this one sees."""
        if self.key is None and self.outer is not None and not self.sealed:
            return self.outer.drawing()
        return self

    @contextlib.contextmanager
    def active(self, tracing: bool = True):
        """Push this frame for the length of a `with` block.

        Every trace runs under a user context of its own: JAX keeps traces by function identity, and a
        `jax.checkpoint(self.block)` in a forward would otherwise hand out tracers of an earlier trace.
        Without tracers (`tracing=False`) that would only compile every operation anew.
        """
        self.outer = _stack.top
        _stack.top = self
        try:
            with _fresh_trace(object()) if tracing else contextlib.nullcontext():
                yield self
            for act in self.at_end:
                act()
        finally:
            _stack.top = self.outer
            self.outer = None
            stayed = [value for cell, value in self.begun.items() if self.values.get(cell) is value]
            changed = self.restore(stayed) if self.restore else []
        if changed:
            raise InputError(
                f"{', '.join(changed)}: changed inside a compiled call, which runs Python only once; make "
                "it a Buffer, or return what is put aside"
            )


class CapturingFrame(Frame):
    """A level that takes in each cell when it is first touched: the frame of a body that a JAX transformation
    traces by itself (checkpoint, scan). What the body writes stays here, until it leaves as an output.

    Names, numbers, key, draws and row mask are those of the frame around it; `key` and `numbers` serve
    where there is none.
    """

    def __init__(self, key: Any = None, numbers: dict[int, Any] | None = None):
        around = current_frame()
        source = None if around is None else around.drawing()
        super().__init__(
            {},
            names=None if around is None else around.names,
            numbers={**(numbers or {}), **({} if source is None else source.numbers)},
            key=key if source is None else source.key,
            row_mask=None if around is None else around.row_mask,
            sealed=False,
        )
        self.source = source
        if source is not None:
            self.draws, self.starts = dict(source.draws), dict(source.starts)
        self.taken: dict[Cell, Any] = {}

    def take(self, cell: Cell, value: Any) -> None:
        self.values[cell] = self.taken[cell] = self.begun[cell] = value

    def holder(self, cell: Cell) -> Frame:
        if cell not in self.values:
            holder = None if self.outer is None else self.outer.holder(cell)
            self.take(cell, cell._value if holder is None else holder.values[cell])
        return self

    def adopt(self, cell: Cell) -> None:
        self.values[cell] = cell._value

    def changed(self) -> list[Cell]:
        """The cells that were written to since they were taken in."""
        return [cell for cell, value in self.taken.items() if value is not self.values[cell]]


class _Stack(threading.local):
    top: Frame | None = None

    def __init__(self) -> None:
        self.rewritten: set[tuple[int, str]] = set()


_stack = _Stack()
_fresh_trace = jax.make_user_context(default_value=None)


def current_frame() -> Frame | None:
    """The innermost active frame of this thread, or None."""
    return _stack.top


def rewritten() -> set[tuple[int, str]]:
    """The places of plain attributes that the function being traced in this thread is known to write."""
    return _stack.rewritten


def baking() -> str | None:
    """The transformation outside any frame that would take a cell's array for a constant and keep it.

    `jax.jit`, `jax.checkpoint` and `jax.lax.cond` keep what they traced by the function's identity; loops
    trace a new closure at every call, and `grad` and `vmap` keep nothing.
    """
    frame = getattr(getattr(trace_ctx, "trace", None), "frame", None)
    debug = getattr(frame, "debug_info", None)
    return None if debug is None else _KEEPING.get(debug.traced_for)


_KEEPING = {"jit": "jax.jit", "checkpoint / remat": "jax.checkpoint", "cond": "jax.lax.cond"}
