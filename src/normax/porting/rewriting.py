"""A PyTorch file moved to normax for good: its imports changed, a comment at each line that needs a hand."""

from __future__ import annotations

import ast
import importlib
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from normax.errors import InputError
from normax.porting.files import imported, place, read_files
from normax.porting.names import find
from normax.porting.needs import Source, needs_of
from normax.porting.packages import is_installed, takes_torch
from normax.porting.worlds import World

__all__ = ["Ported", "port"]


@dataclass(frozen=True)
class Ported:
    """A file as it is to be.

    Attributes:
        text: what it holds, with the ends of lines that it had.
        encoding: its encoding.
        remarks: line of the old file -> what is left to do there.
    """

    text: str
    encoding: str
    remarks: dict[int, list[str]]


def port(file: Path) -> Ported:
    """Change the imports of a file so that it runs by a plain import, and say at each line what is left to do.

    Nothing else is touched: comments, blank lines and the layout stay. A comment stands above the statement it is
    about.

    Args:
        file: a `.py` file that imports torch.

    Raises:
        InputError: if there is no such file, it is no Python, or it imports nothing of torch.
    """
    folder, name = place(file)
    world = World(folder)
    source, *others = read_files(world, name, file)
    if not source.aliases:
        raise InputError(f"{file}: imports nothing of torch; there is nothing to change")
    content = file.read_bytes()
    encoding, _ = tokenize.detect_encoding(BytesIO(content).readline)
    lines = re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", content.decode(encoding))
    remarks: dict[int, list[str]] = {}
    for need in needs_of([source]):
        said = f"{need.name} is not there" + (need.instead and f": {need.instead}")
        remarks.setdefault(need.line, []).append(said)
    for line, said in (*_not_alone(source, world, name, others), *_by_hand(source.tree)):
        remarks.setdefault(line, []).append(said)
    for line, start, end, text in sorted(_edits(source.tree), reverse=True):
        raw = lines[line - 1].encode()
        lines[line - 1] = (raw[:start] + text.encode() + raw[end:]).decode()
    _comment(lines, remarks, _starts(source.tree))
    return Ported("".join(lines), encoding, dict(sorted(remarks.items())))


def _edits(tree: ast.Module) -> Iterator[tuple[int, int, int, str]]:
    """(line, from, to, text) of every import of torch's; places in bytes of UTF-8."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "torch":
                    home = _home(alias.name) if alias.asname else "normax.torch"
                    text = f"{home} as {alias.asname or 'torch'}"
                    yield alias.lineno, alias.col_offset, alias.end_col_offset or 0, text
        elif (
            isinstance(node, ast.ImportFrom)
            and not node.level
            and (node.module or "").split(".")[0] == "torch"
        ):
            start = node.col_offset + len("from ")
            yield node.lineno, start, start + len(node.module or ""), _home(node.module or "")


def _home(path: str) -> str:
    """The module to import for one of torch's."""
    try:
        importlib.import_module(f"normax.{path}")
    except ImportError:
        return getattr(_or_none(path), "__name__", f"normax.{path}")
    return f"normax.{path}"


def _or_none(path: str) -> object:
    try:
        return find(path)
    except AttributeError:
        return None


def _not_alone(source: Source, world: World, name: str, others: list[Source]) -> Iterator[tuple[int, str]]:
    """Imports of what says torch itself: of the user's own, and of installed packages."""
    speaking = {other.file for other in others if other.aliases}
    package = name if Path(source.file).stem == "__init__" else name.rpartition(".")[0]
    for node in ast.walk(source.tree):
        if not isinstance(node, (ast.Import, ast.ImportFrom)):
            continue
        for module in sorted(imported(node, package)):
            top = module.partition(".")[0]
            spec = world.spec(module) if world.is_own(module) else None
            if spec is not None and spec.origin in speaking:
                yield node.lineno, f"{Path(str(spec.origin)).name} imports torch too: port it as well"
            elif module == top and is_installed(top) and takes_torch(top):
                yield (
                    node.lineno,
                    f"{top} imports torch by itself, and a plain import finds torch's own; nx.from_torch runs it under"
                    " normax's names",
                )


_SCRIPT = {
    "backward": "gradients are taken where they are asked for: step = nx.train_step(net, loss_fn, optimizer) once,"
    " loss = step(x, y) in the loop",
    "zero_grad": "no gradients are kept that would have to be cleared: delete the line",
}


def _by_hand(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Lines of a training loop, which have no counterpart, and torch imported by its name in a string."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            on, _, name = ast.unparse(node.func).rpartition(".")
            if on and name in _SCRIPT and not on.startswith(("super", "ctx", "torch.autograd")):
                yield node.lineno, _SCRIPT[name]
            elif name == "step" and "optim" in on:
                yield node.lineno, "nx.train_step takes the optimiser's step too: delete the line"
            elif name in ("import_module", "__import__") and _names_torch(node):
                yield node.lineno, "imports by name: write 'normax.torch' for 'torch'"


def _names_torch(call: ast.Call) -> bool:
    return any(isinstance(arg, ast.Constant) and re.match(r"torch\b", str(arg.value)) for arg in call.args)


def _starts(tree: ast.Module) -> dict[int, int]:
    """Line -> the first line of the innermost statement that it belongs to."""
    starts: dict[int, int] = {}
    for node in ast.walk(tree):  # from the outside in
        if isinstance(node, ast.stmt):
            first = min([node.lineno, *(part.lineno for part in getattr(node, "decorator_list", []))])
            starts.update(dict.fromkeys(range(first, (node.end_lineno or first) + 1), first))
    return starts


def _comment(lines: list[str], remarks: dict[int, list[str]], starts: dict[int, int]) -> None:
    """Write each remark above its statement."""
    for line in sorted(remarks, reverse=True):
        at = starts.get(line, line) - 1
        indent, ending = (
            lines[at][: len(lines[at]) - len(lines[at].lstrip())],
            lines[at][len(lines[at].rstrip("\r\n")) :],
        )
        lines[at:at] = [f"{indent}# normax: {said}{ending or chr(10)}" for said in remarks[line]]
