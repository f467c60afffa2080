"""The coefficients of a linear path, or the size of a feature's weights, for those columns that ever have one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from normax.report.moving.packing import packed
from normax.report.strength_axis import StrengthAxis

__all__ = ["EXACT", "MOST", "coefficients"]

EXACT = 200_000
"""Numbers up to which coefficients keep all their digits; beyond, seven."""
MOST = 900_000
"""Numbers that a page holds; of longer paths every second strength, or fewer, with those that are marked."""


def coefficients(path: Any, axis: StrengthAxis, details: Mapping[str, Any]) -> dict[str, Any]:
    """`w` (kept strengths, outputs, columns that are ever not zero), `b` (kept strengths, outputs), and names.

    `kept` are the strengths' places from strong to weak.
    """
    weight = np.asarray(path.weights[path.penalised[0]], float)
    weight = axis.sort(weight.reshape(weight.shape[0], -1, weight.shape[-1]))
    linear = path.engine == "linear"
    if not linear:  # whole features come and go: the size of the weights that read each
        weight = np.linalg.norm(weight, axis=1, keepdims=True)
    bias = axis.sort(np.asarray(path.weights["bias"], float)) if linear else np.zeros(len(weight))
    ever = np.flatnonzero((weight != 0).any(axis=(0, 1)))
    k, outputs, p = weight.shape
    kept = _kept(path, axis, k, max(1, MOST // max(outputs * len(ever), 1)))
    names = path.feature_names or [f"x{j}" for j in range(p)]
    labels = details.get("labels") if outputs > 1 else None
    live = weight[kept][:, :, ever]
    scale = getattr(getattr(path, "transform", None), "scale_", None)
    return {
        "names": [str(name) for name in names],
        "ever": packed(ever, "i4"),
        "kept": packed(kept, "i4"),
        "w": packed(live, "f8" if live.size <= EXACT else "f4"),
        "b": packed(bias.reshape(k, -1)[kept], "f8"),
        "outputs": [str(label) for label in labels or range(outputs)] if outputs > 1 else None,
        "title": "coefficient" if linear else "norm of a feature’s weights",
        "scale": packed(scale, "f8") if linear and scale is not None and np.shape(scale) == (p,) else None,
    }


def _kept(path: Any, axis: StrengthAxis, k: int, most: int) -> np.ndarray:
    """The places of at most about `most` strengths, the marked ones among them."""
    if k <= most:
        return np.arange(k)
    even = np.linspace(0, k - 1, max(most - 3, 2)).round().astype(int)
    place = {int(entry): i for i, entry in enumerate(axis.order)}
    marked = (
        [place[int(c.index)] for c in (path.best, path.minimum, path.one_se)] if len(path.fold_errors) else []
    )
    return np.unique([*even, *marked])
