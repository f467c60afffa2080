"""The prox of total variation on a chain, exactly and in linear time, as compiled code."""

from __future__ import annotations

import numpy as np

from normax.compiled import kernel

__all__ = ["chain_prox"]


@kernel
def chain_prox(w, step, s):
    """`argmin_v ½ Σ_j (v_j − w_j)² / step_j + s Σ_j |v_j − v_{j−1}|`, (p,), for (p,) steps > 0.

    What the first j coefficients cost as a function of the next has a derivative that is piecewise linear and lies in
    [−s, s]. Its knots are kept from left to right with what slope and intercept gain at each. A coefficient adds a
    line, and cutting the sum off at ±s takes knots away at both ends, each once, and leaves one there. v_j is v_{j+1}
    kept between the two.
    """
    p = len(w)
    s = min(s, 2.0 * np.sum(np.abs(w / step)))  # from there on all are equal, and only rounding would grow
    at, slope, height = np.empty(2 * p), np.empty(2 * p), np.empty(2 * p)
    low, high, v = np.empty(p), np.empty(p), np.empty(p)
    first, last, edge = p, p - 1, 0.0  # edge: what the derivative is cut off at so far
    for j in range(p):
        a, b = 1.0 / step[j], -w[j] / step[j] - edge
        level = -s if j < p - 1 else 0.0
        while first <= last and a * at[first] + b <= level:
            a += slope[first]
            b += height[first]
            first += 1
        low[j] = (level - b) / a
        if j == p - 1:
            break
        c, d = 1.0 / step[j], -w[j] / step[j] + edge
        while first <= last and c * at[last] + d >= s:
            c -= slope[last]
            d -= height[last]
            last -= 1
        high[j] = (s - d) / c
        first, last, edge = first - 1, last + 1, s
        at[first], slope[first], height[first] = low[j], a, b + s
        at[last], slope[last], height[last] = high[j], -c, s - d
    v[p - 1] = low[p - 1]
    for j in range(p - 2, -1, -1):
        v[j] = min(max(v[j + 1], low[j]), high[j])
    return v
