"""The exact minimum of a quadratic with differences of neighbours and sizes charged: faces of intervals.

    min_v  ½ vᵀKv − qᵀv + Σ_k edge_k |v_k − v_{k−1}| + Σ_k l1_k |v_k|

By the coarea formula such a penalty is the least `Σ_I |α_I| charge_I` over all ways to write v as `Σ_I α_I 1_I` with intervals
I = [s, e), where `charge_I = edge_s + edge_e + Σ_{k in I} l1_k`: it is a lasso whose columns are intervals. Few of them are at work,
and the one that exceeds its charge most is found in one walk along the chain. So the active set of `active_set.py` does
it: solve on the intervals at work, drop one whose coefficient would change its sign, take in the worst of the others.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from normax.linear_model.active_set import append, remove, solve_factored

__all__ = ["minimise_chain", "worst_interval"]

# Curvature that each interval is given on top of its own, over its own, so that intervals that repeat others have a factor. The
# steps are majorised by it, and repeated until nothing is left.
PIN = 1e-10
# What exceeds a charge by less than this share of it is rounding, and REPEATS steps on a face at most.
SLACK, REPEATS = 1e-12, 20
# Coefficients below this share of the largest are not taken over from a start.
DUST = 1e-13


@njit(cache=True, nogil=True)
def worst_interval(u, edge, charge):
    """`max_I ±Σ_{k in I} (u_k ∓ charge_k) − edge_s − edge_e` within each output, and its interval [s, e) and sign.

    Outputs begin where an edge costs nothing.
    """
    best, at, to, way = -np.inf, 0, 0, 1.0
    for sign in (1.0, -1.0):
        total, start = -np.inf, 0
        for k in range(len(u)):
            if edge[k] == 0.0 or -edge[k] >= total:
                total, start = -edge[k], k
            total += sign * u[k] - charge[k]
            if total - edge[k + 1] > best:
                best, at, to, way = total - edge[k + 1], start, k + 1, sign
    return best, at, to, way


@njit(cache=True, nogil=True)
def minimise_chain(K, q, edge, l1, start):
    """The minimiser, warm from `start` (g,).

    Args:
        K: (g, g) positive semidefinite; q: (g,).
        edge: (g + 1,) charges of the differences, 0 at both ends and between outputs, and positive elsewhere; l1: (g,) >= 0.
    """
    g = len(q)
    room = 2 * g + 8
    first, last, sign = np.zeros(room, np.intp), np.zeros(room, np.intp), np.zeros(room)
    alpha, charge, dust = np.zeros(room), np.zeros(room), np.zeros(room)
    rows, G = np.empty((room, g)), np.empty((room, room))
    L, S, spare = np.empty((room, room)), np.zeros(room, np.intp), np.arange(room)
    d, size = np.empty(room), 0
    root = np.sqrt(np.maximum(np.diag(K), 0.0))
    unit = 0.0
    for k in range(g):
        if root[k] > 0.0:
            unit = max(unit, abs(q[k]) / root[k])
    noise = 1e-14 * unit * root
    r = q.copy()

    at, to, way, height, count = _layers(start, edge, l1)
    for i in range(count + 1 + 40 * g + 100):
        if i < count:
            s, e, sigma, value, excess = at[i], to[i], way[i], height[i], 0.0
        else:
            size = _settle(r, rows, first, last, sign, alpha, charge, dust, L, S, spare, size, d)
            excess, s, e, sigma = worst_interval(r, edge, l1 * (1 + SLACK) + noise)
            value = 0.0
            if excess <= SLACK * (edge[s] + edge[e]) or size == room:
                break
        # one more interval
        j = spare[size]
        first[j], last[j], sign[j], alpha[j] = s, e, sigma, value
        charge[j], dust[j] = edge[s] + edge[e] + l1[s:e].sum(), noise[s:e].sum()
        rows[j] = 0.0
        for k in range(s, e):
            rows[j] += K[k]
        own = rows[j, s:e].sum()
        G[j, j] = own
        if own <= 1e-14 * root[s:e].sum() ** 2:
            if i < count:
                continue
            break
        for c in range(size):
            o = S[c]
            G[j, o] = G[o, j] = sigma * sign[o] * rows[j, first[o] : last[o]].sum()
        if not append(L, S, size, G, j, PIN * own):
            if i < count:
                continue
            break
        size += 1
        if value != 0.0:
            r -= sigma * value * rows[j]

    v, event = np.zeros(g), np.zeros(g + 1, np.bool_)
    for i in range(size):
        event[first[S[i]]] = event[last[S[i]]] = True
    for k in range(g):
        if k > 0 and not event[k]:
            v[k] = v[k - 1]
            continue
        for i in range(size):
            j = S[i]
            if first[j] <= k < last[j]:
                v[k] += sign[j] * alpha[j]
    return v


@njit(cache=True, nogil=True)
def _settle(r, rows, first, last, sign, alpha, charge, dust, L, S, spare, size, d):
    """Go to the minimum on the face, in place; intervals that reach zero leave. Returns how many stay."""
    repeats = 0
    while size > 0 and repeats < REPEATS:
        late = False
        for i in range(size):
            j = S[i]
            d[i] = sign[j] * r[first[j] : last[j]].sum() - charge[j]
            late |= abs(d[i]) > 0.1 * (SLACK * charge[j] + dust[j])
        if not late:
            break
        solve_factored(L, size, d)
        t, leaving = 1.0, -1
        for i in range(size):
            j = S[i]
            if charge[j] > 0.0 and alpha[j] + t * d[i] < 0.0:
                t, leaving = max(-alpha[j] / d[i], 0.0), i
        for i in range(size):
            j = S[i]
            alpha[j] += t * d[i]
            r -= t * d[i] * sign[j] * rows[j]
        repeats += 1
        if leaving >= 0:
            gone = S[leaving]
            r += sign[gone] * alpha[gone] * rows[gone]
            remove(L, S, size, leaving)
            size -= 1
            # slots in use stay in front of the spare ones
            for i in range(len(spare)):
                if spare[i] == gone:
                    spare[i], spare[size] = spare[size], gone
                    break
            repeats = 0
    return size


@njit(cache=True, nogil=True)
def _layers(v, edge, l1):
    """v as intervals of one sign each, one upon the other: starts, ends, signs and heights."""
    g = len(v)
    at, to, way, height = (
        np.zeros(2 * g + 8, np.intp),
        np.zeros(2 * g + 8, np.intp),
        np.ones(2 * g + 8),
        np.zeros(2 * g + 8),
    )
    begun, level = np.zeros(g + 1, np.intp), np.zeros(g + 1)
    least, count, a = DUST * np.abs(v).max(), 0, 0
    for b in range(1, g + 1):
        if edge[b] != 0.0:
            continue
        ground = 0.0
        if l1[a:b].sum() == 0.0:  # the whole of an output is free
            ground = v[a]
            at[count], to[count], height[count] = a, b, ground
            count += 1
        for sign in (1.0, -1.0):
            depth = 0
            for k in range(a, b + 1):
                x, start = (max(sign * (v[k] - ground), 0.0) if k < b else 0.0), k
                while depth > 0 and level[depth - 1] > x:
                    depth -= 1
                    start = begun[depth]
                    under = max(x, level[depth - 1] if depth > 0 else 0.0)
                    if level[depth] - under > least:
                        at[count], to[count], way[count], height[count] = start, k, sign, level[depth] - under
                        count += 1
                if x > (level[depth - 1] if depth > 0 else 0.0):
                    begun[depth], level[depth] = start, x
                    depth += 1
        a = b
    return at, to, way, height, count
