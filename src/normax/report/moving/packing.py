"""Arrays and texts as a script reads them: the bytes of an array in base64, and JSON that no browser takes for markup."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np

from normax.text import printable

__all__ = ["json_text", "packed", "strided"]


def packed(values: Any, kind: str = "f4") -> dict[str, Any]:
    """An array as its bytes: `{"f": kind, "shape": [...], "b": base64}`, little-endian.

    Example:
        >>> packed([1, 2], "u1")
        {'f': 'u1', 'shape': [2], 'b': 'AQI='}
    """
    array = np.ascontiguousarray(values, dtype=np.dtype(kind).newbyteorder("<"))
    return {"f": kind, "shape": list(array.shape), "b": base64.b64encode(array.tobytes()).decode()}


def json_text(value: Any) -> str:
    """JSON for a `<script>` of data: no `<` in it, so that nothing ends it or opens another element.

    Example:
        >>> json_text({"name": "</script>"})
        '{"name":"\\\\u003c/script>"}'
    """
    text = json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c")


def strided(n: int, most: int, seed: int = 0) -> np.ndarray:
    """The numbers of `most` of n rows, drawn at random and in order, or of all of them."""
    if n <= most:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, size=max(most, 1), replace=False))


def _plain(value: Any) -> Any:
    """Texts without what a page may not hold, NumPy's numbers as Python's, NaN and inf as null."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {printable(str(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
