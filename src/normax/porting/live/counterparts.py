"""Classes and functions of a live torch module, as their files say under normax's names."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

from normax.porting.definitions import definitions
from normax.porting.names import find, last_place
from normax.porting.packages import found, takes_torch
from normax.porting.worlds import World

__all__ = ["Counterparts", "NoCounterpart", "is_torchs"]

# Where torch keeps functions that are known by no module of their own.
_HOMES = ("torch", "torch.nn.functional", "torch.special", "torch.linalg", "torch.fft", "torch.nn.init")


# By which a piece of code is known again in its file.
_SAME = ("co_qualname", "co_firstlineno", "co_code")


class NoCounterpart(Exception):
    """What has none; the message says what and why."""


def is_torchs(value: Any) -> bool:
    """Whether a class, function or object's class is torch's own."""
    home = getattr(value, "__module__", None) or ""
    return home.partition(".")[0] == "torch"


class Counterparts:
    """What stands for the classes and functions of torch and of modules that are built on it."""

    def __init__(self) -> None:
        self.world = World()

    def module(self, name: str) -> ModuleType:
        """The module of a name, run under normax's names."""
        if name != "__main__":
            if found(name.partition(".")[0]) is None:
                raise NoCounterpart(f"module {name} is in no file that can be read again; write it into one")
            try:
                return self.world.home(name).load(name)
            except Exception as error:
                raise NoCounterpart(
                    f"{name} does not run under normax's names: {last_place(error)}: {type(error).__name__}: {error}"
                ) from error
        file = getattr(sys.modules[name], "__file__", None)
        if file is None:
            raise NoCounterpart(
                "is defined in a session or notebook: write its class into a file and import it"
            )
        return self.world.load("__main__", definitions(file), file)

    def of(self, thing: Any) -> Any:
        """Of a class or a named function: `torch.nn.ReLU`, one of a file, or one that knows no torch, as it is.

        Raises:
            NoCounterpart: if there is none.
        """
        home, name = getattr(thing, "__module__", None) or "", thing.__qualname__
        if is_torchs(thing) or home in ("", "builtins"):
            return self._of_torch(thing, home, name)
        if home != "__main__" and not takes_torch(home):
            return thing
        if "<" in name:
            raise NoCounterpart(f"{name} is defined inside a function; define it at the top of {home}")
        value: Any = self.module(home)
        for part in name.split("."):
            value = getattr(value, part, None)
            if value is None:
                raise NoCounterpart(f"{home}.{name} is not in the file of {home} as it is now")
        return value

    def _of_torch(self, thing: Any, home: str, name: str) -> Any:
        if home == "builtins" and not _in_torch(thing, name):
            return thing
        paths = [f"{place}.{name}" for place in (*_HOMES, "torch.nn") if _at(place, name) is thing]
        paths += [f"{home}.{name}"] if home else []
        said = ""
        for path in paths:
            try:
                return find(path)
            except AttributeError as error:
                said = said or str(error)
        raise NoCounterpart(said or f"{home}.{name} is not in normax.torch")

    def function(self, function: FunctionType) -> tuple[CodeType, dict[str, Any]]:
        """The code of a function that has no name of its own (a lambda, one of a function), and its globals."""
        module = self.module(function.__module__)
        spec = module.__spec__
        source: Any = spec.loader if spec is not None else None
        code = function.__code__
        if source is None or spec is None or spec.origin is None:
            raise NoCounterpart(f"{function.__qualname__} is in no file that can be read again")
        whole = compile(source.get_data(spec.origin), spec.origin, "exec", dont_inherit=True)
        for other in _codes(whole):
            if all(getattr(other, part) == getattr(code, part) for part in _SAME):
                return other, vars(module)
        raise NoCounterpart(f"{function.__qualname__} is not in {spec.origin} as it is now")


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def _at(place: str, name: str) -> Any:
    return getattr(sys.modules.get(place), name, None)


def _in_torch(thing: Any, name: str) -> bool:
    return any(_at(place, name) is thing for place in _HOMES)
