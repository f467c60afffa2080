"""What a training loop's source says: names read and made, calls, loops."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from typing import Any

__all__ = [
    "draws",
    "header",
    "holds",
    "indented",
    "iterated",
    "loads",
    "method_calls",
    "renamed",
    "scaled",
    "stores",
    "unwrapped",
]


def holds(node: Any, line: int) -> bool:
    return getattr(node, "lineno", line + 1) <= line <= (getattr(node, "end_lineno", None) or 0)


def method_calls(node: ast.AST, method: str) -> list[Any]:
    return [
        call
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == method
    ]


def loads(node: ast.AST) -> Iterator[str]:
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


def stores(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            yield part.id


def indented(lines: list[str]) -> list[str]:
    return [textwrap.indent(line, "    ") for line in lines]


def renamed(line: str, nets: list[str]) -> str:
    for name in nets:
        line = line.replace(name, name.replace(".", "_"))
    return line


def header(node: Any) -> str:
    if isinstance(node, ast.For):
        target = ast.unparse(node.target)
        return f"for {target[1:-1] if target.startswith('(') else target} in {ast.unparse(node.iter)}:"
    return f"while {ast.unparse(node.test)}:"


def iterated(node: ast.For) -> str:
    """What a loop goes through, out of `enumerate(...)` or a progress bar."""
    over: Any = node.iter
    while isinstance(over, ast.Call) and over.args:
        over = over.args[0]
    return ast.unparse(over)


def unwrapped(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements, out of `with autocast():`, which a network in half precision does without."""
    for statement in body:
        inside = isinstance(statement, ast.With) and all(
            "autocast" in ast.unparse(item.context_expr) for item in statement.items
        )
        if inside:
            yield from unwrapped(statement.body)  # type: ignore[attr-defined]
        else:
            yield statement


def draws(statement: ast.stmt) -> bool:
    """Whether a statement draws numbers that a compiled step would draw only once: Python's or NumPy's."""
    called = [ast.unparse(part.func) for part in ast.walk(statement) if isinstance(part, ast.Call)]
    return any(re.match(r"(np|numpy)\.random\.|random\.", name) for name in called)


def scaled(target: ast.expr) -> ast.expr:
    """The loss in `scaler.scale(loss)`; any other as it is."""
    if (
        isinstance(target, ast.Call)
        and isinstance(target.func, ast.Attribute)
        and target.func.attr == "scale"
    ):
        return target.args[0]
    return target
