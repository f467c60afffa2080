"""The page's script and style sheet, joined from their files; nothing is loaded when a page is opened."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

__all__ = ["policy", "script", "sheet"]

#: One idea a file, each built upon those before it.
ORDER = (
    "data", "elements", "numbers", "state", "tooltip", "plot", "strengths", "slider", "errors", "weights", "traces", "tensors", "scroller", "maps",
    "coefficients", "constraint", "answers", "predictions", "classes", "encoding", "row", "tables", "theme", "start",
)  # fmt: skip


@cache
def script() -> str:
    """All of the script, closed in a function of its own."""
    text = "\n".join(_read(f"{name}.js") for name in ORDER)
    return f'(() => {{\n"use strict";\n{text}}})();\n'


@cache
def sheet() -> str:
    """All of the style sheet."""
    return "\n".join(_read(f"{name}.css") for name in ("page", "parts", "print"))


def policy(moves: bool = True) -> str:
    """What a browser may do for a page: run this one script if it moves, and fetch nothing from anywhere."""
    if not moves:
        return "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    digest = base64.b64encode(hashlib.sha256(script().encode()).digest()).decode()
    return (
        f"default-src 'none'; img-src data:; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; base-uri 'none'; "
        "form-action 'none'"
    )


def _read(name: str) -> str:
    return (files("normax.report") / "browser" / name).read_text(encoding="utf-8")
