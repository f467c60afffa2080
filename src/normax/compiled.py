"""Kernels: Python functions that run as machine code, shipped with the package or compiled at first use.

A wheel may carry a library of kernels that were compiled when it was built (`wheels/kernels.py`), so that the first fit
on a machine compiles nothing and numba is never imported. What the library lacks, because it was built for another
processor, from other sources or not for these types of arguments, numba compiles at its first call and keeps on disk.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import threading
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["LIBRARY", "SUMS", "Kernel", "has", "kernel", "kinds", "source_stamp"]

#: Let sums be reordered, so that they vectorise.
SUMS = frozenset({"reassoc", "contract"})
#: Where a wheel has its compiled kernels, and what is in them.
LIBRARY = Path(__file__).with_name("_kernels")
#: What a processor must have, best first, as NumPy names it; machines of other makes have one level.
LEVELS = {
    "v4": ("AVX512F", "AVX512CD", "AVX512_SKX", "AVX2", "FMA3"),
    "v3": ("AVX2", "FMA3"),
    "any": (),
}

_first = threading.Lock()


class Kernel:
    """A function on arrays and numbers that runs as machine code; other kernels may call it.

    Args:
        function: what numba can compile. It may not have defaults.
        fastmath: what the compiler may do to sums, by LLVM's names.
    """

    def __init__(self, function: Callable, fastmath: frozenset[str] = frozenset()) -> None:
        self.function, self.fastmath = function, fastmath
        self.name = f"{function.__module__}.{function.__qualname__}"
        self.shipped: dict[str, Callable] = _shipped().get(self.name, {})
        self.__doc__, self.__name__, self.__module__ = (
            function.__doc__,
            function.__name__,
            function.__module__,
        )
        self.__wrapped__ = function

    def __call__(self, *args: Any) -> Any:
        shipped = self.shipped.get(kinds(args)) if self.shipped else None
        return self.jitted(*args) if shipped is None else shipped(*args)

    @cached_property
    def jitted(self) -> Any:
        """The same function as numba compiles it for any types, without Python's lock, kept on disk."""
        _teach_numba()
        from numba import njit

        return njit(cache=True, nogil=True, fastmath=set(self.fastmath))(self.function)


def kernel(function: Callable | None = None, *, fastmath: frozenset[str] = frozenset()) -> Any:
    """Decorate a function as a `Kernel`: `@kernel`, or `@kernel(fastmath=SUMS)`."""
    return Kernel(function, fastmath) if function else lambda function: Kernel(function, fastmath)


def kinds(args: tuple) -> str:
    """What a compiled function must know of its arguments: types, dimensions, layout, whether they may be written.

    >>> kinds((np.zeros((2, 3)), 1, (0.5, True)))
    '<f82CW i (f b )'
    """
    said = ""
    for value in args:
        kind = type(value)
        if kind is np.ndarray or kind is np.memmap:
            flags = value.flags
            layout = "C" if flags.c_contiguous else "F" if flags.f_contiguous else "A"
            writeable = "W" if flags.writeable else "R"
            said += f"{value.dtype.str}{value.ndim}{layout}{writeable if flags.aligned else 'unaligned'} "
        elif kind is tuple:
            said += f"({kinds(value)})"
        else:
            said += _SCALARS.get(kind) or f"{kind.__name__} "
    return said


_SCALARS = {int: "i ", np.int64: "i ", float: "f ", np.float64: "f ", bool: "b ", np.bool_: "b "}


def source_stamp(files: list[str]) -> str:
    """A checksum of files of the package, named from its folder: kernels of other sources are not these."""
    digest = hashlib.sha256()
    for name in files:
        digest.update(LIBRARY.parent.joinpath(name).read_bytes())
    return digest.hexdigest()


_library: dict[str, dict[str, Callable]] | None = None


def _shipped() -> dict[str, dict[str, Callable]]:
    """Kernel -> kinds of arguments -> compiled function, of the library for this machine; empty where none is."""
    global _library
    if _library is None:
        with _first:
            _library = _loaded() if LIBRARY.is_dir() else {}
    return _library


def has(needs: tuple[str, ...]) -> bool:
    """Whether this processor is known to have all of these features."""
    try:
        from numpy._core._multiarray_umath import __cpu_features__ as features
    except ImportError:  # NumPy keeps them to itself, and may move them
        features = {}
    return all(features.get(need) for need in needs)


def _loaded() -> dict[str, dict[str, Callable]]:
    for level, needs in LEVELS.items():
        index = LIBRARY / f"{level}.json"
        if not index.exists() or not has(needs):
            continue
        told = json.loads(index.read_text(encoding="utf-8"))
        if told["stamp"] != source_stamp(told["files"]):
            continue
        spec = importlib.util.find_spec(f"normax._kernels.{told['module']}")
        if spec is None or spec.loader is None:
            continue
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return {
            name: {kind: getattr(module, symbol) for kind, symbol in found.items()}
            for name, found in told["kernels"].items()
        }
    return {}


_taught = False


def _teach_numba() -> None:
    """Let kernels that numba compiles call other kernels."""
    global _taught
    with _first:
        if _taught:
            return
        from numba.core import types
        from numba.extending import typeof_impl

        @typeof_impl.register(Kernel)
        def _(kernel: Kernel, context: Any) -> Any:
            return types.Dispatcher(kernel.jitted)

        _taught = True
