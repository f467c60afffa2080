"""`torch.finfo` and `torch.iinfo`: the limits of dtypes, as Python's numbers."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from normax.torch.dtypes import dtype, get_default_dtype

__all__ = ["finfo", "iinfo"]


class finfo:
    """The limits of a floating dtype.

    Args:
        type: the dtype; the default one unless said.

    Example:
        >>> from normax import torch
        >>> torch.finfo(torch.float16).max, torch.finfo().bits
        (65504.0, 32)
    """

    def __init__(self, type: dtype | None = None):
        kind = get_default_dtype() if type is None else type
        found: Any = jnp.finfo(kind.to_real().dtype)
        self.dtype, self.bits = kind.name, int(found.bits)
        self.eps, self.max, self.min = float(found.eps), float(found.max), float(found.min)
        self.tiny = self.smallest_normal = float(found.tiny)
        self.resolution = float(found.resolution)

    def __repr__(self) -> str:
        return f"finfo(resolution={self.resolution}, min={self.min}, max={self.max}, eps={self.eps}, dtype={self.dtype})"


class iinfo:
    """The limits of a whole dtype.

    Args:
        type: the dtype.

    Example:
        >>> from normax import torch
        >>> torch.iinfo(torch.int8).min, torch.iinfo(torch.int64).max
        (-128, 9223372036854775807)
    """

    def __init__(self, type: dtype):
        found: Any = jnp.iinfo(type.dtype)
        self.dtype, self.bits = type.name, int(found.bits)
        self.max, self.min = int(found.max), int(found.min)

    def __repr__(self) -> str:
        return f"iinfo(min={self.min}, max={self.max}, dtype={self.dtype})"
