"""The definitions of a script: its imports, functions, classes and constants, without what it does."""

from __future__ import annotations

import ast
from pathlib import Path

__all__ = ["definitions"]

_DEFINE = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def definitions(file: str | Path) -> ast.Module:
    """What of a script can run again without doing its work again.

    Kept are imports, functions, classes, and assignments in which nothing is called; of `if` and `try` as much.
    """
    tree = ast.parse(Path(file).read_bytes(), str(file))
    tree.body = _kept(tree.body)
    return tree


def _kept(body: list[ast.stmt]) -> list[ast.stmt]:
    kept: list[ast.stmt] = []
    for node in body:
        if isinstance(node, ast.If):
            if "__main__" in ast.unparse(node.test):
                continue
            node.body, node.orelse = (
                _kept(node.body) or [ast.copy_location(ast.Pass(), node)],
                _kept(node.orelse),
            )
            kept.append(node)
        elif isinstance(node, ast.Try):
            node.body = _kept(node.body) or [ast.copy_location(ast.Pass(), node)]
            kept.append(node)
        elif isinstance(node, _DEFINE) or (
            isinstance(node, (ast.Assign, ast.AnnAssign)) and not _calls(node)
        ):
            kept.append(node)
    return kept


def _calls(node: ast.stmt) -> bool:
    return any(isinstance(part, (ast.Call, ast.Await)) for part in ast.walk(node))
