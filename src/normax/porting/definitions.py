"""The definitions of a script: its imports, functions, classes and constants, without what it does."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from pathlib import Path

__all__ = ["definitions"]

_DEFINE = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def definitions(file: str | Path) -> ast.Module:
    """What of a script can run again without doing its work again.

    Kept are imports, functions, classes, and constants: assignments to names in which nothing is called and nothing is
    used that was not kept. Of `if` and `try` as much.
    """
    tree = ast.parse(Path(file).read_bytes(), str(file))
    tree.body = _kept(tree.body, {*dir(builtins), "__file__", "__name__"})
    return tree


def _kept(body: list[ast.stmt], known: set[str]) -> list[ast.stmt]:
    """The statements to keep, given the names that are known, which grow by what these bind."""
    kept: list[ast.stmt] = []
    for node in body:
        if isinstance(node, ast.If) and "__main__" not in ast.unparse(node.test):
            node.body, node.orelse = _kept(node.body, known) or [_nothing(node)], _kept(node.orelse, known)
        elif isinstance(node, ast.Try):
            node.body = _kept(node.body, known) or [_nothing(node)]
        elif not (isinstance(node, _DEFINE) or _is_constant(node, known)):
            continue
        known |= set(_bound(node))
        kept.append(node)
    return kept


def _nothing(node: ast.stmt) -> ast.stmt:
    return ast.copy_location(ast.Pass(), node)


def _is_constant(node: ast.stmt, known: set[str]) -> bool:
    if not isinstance(node, (ast.Assign, ast.AnnAssign)):
        return False
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    parts = list(ast.walk(node))
    used = {part.id for part in parts if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)}
    called = any(isinstance(part, (ast.Call, ast.Await)) for part in parts)
    return not called and used <= known and all(isinstance(target, ast.Name) for target in targets)


def _bound(node: ast.stmt) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, (ast.Import, ast.ImportFrom)):
            yield from ((alias.asname or alias.name).partition(".")[0] for alias in part.names)
        elif isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield part.name
        elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            yield part.id
