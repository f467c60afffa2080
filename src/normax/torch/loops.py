"""A PyTorch training loop rewritten with `nx.train_step`, for the error of the first line of it that cannot be had.

The loop is read from the source of whoever asked, names from its frame: which of them is the network, the optimiser,
the batch. A line that is not part of the step stays the user's own, and is shown as a comment.
"""

from __future__ import annotations

import ast
import linecache
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import jax
import numpy as np

import normax
from normax.errors import InputError
from normax.nn.module import Module
from normax.torch.optim.lr_scheduler import LRScheduler
from normax.torch.optim.optimizer import Optimizer

__all__ = ["backward", "refuse"]

_OURS = str(Path(normax.__file__).parent)
_GENERIC = """\
step = nx.train_step(net, loss_fn, optimizer)  # once; loss_fn(net, x, y) -> scalar; optax.adam(1e-3), say
for x, y in loader:
    loss = step(x, y)"""


def refuse(asked: str) -> InputError:
    """The error for a line of a training loop, `loss.backward()` say: what to write instead of the loop."""
    frame = _caller()
    where = f"{asked}, line {frame.f_lineno} of {Path(frame.f_code.co_filename).name}" if frame else asked
    try:
        rewritten = None if frame is None else _Loop(frame).rewritten()
    except (SyntaxError, _Unreadable):
        rewritten = None
    said = "this loop is" if rewritten else "a loop is"
    return InputError(
        f"{where}: a compiled step takes gradients and moves the weights at once, `import normax as nx`; "
        f"{said}\n\n" + textwrap.indent(rewritten or _GENERIC, "    ") + "\n"
    )


def backward(
    self: Any, gradient: Any = None, retain_graph: Any = None, create_graph: bool = False, inputs: Any = None
) -> Any:
    """Refused: a compiled step takes the gradients."""
    raise refuse("loss.backward()")


def _caller() -> FrameType | None:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_OURS):
        frame = frame.f_back
    return frame


class _Unreadable(Exception):
    """The source says nothing of a loop that could be shown."""


class _Loop:
    """The statements around a line that is being run, and what their names stand for."""

    def __init__(self, frame: FrameType):
        lines = linecache.getlines(frame.f_code.co_filename, frame.f_globals)
        self.names = {**frame.f_globals, **frame.f_locals}
        code = frame.f_code
        self.function, self.given = code.co_name, code.co_varnames[: code.co_argcount]
        self.around: list[Any] = []  # the loops and functions around the line, the outermost first
        node: Any = ast.parse("".join(lines))
        while node is not None:
            if isinstance(node, ast.For | ast.While | ast.FunctionDef):
                self.around.append(node)
            inside = [child for child in ast.iter_child_nodes(node) if _holds(child, frame.f_lineno)]
            node = inside[0] if inside else None
        functions = [i for i, node in enumerate(self.around) if isinstance(node, ast.FunctionDef)]
        self.around = self.around[functions[-1] :] if functions else self.around
        if len(self.around) > 1 and isinstance(self.around[0], ast.FunctionDef):
            del self.around[0]
        if not self.around:
            raise _Unreadable
        self.body: list[ast.stmt] = self.around[-1].body

    def rewritten(self) -> str:
        """The lines to write instead."""
        backward = [i for i, statement in enumerate(self.body) if self._calls(statement, "backward")]
        if not backward:
            raise _Unreadable
        at = backward[0]
        target = _method_calls(self.body[at], "backward")[0].func.value
        optimizer, schedulers = self._optimizer(at), self._found(LRScheduler)
        slice_, loss = self._leading_to(target, at)
        read = [name for part in slice_ for name in _loads(part)] + list(_loads(target))
        made = {name for part in slice_ for name in _stores(part)}
        nets = self._networks(read, optimizer)
        if not nets:
            raise _Unreadable
        data = [name for name in read if name not in made and self._is_data(name)]
        batch = list(dict.fromkeys([name for name in self._targets() if name in read] + data))
        function, step = self._free("loss_fn", "objective"), self._free("step", "train")
        inner = [ast.unparse(part) for part in slice_] + [f"return {loss}"]
        one = len(nets) == 1
        held = (nets[0] if one else "nets").replace(".", "_")
        if not one:
            inner.insert(0, f"{', '.join(name.replace('.', '_') for name in nets)} = nets")
        inner = [_renamed(line, nets) for line in inner]
        whole = nets[0] if one else f"nx.nn.ModuleList([{', '.join(nets)}])"
        clip = self._clip()
        lines = [f"def {function}({', '.join([held, *batch])}):", *_indented(inner), ""]
        lines += self._schedules(schedulers)
        named = optimizer or "optax.adam(1e-3)"
        lines += self._named_in_optax(optimizer)
        if named.split(".")[0] in self.given:  # called once an epoch, say
            lines.append(f"# once, before {self.function}(...) is called: it keeps the optimiser's state")
        lines += [f"{step} = nx.train_step({', '.join([whole, function, named, *clip])})"]
        shown = loss if loss.isidentifier() else "loss"
        instead = [f"{shown} = {step}({', '.join(batch)})"]
        return "\n".join(lines + self._nested(0, slice_, instead))

    def _nested(self, depth: int, slice_: list[ast.stmt], instead: list[str]) -> list[str]:
        """The loops, the innermost with the step in the place of what it does; the user's own lines as comments."""
        node = self.around[depth]
        last = depth == len(self.around) - 1
        own = []
        for statement in node.body:
            if not last and statement is self.around[depth + 1]:
                own += self._nested(depth + 1, slice_, instead)
            elif last and self._calls(statement, "backward"):
                own += instead
            elif statement not in slice_ and not self._is_of_the_step(statement):
                own += [f"# yours: {line}" for line in ast.unparse(statement).splitlines()]
        return own if isinstance(node, ast.FunctionDef) else [_header(node), *_indented(own)]

    def _leading_to(self, target: ast.expr, at: int) -> tuple[list[ast.stmt], str]:
        """The statements before the line that bear on the loss, and the loss itself."""
        wanted, chosen = set(_loads(target)), []
        for statement in reversed(self.body[:at]):
            made = set(_stores(statement))
            if made & wanted and not self._is_of_the_step(statement):
                chosen.append(statement)
                wanted |= set(_loads(statement))
        return chosen[::-1], ast.unparse(target)

    def _networks(self, read: list[str], optimizer: str | None) -> list[str]:
        """The expressions among those read that are networks which the optimiser moves."""
        moved = None
        if optimizer is not None:
            moved = {id(cell) for group in self._value(optimizer).param_groups for cell in group["params"]}
        found = {}
        for name in read:
            value = self._value(name)
            if isinstance(value, Module):
                cells = {id(cell) for cell in value.parameters()}
                if cells & moved if moved is not None else cells:
                    found[name] = value
        return list(found)

    def _optimizer(self, at: int) -> str | None:
        """The optimiser whose step comes after the line, or any."""
        for statement in [*self.body[at:], *self.body[:at]]:
            for call in _method_calls(statement, "step"):
                name = ast.unparse(call.func.value)
                if isinstance(self._value(name), Optimizer):
                    return name
        return next(iter(self._found(Optimizer)), None)

    def _named_in_optax(self, name: str | None) -> list[str]:
        said = None if name is None else _in_optax(self._value(name))
        return [] if said is None else [f"# {name} as it is, or {name} = {said}"]

    def _schedules(self, names: list[str]) -> list[str]:
        """What a scheduler has to be told, since nobody steps it."""
        lines = []
        for name in names:
            scheduler = self._value(name)
            where = [i for i, node in enumerate(self.around) for s in node.body if self._steps(s, name)]
            if not where or scheduler.every is not None:
                continue
            inner = self.around[-1]
            each = isinstance(inner, ast.For) and where[0] < len(self.around) - 1
            every = f"len({_iterated(inner)})" if each else "1"
            lines.append(f"{name}.every = {every}  # optimiser steps for one of its own")
        return lines

    def _clip(self) -> list[str]:
        for statement in self.body:
            for call in [node for node in ast.walk(statement) if isinstance(node, ast.Call)]:
                if ast.unparse(call.func).endswith("clip_grad_norm_"):
                    given = [*call.args[1:2], *(k.value for k in call.keywords if k.arg == "max_norm")]
                    return [f"clip={ast.unparse(part)}" for part in given[:1]]
        return []

    def _is_of_the_step(self, statement: ast.stmt) -> bool:
        """Whether a line is one that a compiled step does by itself."""
        if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Call):
            return False
        called = ast.unparse(statement.value.func)
        owner, _, method = called.rpartition(".")
        kinds: dict[str, Any] = {"zero_grad": (Optimizer, Module), "step": (Optimizer, LRScheduler)}
        clips = method == "clip_grad_norm_"
        return clips or (method in kinds and isinstance(self._value(owner), kinds[method]))

    def _calls(self, statement: ast.stmt, method: str) -> bool:
        return isinstance(statement, ast.Expr) and bool(_method_calls(statement, method))

    def _steps(self, statement: ast.stmt, name: str) -> bool:
        return any(ast.unparse(call.func.value) == name for call in _method_calls(statement, "step"))

    def _targets(self) -> list[str]:
        loops = [node for node in self.around if isinstance(node, ast.For)]
        return list(_stores(loops[-1].target)) if loops else []

    def _is_data(self, name: str) -> bool:
        value = self._value(name)
        return not isinstance(value, Module) and (
            isinstance(value, jax.Array | np.ndarray) or hasattr(value, "__jax_array__")
        )

    def _found(self, kind: type) -> list[str]:
        return [name for name, value in self.names.items() if isinstance(value, kind)]

    def _value(self, name: str) -> Any:
        first, *rest = name.split(".")
        value = self.names.get(first)
        for part in rest:
            value = getattr(value, part, None)
        return value

    def _free(self, name: str, other: str) -> str:
        return other if name in self.names else name


def _holds(node: Any, line: int) -> bool:
    return getattr(node, "lineno", line + 1) <= line <= (getattr(node, "end_lineno", None) or 0)


def _method_calls(node: ast.AST, method: str) -> list[Any]:
    return [
        call
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == method
    ]


def _loads(node: ast.AST) -> Iterator[str]:
    """The names that are read, in the order of the source, dotted ones too (`self.net`)."""
    for part in sorted(
        ast.walk(node), key=lambda part: (getattr(part, "lineno", 0), getattr(part, "col_offset", 0))
    ):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load):
            yield part.id
        elif isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name):
            yield ast.unparse(part)
    if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        yield node.target.id


def _stores(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            yield part.id


def _indented(lines: list[str]) -> list[str]:
    return [textwrap.indent(line, "    ") for line in lines]


def _renamed(line: str, nets: list[str]) -> str:
    for name in nets:
        line = line.replace(name, name.replace(".", "_"))
    return line


def _header(node: Any) -> str:
    if isinstance(node, ast.For):
        target = ast.unparse(node.target)
        return f"for {target[1:-1] if target.startswith('(') else target} in {ast.unparse(node.iter)}:"
    return f"while {ast.unparse(node.test)}:"


def _iterated(node: ast.For) -> str:
    """What a loop goes through, out of `enumerate(...)` or a progress bar."""
    over: Any = node.iter
    while isinstance(over, ast.Call) and over.args:
        over = over.args[0]
    return ast.unparse(over)


def _in_optax(optimizer: Optimizer) -> str | None:
    """optax's own, where it has the same numbers."""
    names: dict[str, tuple[str, Callable[[dict[str, Any]], dict[str, Any] | None]]] = {
        "SGD": ("sgd", lambda h: None if h["dampening"] or h["weight_decay"] else _sgd(h)),
        "Adam": ("adam", lambda h: None if h["weight_decay"] or h["amsgrad"] else _adam(h)),
        "AdamW": (
            "adamw",
            lambda h: None if h["amsgrad"] else _adam(h) | {"weight_decay": h["weight_decay"]},
        ),
    }
    h, known = optimizer.param_groups[0], names.get(type(optimizer).__name__)
    if known is None or len(optimizer.param_groups) > 1 or optimizer.schedulers or h["maximize"]:
        return None
    settings = known[1](h)
    if settings is None:
        return None
    return f"optax.{known[0]}({', '.join([repr(h['lr']), *(f'{k}={v!r}' for k, v in settings.items())])})"


def _sgd(h: dict[str, Any]) -> dict[str, Any]:
    return ({"momentum": h["momentum"]} if h["momentum"] else {}) | (
        {"nesterov": True} if h["nesterov"] else {}
    )


def _adam(h: dict[str, Any]) -> dict[str, Any]:
    usual = {"b1": 0.9, "b2": 0.999, "eps": 1e-8}
    given = {"b1": h["betas"][0], "b2": h["betas"][1], "eps": h["eps"]}
    return {key: value for key, value in given.items() if value != usual[key]}
