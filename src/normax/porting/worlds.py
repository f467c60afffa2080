"""Worlds: modules that run with `normax.torch` in the place of torch, apart from those of `sys.modules`.

What a module imports is decided by the `__import__` among its builtins, which here is the world's own. So `torch` means
normax for the modules of a world and for nobody else: an installed torch is neither imported nor disturbed. They
stand in `sys.modules` under private names, where dataclasses and `typing.get_type_hints` look a class's module up.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import importlib.util
import itertools
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec, PathFinder
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from normax.porting.names import NotHere, find
from normax.porting.packages import found, is_installed, requires_torch, takes_torch
from normax.porting.partial import PartialPackage, compiled, text_of, whole
from normax.torch.einops_backend import register

__all__ = ["World", "installed"]

_numbers = itertools.count()
_plain_import = builtins.__import__


class World:
    """A set of modules that import each other, and `normax.torch` under the name torch.

    Args:
        folder: where the user's own modules lie; None for installed packages alone, of which only what is asked for
            runs.
    """

    def __init__(self, folder: Path | None = None):
        self.folder = folder
        self.prefix = f"_normax_world_{next(_numbers)}"
        self._lock = threading.RLock()
        self._builtins = {**vars(builtins), "__import__": self._import}
        home = ModuleType(self.prefix)
        home.__path__ = []
        sys.modules[self.prefix] = home
        self._importlib = ModuleType("importlib")
        vars(self._importlib).update(vars(importlib), import_module=self._import_module)

    # Finding --------------------------------------------------------------------------------------

    def spec(self, name: str) -> ModuleSpec | None:
        """Where a module's source is, by its own or its private name; None if there is none."""
        name = self._own_name(name)
        parent = name.rpartition(".")[0]
        if not parent:
            here = None if self.folder is None else PathFinder.find_spec(name, [str(self.folder)])
            return here or found(name)
        above = self.spec(parent)
        places = None if above is None else above.submodule_search_locations
        return None if places is None else PathFinder.find_spec(name, list(places))

    def owns(self, name: str) -> bool:
        """Whether a module is to run in this world."""
        top = name.partition(".")[0]
        return self._private(top) in sys.modules or self._is_beside(top) or takes_torch(name)

    def is_own(self, name: str) -> bool:
        """Whether a module is the user's own, not an installed package's."""
        top = name.partition(".")[0]
        return self._is_beside(top) or (not is_installed(top) and takes_torch(name))

    def _is_beside(self, top: str) -> bool:
        """Whether a top-level name lies in the folder of the user's own modules."""
        if self.folder is None or top == "normax":
            return False
        return (self.folder / f"{top}.py").is_file() or any((self.folder / top).glob("*.py"))

    def _private(self, name: str) -> str:
        return f"{self.prefix}.{name}"

    def _own_name(self, name: str) -> str:
        return name.removeprefix(f"{self.prefix}.")

    # Running --------------------------------------------------------------------------------------

    def home(self, name: str) -> World:
        """The world in which a module runs: installed packages share one."""
        return self if self.is_own(name) else installed()

    def load(
        self, name: str, source: bytes | ast.Module | None = None, file: str | None = None
    ) -> ModuleType:
        """The module of a name, run at first use after the packages it lies in.

        Args:
            name: as the files themselves spell it.
            source: what to run instead of what its file holds now.
            file: where the source comes from, if the name is found nowhere.

        Raises:
            ModuleNotFoundError: if there is none.
        """
        name = self._own_name(name)
        private = self._private(name)
        with self._lock:
            parent, _, last = name.rpartition(".")
            above = self.load(parent) if parent and private not in sys.modules else None
            if private in sys.modules:
                return sys.modules[private]
            module = self._run(name, source, file)
            if above is not None and not isinstance(
                above, PartialPackage
            ):  # which may have a function of that name
                vars(above)[last] = module
            return module

    def _run(self, name: str, source: bytes | ast.Module | None, file: str | None) -> ModuleType:
        private = self._private(name)
        spec = self.spec(name) if file is None else spec_from_file_location(name, file)
        if spec is None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        if spec.origin is not None and spec.origin.endswith(tuple(EXTENSION_SUFFIXES)):
            return importlib.import_module(name)
        places = spec.submodule_search_locations
        partial = places is not None and requires_torch(name.partition(".")[0])
        module = PartialPackage(private, spec, self) if partial else ModuleType(private)
        own = ModuleSpec(private, spec.loader, origin=spec.origin, is_package=places is not None)
        own.has_location = spec.has_location
        given = {
            "__spec__": own,
            "__package__": private if places is not None else private.rpartition(".")[0],
        }
        given |= {"__file__": spec.origin, "__loader__": spec.loader, "__builtins__": self._builtins}
        if places is not None:
            own.submodule_search_locations = given["__path__"] = list(places)
        vars(module).update(given)
        code = None if partial else compiled(text_of(spec) if source is None else source, spec.origin)
        sys.modules[private] = module
        try:
            if code is not None:
                exec(code, vars(module))
        except BaseException:
            del sys.modules[private]
            raise
        if name == "einops._backends":
            register(module)
        return module

    # What `import` does in these modules ------------------------------------------------------------

    def _import(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: Any = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> Any:
        if level:
            package = (globals or {}).get("__package__")
            if not package:
                raise ImportError("attempted relative import with no known parent package")
            full = self._own_name(importlib.util.resolve_name("." * level + name, package))
        else:
            full = name
        top = full.partition(".")[0]
        if top == "torch":
            return self._import_torch(full, fromlist or ())
        if top == "importlib":
            importlib.import_module(full)
            return self._importlib if full == top or not fromlist else sys.modules[full]
        if not self.owns(full):
            return _plain_import(full, globals, locals, fromlist or (), 0)
        if self.home(full) is not self:
            return self.home(full)._import(full, globals, locals, fromlist)
        module = self.load(full)
        if not fromlist:
            return self.load(top)
        if "*" in fromlist:
            whole(module)
        if hasattr(module, "__path__"):
            for part in module.__dict__.get("__all__", ()) if "*" in fromlist else fromlist:
                if not hasattr(module, part) and self.spec(f"{full}.{part}") is not None:
                    self.load(f"{full}.{part}")
        return module

    def _import_module(self, name: str, package: str | None = None) -> Any:
        """`importlib.import_module` of these modules."""
        full = importlib.util.resolve_name(name, package) if name.startswith(".") else name
        full = self._own_name(full)
        if full.partition(".")[0] == "torch":
            return _torch(full)
        return self.home(full).load(full) if self.owns(full) else importlib.import_module(full)

    def _import_torch(self, full: str, fromlist: Sequence[str]) -> Any:
        module = _torch(full)
        for name in fromlist:
            if name != "*":
                _torch(f"{full}.{name}")
        return module if fromlist else find("torch")


def _torch(path: str) -> Any:
    try:
        return find(path)
    except AttributeError as error:
        frame = sys._getframe(1)
        while frame.f_back is not None and frame.f_code.co_filename == __file__:
            frame = frame.f_back
        where = f"{frame.f_code.co_filename}, line {frame.f_lineno}"
        raise NotHere(f"{where}: imports {path}, which normax has not: {error}") from None


@cache
def installed() -> World:
    """The one world of installed packages, whose classes are the same for every module that is converted."""
    return World()
