"""What scripts ask and set of the process: threads, determinism, precision, default devices; and functions of
functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax

from normax.torch.devices import device, place_of
from normax.torch.dtypes import set_default_dtype
from normax.torch.tensor import raw, wrap

__all__ = [
    "are_deterministic_algorithms_enabled",
    "get_default_device",
    "get_float32_matmul_precision",
    "get_num_interop_threads",
    "get_num_threads",
    "is_anomaly_enabled",
    "set_anomaly_enabled",
    "set_default_device",
    "set_default_tensor_type",
    "set_flush_denormal",
    "set_float32_matmul_precision",
    "set_num_interop_threads",
    "set_num_threads",
    "set_warn_always",
    "typename",
    "use_deterministic_algorithms",
    "vmap",
]


def set_default_device(device: Any) -> None:
    """Let new arrays lie on this device."""
    jax.config.update("jax_default_device", place_of(device))


def get_default_device() -> device:
    """Where new arrays lie."""
    place = getattr(jax.config, "jax_default_device", None)
    return device(jax.devices()[0] if place is None else place)


def set_default_tensor_type(t: Any) -> None:
    """Let new floating tensors be of the dtype of a class such as `torch.FloatTensor`."""
    set_default_dtype(getattr(t, "dtype_of_class", t))


_precision = {"float32": "highest"}


def set_float32_matmul_precision(precision: str) -> None:
    """How exactly matrices of float32 are multiplied on accelerators: "highest", "high" or "medium"."""
    jax.config.update(
        "jax_default_matmul_precision", {"highest": "highest", "high": "high"}.get(precision, "default")
    )
    _precision["float32"] = precision


def get_float32_matmul_precision() -> str:
    """What `set_float32_matmul_precision` was told last."""
    return _precision["float32"]


def _told(name: str, doc: str) -> Callable[..., None]:
    def call(*args: Any, **kwargs: Any) -> None:
        return None

    call.__name__, call.__doc__ = name, doc
    return call


set_num_threads = _told("set_num_threads", "Nothing: XLA takes all cores that the process may use.")
set_num_interop_threads = _told("set_num_interop_threads", "Nothing: XLA looks after its threads.")
set_flush_denormal = _told("set_flush_denormal", "Nothing: XLA decides on denormal numbers.")
set_anomaly_enabled = _told("set_anomaly_enabled", "Nothing: `jax.debug_nans` finds where NaN comes from.")
set_warn_always = _told("set_warn_always", "Nothing.")
use_deterministic_algorithms = _told(
    "use_deterministic_algorithms", "Nothing: XLA's programs repeat themselves on a CPU."
)


def get_num_threads() -> int:
    """Cores of the machine."""
    import os

    return os.cpu_count() or 1


get_num_interop_threads = get_num_threads


def are_deterministic_algorithms_enabled() -> bool:
    """True: one program gives one result."""
    return True


def is_anomaly_enabled() -> bool:
    """False."""
    return False


def typename(obj: Any) -> str:
    """The full name of an object's class."""
    return f"{type(obj).__module__}.{type(obj).__qualname__}".removeprefix("builtins.")


def vmap(
    func: Callable[..., Any], in_dims: Any = 0, out_dims: Any = 0, randomness: str = "error", **ignored: Any
) -> Callable[..., Any]:
    """A function of one row as a function of rows.

    Example:
        >>> from normax import torch
        >>> torch.vmap(torch.dot)(torch.ones(2, 3), torch.ones(2, 3))
        tensor([3., 3.])
    """

    def call(*args: Any, **kwargs: Any) -> Any:
        mapped = jax.vmap(lambda *rows: raw(func(*map(wrap, rows), **kwargs)), in_dims, out_dims)
        return wrap(mapped(*map(raw, args)))

    return call
