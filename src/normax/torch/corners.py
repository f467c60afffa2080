"""Corners of torch that model files mention though nothing of the model depends on them.

Decorators and questions of its compilers, exporters and downloaders: what they decorate stays as it is, what they
ask is answered as for a plain eager call, and what would have to do something says that it cannot be had.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any, Final, TypeVar
from urllib.parse import urlparse

from normax.errors import InputError

__all__ = ["MODULES", "VERSION", "GradScaler"]

_T = TypeVar("_T")

#: The PyTorch whose names and numbers these are.
VERSION = "2.13.0"


def same(value: Any = None, *args: Any, **kwargs: Any) -> Any:
    """A decorator that changes nothing, with or without arguments of its own."""
    return value if callable(value) or isinstance(value, property) else same


def no(*args: Any, **kwargs: Any) -> bool:
    return False


def nothing(*args: Any, **kwargs: Any) -> None:
    return None


def annotate(kind: Any, value: _T) -> _T:
    return value


class aside(contextlib.ContextDecorator):
    """A context, or decorator, that changes nothing."""

    def __init__(self, *args: Any, **kwargs: Any):
        pass

    def __enter__(self) -> aside:
        return self

    def __exit__(self, *exception: Any) -> None:
        return None


class autocast(aside):
    """Mixed precision, of which there is none: `enabled=False` is what it says."""

    def __init__(self, *args: Any, enabled: bool = True, **kwargs: Any):
        if enabled:
            raise InputError(
                "autocast cannot be had in normax: cast the network, net.to('bfloat16'), and what it gets"
            )


class GradScaler:
    """The scaler of losses in half precision, of which there is none: it hands on what it gets."""

    def __init__(self, *args: Any, **kwargs: Any):
        pass

    def scale(self, outputs: _T) -> _T:
        return outputs

    def unscale_(self, optimizer: Any) -> None:
        pass

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        return optimizer.step(*args, **kwargs)

    def update(self, new_scale: Any = None) -> None:
        pass

    def get_scale(self) -> float:
        return 1.0

    def is_enabled(self) -> bool:
        return False

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        pass


_AMP = {"autocast": autocast, "custom_fwd": same, "custom_bwd": same, "GradScaler": GradScaler}


def absent(name: str, instead: str) -> Callable[..., Any]:
    """A function that says it cannot be had."""

    def call(*args: Any, **kwargs: Any) -> Any:
        raise InputError(f"{name} cannot be had in normax: {instead}")

    call.__name__ = call.__qualname__ = name.rpartition(".")[2]
    return call


class never(type):
    """A class of which nothing is an instance."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return False


def unknown(name: str) -> type:
    return never(name, (), {})


class _Operators(ModuleType):
    """`torch.ops`: operators in C, of which there are none."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Operators(f"{self.__name__}.{name}")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        name = self.__name__.removeprefix("normax.")
        raise InputError(
            f"{name} is an operator written in C, which JAX cannot trace; write it with torch's functions"
        )

    def load_library(self, path: Any) -> None:
        raise ImportError("libraries of operators in C cannot be loaded")


_SAVE = "write nx.save(net, 'net.safetensors')"
_LOAD = "download the file and write nx.load(net, file), which reads PyTorch's state dicts too"
_PATHS = "nx.jit compiles, jax.export writes compiled programs"

_NAMES: dict[str, dict[str, Any]] = {
    "jit": {
        **dict.fromkeys(
            ("script", "script_if_tracing", "_script_if_tracing", "ignore", "unused", "export", "interface"),
            same,
        ),
        **dict.fromkeys(("_overload", "_overload_method", "script_method"), same),
        **dict.fromkeys(("is_scripting", "is_tracing"), no),
        "annotate": annotate,
        "isinstance": isinstance,
        "Final": Final,
        "ScriptModule": unknown("ScriptModule"),
        "ScriptFunction": unknown("ScriptFunction"),
        "trace": lambda function, *args, **kwargs: function,
        "save": absent("torch.jit.save", _SAVE),
        "load": absent("torch.jit.load", _LOAD),
    },
    "jit.annotations": {"List": list, "Optional": Any, "BroadcastingList2": list, "BroadcastingList3": list},
    "fx": {
        "wrap": same,
        **{name: unknown(name) for name in ("Tracer", "GraphModule", "Proxy", "Node", "Graph")},
        "symbolic_trace": absent("torch.fx.symbolic_trace", "jax.make_jaxpr shows a function's program"),
    },
    "compiler": {
        **dict.fromkeys(("disable", "allow_in_graph", "assume_constant_result"), same),
        **dict.fromkeys(("is_compiling", "is_dynamo_compiling", "is_exporting"), no),
        "cudagraph_mark_step_begin": nothing,
    },
    "_dynamo": {**dict.fromkeys(("disable", "allow_in_graph"), same), "is_compiling": no, "reset": nothing},
    "_dynamo.utils": {"is_compile_supported": no},
    "library": {
        **dict.fromkeys(
            ("register_fake", "register_autograd", "register_kernel", "impl", "define"), lambda *a, **k: same
        ),
        "custom_op": absent("torch.library.custom_op", "write the operator with torch's functions"),
        "Library": aside,
    },
    "onnx": {
        "is_in_onnx_export": no,
        "export": absent("torch.onnx.export", _PATHS),
    },
    "onnx.operators": {"shape_as_tensor": absent("torch.onnx.operators.shape_as_tensor", "write x.shape")},
    "hub": {
        "HASH_REGEX": re.compile(r"-([a-f0-9]*)\."),
        "urlparse": urlparse,
        **{
            name: absent(f"torch.hub.{name}", _LOAD)
            for name in ("load", "load_state_dict_from_url", "download_url_to_file")
        },
        **dict.fromkeys(("get_dir", "_get_torch_home"), lambda: os.path.expanduser("~/.cache/torch")),
    },
    "amp": _AMP,
    "cuda.amp": _AMP,
    "version": {"__version__": VERSION, "cuda": None, "hip": None, "git_version": "", "debug": False},
    "_C": {"_log_api_usage_once": nothing, "_get_tracing_state": nothing},
    "backends": {},
    "backends.cudnn": {"benchmark": False, "deterministic": False, "enabled": False, "is_available": no},
    "backends.cuda": {"is_built": no, "sdp_kernel": aside},
    "backends.mps": {"is_available": no, "is_built": no},
    "distributed": {"is_available": no, "is_initialized": no},
    "serialization": {"safe_globals": aside},
    "nn.attention": {"sdpa_kernel": aside},
}


def _made(path: str, names: dict[str, Any]) -> ModuleType:
    module = ModuleType(f"normax.torch.{path}", f"What model files mention of `torch.{path}`.")
    vars(module).update(names, __all__=[name for name in names if not name.startswith("_")])
    sys.modules[module.__name__] = module
    return module


MODULES: dict[str, ModuleType] = {path: _made(path, names) for path, names in _NAMES.items()}
MODULES["ops"] = _Operators("normax.torch.ops")
for _path, _module in MODULES.items():
    _parent, _, _last = _path.rpartition(".")
    if _parent in MODULES:
        setattr(MODULES[_parent], _last, _module)
