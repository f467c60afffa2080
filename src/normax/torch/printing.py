"""`repr` of a tensor, as PyTorch prints it: NumPy's layout, PyTorch's digits."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from normax.torch.dtypes import DTYPES, dtype_of, get_default_dtype

__all__ = ["set_printoptions", "shown"]

_options: dict[str, Any] = {"precision": 4, "threshold": 1000, "edgeitems": 3, "max_line_width": 80}


def set_printoptions(
    precision: int | None = None,
    threshold: int | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Digits, and how much of a tensor `repr` prints."""
    given = {
        "precision": precision,
        "threshold": threshold,
        "edgeitems": edgeitems,
        "max_line_width": linewidth,
    }
    _options.update({name: value for name, value in given.items() if value is not None})


def shown(tensor: Any) -> str:
    """`tensor([...])`; of a traced one shape and dtype."""
    array, name = tensor._array, "tensor"
    kind = dtype_of(array)
    if isinstance(array, jax.core.Tracer):
        return f"{name}(shape={list(array.shape)}, dtype={kind}, traced)"
    values = np.asarray(array)
    values = values.astype(np.float32) if kind.name in ("bfloat16", "float16") else values
    text = np.array2string(
        values, separator=", ", prefix=f"{name}(", formatter=_formatter(values), **_options
    )
    usual = kind in (DTYPES["bool"], DTYPES["int64"], get_default_dtype())
    empty = "" if values.size or values.ndim == 1 else f", size={tuple(values.shape)}"
    return f"{name}({text}{empty}{'' if usual else f', dtype={kind}'})"


def _formatter(values: np.ndarray) -> Any:
    """Whole floats with a point and no digits, the others with four."""
    if values.dtype.kind != "f":
        return None
    finite = values[np.isfinite(values)]
    digits = 0 if np.array_equal(finite, np.trunc(finite)) else _options["precision"]
    size = np.abs(finite[finite != 0])
    far = size.size and (size.max() / size.min() > 1000 or size.max() > 1e8 or size.min() < 1e-4) and digits
    width = max((len(_one(v, digits, far)) for v in values.ravel()[:1000]), default=0) if values.ndim else 0
    return {"float_kind": lambda v: _one(v, digits, far).rjust(width)}


def _one(value: float, digits: int, scientific: Any) -> str:
    if not np.isfinite(value):
        return str(value)
    return f"{value:.{digits}e}" if scientific else f"{value:.{digits}f}" + "." * (digits == 0)
