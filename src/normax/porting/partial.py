"""Packages of which only what is asked for runs.

A package's `__init__` gathers all that the package has: a model of torchvision would bring its data sets, videos and
their libraries along. Of a partial package each import in `__init__` runs when somebody asks for a name that it binds;
the whole of it only where nothing else gives the name.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from types import CodeType, ModuleType
from typing import TYPE_CHECKING, Any

from normax.porting.names import NotHere, last_place

if TYPE_CHECKING:
    from normax.porting.worlds import World

__all__ = ["PartialPackage", "compiled", "text_of", "whole"]


def text_of(spec: ModuleSpec) -> bytes:
    """The source that a spec names, as it lies in its file; empty for a folder without `__init__`."""
    loader: Any = spec.loader
    return loader.get_data(spec.origin) if spec.has_location else b""


def compiled(source: bytes | ast.Module, file: str | None) -> CodeType:
    return compile(source, file or "<folder>", "exec", dont_inherit=True)


class PartialPackage(ModuleType):
    """A package whose names come on demand.

    Args:
        name: its name in `sys.modules`.
        spec: where it lies.
        world: what finds and runs the modules beside it.
    """

    def __init__(self, name: str, spec: ModuleSpec, world: World):
        super().__init__(name)
        vars(self)["_lazy"] = _Lazy(self, text_of(spec), spec.origin, world)

    def __getattr__(self, name: str) -> Any:
        for bring in self._lazy.ways(name):
            try:
                bring(name)
            except (
                AttributeError
            ) as error:  # which `from package import name` would take for a name that is not there
                raise NotHere(f"{last_place(error)}: {error}") from error
            if name in vars(self):
                return vars(self)[name]
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}", name=name, obj=self)


class _Lazy:
    """What a partial package still may run."""

    def __init__(self, module: ModuleType, source: bytes, file: str | None, world: World):
        self.module, self.source, self.file, self.world = module, source, file, world
        self.ran = False

    def ways(self, name: str) -> tuple[Callable[[str], None], ...]:
        """What may bring a name, the least first; Python asks every module for names with underscores."""
        if name == "__all__":
            return (self.whole,)
        return (
            (self.bound,) if name.startswith("__") else (self.bound, self.starred, self.submodule, self.whole)
        )

    def run(self, *statements: ast.stmt) -> None:
        exec(compiled(ast.Module(list(statements), []), self.file), vars(self.module))

    def imports(self) -> list[ast.ImportFrom]:
        return [node for node in ast.parse(self.source).body if isinstance(node, ast.ImportFrom)]

    def constants(self) -> list[ast.Assign]:
        body = ast.parse(self.source).body
        return [
            node for node in body if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        ]

    def path(self, statement: ast.ImportFrom) -> str:
        return f"{self.module.__name__}.{statement.module}"

    def is_of_itself(self, statement: ast.ImportFrom) -> bool:
        """Whether it is `from . import part`, or the same by the package's name."""
        if statement.level:
            return statement.level == 1 and not statement.module
        return self.module.__name__.endswith(f".{statement.module}")

    def bound(self, name: str) -> None:
        """Run the import or constant that binds the name; a package below, whose modules may register themselves,
        whole."""
        for constant in self.constants():
            if any(isinstance(target, ast.Name) and target.id == name for target in constant.targets):
                self.run(constant)
        for statement in self.imports():
            for alias in statement.names:
                if (alias.asname or alias.name) != name:
                    continue
                if self.is_of_itself(statement):
                    self.submodule(name)
                else:
                    if statement.level == 1:
                        whole(self.world.load(self.path(statement)))
                    one = ast.ImportFrom(statement.module, [alias], statement.level)
                    self.run(ast.copy_location(one, statement))

    def starred(self, name: str) -> None:
        """Run the star import whose module speaks of the name, or defines it where a module has it too; the last
        wins."""
        word = rf"\b{re.escape(name)}\b"
        if self.world.spec(f"{self.module.__name__}.{name}") is not None:
            word = rf"^(?:def|class) {word}|^{word} *[:=]"
        for statement in reversed(self.imports()):
            if statement.names[0].name == "*" and statement.level == 1:
                spec = self.world.spec(self.path(statement))
                if spec is not None and re.search(rf"(?m){word}".encode(), text_of(spec)):
                    self.run(statement)
                    if name in vars(self.module):
                        return

    def submodule(self, name: str) -> None:
        path = f"{self.module.__name__}.{name}"
        if self.world.spec(path) is not None:
            vars(self.module)[name] = self.world.load(path)

    def whole(self, name: str = "") -> None:
        if not self.ran:
            self.ran = True
            exec(compiled(self.source, self.file), vars(self.module))


def whole(module: ModuleType) -> None:
    """Run all of a package's `__init__` if it is a partial one."""
    if isinstance(module, PartialPackage):
        module._lazy.whole()
