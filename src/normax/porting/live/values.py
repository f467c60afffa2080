"""The values of a live torch module's attributes, copied under normax's names."""

from __future__ import annotations

import enum
import functools
import sys
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable
from types import BuiltinFunctionType, CellType, FunctionType, MethodType, ModuleType
from typing import Any

from normax.errors import InputError
from normax.nn.cells import as_array
from normax.porting.live.counterparts import Counterparts, NoCounterpart, is_torchs
from normax.porting.names import find
from normax.porting.packages import takes_torch

__all__ = ["Copier"]

_PLAIN = (bool, int, float, complex, str, bytes, type(None), type(Ellipsis), slice, range)


class Copier:
    """Copies values, each once, so that what was one stays one; notes what cannot be copied, and where it was.

    Args:
        module: how a module is copied: `(module, path, copier)`.

    Attributes:
        faults: what could not be copied, each with its path.
    """

    def __init__(self, module: Callable[[Any, str, Copier], Any]):
        self.faults: list[str] = []
        self.counterparts = Counterparts()
        self._module = module
        self._torch: Any = sys.modules["torch"]
        self.internal = set(vars(self._torch.nn.Module()))  # what torch's modules keep for themselves
        self._done: dict[int, tuple[Any, Any]] = {}  # with the original, whose id must stay its own

    def __call__(self, value: Any, path: str) -> Any:
        """The copy; None with a fault noted if there can be none."""
        if isinstance(value, _PLAIN):
            return value
        if id(value) in self._done:
            return self._done[id(value)][1]
        try:
            copy = self._copy(value, path)
        except (NoCounterpart, InputError, ImportError) as error:
            self.faults.append(f"{path}: {error}")
            copy = None
        return self.note(value, copy)

    def note(self, value: Any, copy: Any) -> Any:
        """Let a copy stand for a value from now on; returns the copy."""
        self._done[id(value)] = value, copy
        return copy

    def _copy(self, value: Any, path: str) -> Any:
        torch = self._torch
        if isinstance(value, torch.nn.Module):
            return self._module(value, path, self)
        if isinstance(value, torch.Tensor):
            return self._tensor(value)
        if isinstance(value, torch.Size):
            return find("torch.Size")(value)
        if isinstance(value, (torch.dtype, torch.memory_format, torch.layout)):
            return find(str(value))
        if isinstance(value, torch.device):
            return find("torch.device")(str(value))
        if isinstance(value, type):
            return self.counterparts.of(value)
        if isinstance(value, ModuleType):
            return self._library(value)
        if isinstance(value, enum.Enum):
            return self.counterparts.of(type(value))[value.name]
        if isinstance(value, functools.partial):
            given = self(value.args, path), self(value.keywords, path)
            return functools.partial(self(value.func, path), *given[0], **given[1])
        if isinstance(value, MethodType):
            return getattr(self(value.__self__, path), value.__name__)
        if isinstance(value, FunctionType):
            return self._function(value, path)
        if isinstance(value, BuiltinFunctionType):
            return self.counterparts.of(value)
        if isinstance(value, (list, tuple, set, frozenset, dict, deque)):
            return self._container(value, path)
        return self._object(value, path)

    def _tensor(self, tensor: Any) -> Any:
        if isinstance(tensor, self._torch.nn.Parameter):
            return find("torch.nn.Parameter")(tensor, tensor.requires_grad)
        return find("torch.as_tensor")(as_array(tensor))

    def buffer(self, tensor: Any, persistent: bool, path: str) -> Any:
        """The buffer that stands for a tensor, wherever it is met."""
        if id(tensor) in self._done:
            return self._done[id(tensor)][1]
        try:
            return self.note(tensor, find("torch.nn.Buffer")(tensor, persistent))
        except InputError as error:
            self.faults.append(f"{path}: {error}")
            return None

    def _library(self, module: ModuleType) -> Any:
        name = module.__name__
        if is_torchs_name(name):
            return find(name)
        return self.counterparts.module(name) if takes_torch(name) else module

    def _function(self, function: FunctionType, path: str) -> Any:
        if "<" not in function.__qualname__ or is_torchs(function):
            return self.counterparts.of(function)
        if not takes_torch(function.__module__) and function.__module__ != "__main__":
            return function
        code, names = self.counterparts.function(function)
        cells = tuple(CellType(self(cell.cell_contents, path)) for cell in function.__closure__ or ())
        copy = FunctionType(code, names, function.__name__, self(function.__defaults__, path), cells)
        copy.__kwdefaults__ = self(function.__kwdefaults__, path)
        return copy

    def _container(self, value: Any, path: str) -> Any:
        if isinstance(value, dict):
            kind = type(value)
            if isinstance(value, defaultdict):
                copy: Any = self.note(value, defaultdict(self(value.default_factory, path)))
            elif kind in (dict, OrderedDict):
                copy = self.note(value, kind())
            else:
                return self._object(value, path)
            copy.update({self(k, path): self(v, f"{path}[{k!r}]") for k, v in value.items()})
            return copy
        if type(value) is list:
            copy = self.note(value, [])
            copy += [self(part, f"{path}[{i}]") for i, part in enumerate(value)]
            return copy
        parts = [self(part, f"{path}[{i}]") for i, part in enumerate(value)]
        if hasattr(value, "_fields"):  # a named tuple
            return self.counterparts.of(type(value))(*parts)
        return type(value)(parts)

    def _object(self, value: Any, path: str) -> Any:
        """Of an instance of any other class: as it is where the class knows no torch, else attribute by attribute."""
        kind = type(value)
        if is_torchs(kind):
            raise NoCounterpart(f"a {kind.__module__}.{kind.__qualname__} has no counterpart in normax")
        if not hasattr(value, "__dict__") or (
            kind.__module__ != "__main__" and not takes_torch(kind.__module__)
        ):
            return value
        made = self.counterparts.of(kind)
        copy = self.note(value, made.__new__(made) if isinstance(value, dict) else object.__new__(made))
        if isinstance(value, dict):
            dict.update(copy, {k: self(v, f"{path}[{k!r}]") for k, v in value.items()})
        for name, part in vars(value).items():
            vars(copy)[name] = self(part, f"{path}.{name}")
        return copy


def is_torchs_name(name: str) -> bool:
    return name.partition(".")[0] == "torch"
