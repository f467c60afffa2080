"""The nearest decreasing sequence, by pooling adjacent violators."""

from __future__ import annotations

import numpy as np

from normax.compiled import kernel

__all__ = ["decreasing"]


@kernel
def decreasing(level):
    """`argmin_v ½ Σ_k (v_k − level_k)²` with v_1 >= v_2 >= … >= 0, in one pass.

    Source: Best & Chakravarti, "Active set algorithms for isotonic regression", Mathematical Programming 1990.
    """
    n = len(level)
    mean, first, blocks = np.empty(n), np.empty(n + 1, dtype=np.intp), 0
    for k in range(n):
        mean[blocks], first[blocks], size = level[k], k, 1
        while blocks > 0 and mean[blocks - 1] <= mean[blocks]:
            before = first[blocks] - first[blocks - 1]
            mean[blocks - 1] += (mean[blocks] - mean[blocks - 1]) * (size / (before + size))
            size += before
            blocks -= 1
        blocks += 1
    first[blocks] = n
    out = np.empty(n)
    for b in range(blocks):
        out[first[b] : first[b + 1]] = max(mean[b], 0.0)
    return out
