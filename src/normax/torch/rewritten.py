"""A PyTorch training loop rewritten with `nx.train_step`.

The loop is read from the source of whoever asked, names from its frame: which of them is the network, the optimiser,
the batch. A line that is not part of a step stays the user's own, and is shown as a comment.
"""

from __future__ import annotations

import ast
import linecache
from dataclasses import dataclass
from types import FrameType
from typing import Any

import jax
import numpy as np

from normax.nn.module import Module
from normax.torch.corners import GradScaler
from normax.torch.optim.in_optax import in_optax
from normax.torch.optim.lr_scheduler import LRScheduler
from normax.torch.optim.optimizer import Optimizer
from normax.torch.syntax import (
    draws,
    header,
    holds,
    indented,
    iterated,
    loads,
    method_calls,
    renamed,
    scaled,
    stores,
    unwrapped,
)

__all__ = ["Loop", "Unreadable"]


class Unreadable(Exception):
    """The source says nothing of a loop that could be shown."""


@dataclass
class _Part:
    """One `backward()`, and what takes its place.

    Attributes:
        backward: its statement.
        leading: the statements that go into the loss.
        drawn: those that draw random numbers outside of it.
        loss: the function of the loss.
        made: what makes the step.
        instead: the call of the step.
    """

    backward: ast.stmt
    leading: list[ast.stmt]
    drawn: list[ast.stmt]
    loss: list[str]
    made: list[str]
    instead: str


class Loop:
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
            inside = [child for child in ast.iter_child_nodes(node) if holds(child, frame.f_lineno)]
            node = inside[0] if inside else None
        functions = [i for i, node in enumerate(self.around) if isinstance(node, ast.FunctionDef)]
        self.around = self.around[functions[-1] :] if functions else self.around
        if len(self.around) > 1 and isinstance(self.around[0], ast.FunctionDef):
            del self.around[0]
        if not self.around:
            raise Unreadable
        self.body = list(unwrapped(self.around[-1].body))

    def rewritten(self) -> str:
        """The lines to write instead."""
        backward = [i for i, statement in enumerate(self.body) if self._calls(statement, "backward")]
        if not backward:
            raise Unreadable
        parts = [self._part(at, named=len(backward) > 1) for at in backward]
        lines = [line for part in parts for line in [*part.loss, ""]]
        lines += self._schedules(self._found(LRScheduler))
        lines += [line for part in parts for line in part.made]
        return "\n".join(lines + self._nested(0, parts))

    def _part(self, at: int, named: bool) -> _Part:
        """What takes the place of one `backward()` and of the lines that lead to it; `named` by its network."""
        target = scaled(method_calls(self.body[at], "backward")[0].func.value)
        optimizer = self._optimizer(at)
        slice_, drawn, loss = self._leading_to(target, at)
        read = [name for part in slice_ for name in loads(part)] + list(loads(target))
        made = {name for part in slice_ for name in stores(part)}
        nets = self._networks(read, optimizer)
        if not nets:
            raise Unreadable
        outside = [name for part in drawn for name in stores(part)]
        data = [name for name in read if name not in made and (name in outside or self._is_data(name))]
        batch = list(dict.fromkeys([name for name in self._targets() if name in read] + data))
        one = len(nets) == 1
        held = (nets[0] if one else "nets").replace(".", "_")
        function, step = self._free("loss_fn", "objective"), self._free("step", "train")
        if named:
            function, step = f"{function}_{held}", f"{step}_{held}"
        inner = [ast.unparse(part) for part in slice_] + [f"return {loss}"]
        if not one:
            inner.insert(0, f"{', '.join(name.replace('.', '_') for name in nets)} = nets")
        inner = [renamed(line, nets) for line in inner]
        whole = nets[0] if one else f"nx.nn.ModuleList([{', '.join(nets)}])"
        optimised = optimizer or "optax.adam(1e-3)"
        lines = self._named_in_optax(optimizer)
        if optimised.split(".")[0] in self.given:  # called once an epoch, say
            lines.append(f"# once, before {self.function}(...) is called: it keeps the optimiser's state")
        lines.append(f"{step} = nx.train_step({', '.join([whole, function, optimised, *self._clip()])})")
        return _Part(
            self.body[at],
            slice_,
            drawn,
            [f"def {function}({', '.join([held, *batch])}):", *indented(inner)],
            lines,
            f"{loss if loss.isidentifier() else 'loss'} = {step}({', '.join(batch)})",
        )

    def _nested(self, depth: int, parts: list[_Part]) -> list[str]:
        """The loops, the innermost with the steps in the place of what they do; the user's own lines as comments."""
        node = self.around[depth]
        last = depth == len(self.around) - 1
        gone = [statement for part in parts for statement in part.leading]
        drawn = [statement for part in parts for statement in part.drawn]
        steps = {id(part.backward): part.instead for part in parts}
        own = []
        for statement in self.body if last else node.body:
            if not last and statement is self.around[depth + 1]:
                own += self._nested(depth + 1, parts)
            elif id(statement) in steps:
                own.append(steps[id(statement)])
            elif statement in drawn:
                own += ast.unparse(statement).splitlines()
            elif statement not in gone and not self._is_of_the_step(statement):
                own += [f"# yours: {line}" for line in ast.unparse(statement).splitlines()]
        return own if isinstance(node, ast.FunctionDef) else [header(node), *indented(own)]

    def _leading_to(self, target: ast.expr, at: int) -> tuple[list[ast.stmt], list[ast.stmt], str]:
        """The statements before the line that bear on the loss, of them those that stay outside, and the loss
        itself."""
        wanted, chosen, drawn = set(loads(target)), [], []
        for statement in reversed(self.body[:at]):
            made = set(stores(statement))
            if not made & wanted or self._is_of_the_step(statement) or self._makes_networks(made):
                continue
            if draws(statement):
                drawn.append(statement)
                continue
            chosen.append(statement)
            wanted |= set(loads(statement))
        return chosen[::-1], drawn[::-1], ast.unparse(target)

    def _makes_networks(self, names: set[str]) -> bool:
        return all(isinstance(self._value(name), (Module, Optimizer)) for name in names)

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
            for call in method_calls(statement, "step"):
                for name in map(ast.unparse, [call.func.value, *call.args]):  # scaler.step(optimizer)
                    if isinstance(self._value(name), Optimizer):
                        return name
        return next(iter(self._found(Optimizer)), None)

    def _named_in_optax(self, name: str | None) -> list[str]:
        said = None if name is None else in_optax(self._value(name))
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
            every = f"len({iterated(inner)})" if each else "1"
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
        kinds: dict[str, Any] = {
            "zero_grad": (Optimizer, Module),
            "step": (Optimizer, LRScheduler, GradScaler),
            "unscale_": GradScaler,
            "update": GradScaler,
        }
        clips = method == "clip_grad_norm_"
        return clips or (method in kinds and isinstance(self._value(owner), kinds[method]))

    def _calls(self, statement: ast.stmt, method: str) -> bool:
        return isinstance(statement, ast.Expr) and bool(method_calls(statement, method))

    def _steps(self, statement: ast.stmt, name: str) -> bool:
        return any(ast.unparse(call.func.value) == name for call in method_calls(statement, "step"))

    def _targets(self) -> list[str]:
        loops = [node for node in self.around if isinstance(node, ast.For)]
        return list(stores(loops[-1].target)) if loops else []

    def _is_data(self, name: str) -> bool:
        value = self._value(name)
        return not isinstance(value, Module) and (
            isinstance(value, jax.Array | np.ndarray) or hasattr(value, "__jax_array__")
        )

    def _found(self, kind: type) -> list[str]:
        own = getattr(self.names.get("self"), "__dict__", {})
        named = self.names | {f"self.{name}": value for name, value in own.items()}
        return [name for name, value in named.items() if isinstance(value, kind)]

    def _value(self, name: str) -> Any:
        first, *rest = name.split(".")
        value = self.names.get(first)
        for part in rest:
            value = getattr(value, part, None)
        return value

    def _free(self, name: str, other: str) -> str:
        return other if name in self.names else name
