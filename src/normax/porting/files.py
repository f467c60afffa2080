"""`nx.from_torch("model.py:Net")`: a file written for torch, run as it is under normax's names."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path
from types import ModuleType

from normax.errors import InputError
from normax.porting.needs import Need, Source, needs_of
from normax.porting.worlds import World

__all__ = ["imported", "load_file", "place", "read_files"]


def load_file(file: Path, wanted: str | None = None, source: bytes | None = None) -> ModuleType:
    """The module of a file that says `import torch`, run with `normax.torch` in its place.

    Args:
        file: the file; modules beside it, and the packages it lies in, are run under the same rule.
        wanted: the name in it that will be used, by which what it needs is told.
        source: what to run instead of what the file holds now.

    Raises:
        InputError: if there is no such file, it cannot be read as Python, or it needs what normax has not: then before
            anything runs, with every such name and line.
    """
    folder, name = place(file)
    importlib.invalidate_caches()
    world = World(folder)
    missing = needs_of(read_files(world, name, file, source), wanted)
    if missing:
        raise InputError(f"{file} needs what normax has not{_listed(missing)}")
    return world.load(name, source)


def _listed(missing: list[Need]) -> str:
    return ":" + "".join(f"\n  {need}" for need in missing)


def place(file: Path) -> tuple[Path, str]:
    """The folder from which a file is imported, and its name there: packages are named whole.

    Raises:
        InputError: if there is no such file.
    """
    if not file.is_file():
        raise InputError(f"{file}: no such file")
    file = file.resolve()
    folder, parts = file.parent, [] if file.stem == "__init__" else [file.stem]
    while (folder / "__init__.py").is_file():
        folder, parts = folder.parent, [folder.name, *parts]
    return folder, ".".join(parts)


def read_files(world: World, name: str, file: Path, text: bytes | None = None) -> list[Source]:
    """A file, and those of the user's own that it imports, as they are read.

    Raises:
        InputError: for one that is no Python.
    """
    todo: list[tuple[str, Path, bytes | None]] = [(name, file, text)]
    seen, sources = {name}, []
    while todo:
        name, file, text = todo.pop(0)
        try:
            source = Source.read(file.read_bytes() if text is None else text, str(file))
        except (SyntaxError, ValueError) as error:
            raise InputError(f"{file}, line {getattr(error, 'lineno', '?')}: {error}") from error
        sources.append(source)
        package = name if file.stem == "__init__" else name.rpartition(".")[0]
        meant = set().union(*(imported(node, package) for node in ast.walk(source.tree)))
        for found in sorted(meant - seen):
            spec = world.spec(found) if world.is_own(found) else None
            if spec is not None and spec.has_location and str(spec.origin).endswith(".py"):
                seen.add(found)
                todo.append((found, Path(str(spec.origin)), None))
    return sources


def imported(node: ast.AST, package: str) -> set[str]:
    """Names of all modules that an import may mean, with the packages they lie in.

    Args:
        node: an import; of any other node there are none.
        package: where it stands, from which `.` counts.
    """
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        parts = package.split(".")
        above = parts[: len(parts) - node.level + 1] if node.level else []
        base = ".".join(filter(None, [*above, node.module]))
        names = [base, *(f"{base}.{alias.name}" for alias in node.names)]
    else:
        return set()
    paths = (name.split(".") for name in names)
    return {".".join(parts[:count]) for parts in paths for count in range(1, len(parts) + 1)}
