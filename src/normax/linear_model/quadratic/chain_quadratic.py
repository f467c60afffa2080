"""The exact minimum of a quadratic with differences of neighbours and sizes charged: faces of intervals.

    min_v  ½ (v − w)ᵀK(v − w) − rᵀ(v − w) + Σ_k edge_k |v_k − v_{k−1}| + Σ_k l1_k |v_k|,   perhaps with v >= 0

By the coarea formula such a penalty is the least `Σ_I |α_I| charge_I` over all ways to write v as `Σ_I α_I 1_I` with
intervals I = [s, e), where `charge_I = edge_s + edge_e + Σ_{k in I} l1_k`: it is a lasso whose columns are intervals.
Few of them are at work, and the one that exceeds its charge most is found in one walk along the chain. So the active
set of `active_set.py` does it: solve on the intervals at work, drop one whose coefficient would change its sign, take
in the worst of the others.
"""

from __future__ import annotations

import numpy as np

from normax.compiled import kernel
from normax.linear_model.problem.chain_terms import ChainTerms
from normax.linear_model.quadratic.active_set import append, remove, solve_factored

__all__ = ["minimise_chain", "minimise_stretches", "worst_interval"]

# Curvature that each interval is given on top of its own, over its own, so that intervals that repeat others have a
# factor. The steps are majorised by it, and repeated until nothing is left.
PIN = 1e-10
# What exceeds a charge by less than this share of it is rounding, and so is ROUNDING of what the products with K are
# made of.
SLACK, ROUNDING = 1e-12, 1e-15
# Steps on a face at most, and intervals for each coefficient.
REPEATS, MOVES = 20, 40
# Heights below this share of the largest are not taken over from w.
DUST = 1e-13
# Curvature below this share of what it would be without cancellation is none.
FLAT = 1e-14


@kernel
def worst_interval(u, edge, charge, positive):
    """`max_I ±Σ_{k in I} (u_k ∓ charge_k) − edge_s − edge_e` within each output, and its interval [s, e) and sign.

    Outputs begin where an edge costs nothing. Of `positive` coefficients only the sign + counts.
    """
    best, at, to, way = -np.inf, 0, 0, 1.0
    for turn in range(1 if positive else 2):
        sign = 1.0 - 2.0 * turn
        total, start = -np.inf, 0
        for k in range(len(u)):
            if edge[k] == 0.0 or -edge[k] >= total:
                total, start = -edge[k], k
            total += sign * u[k] - charge[k]
            if total - edge[k + 1] > best:
                best, at, to, way = total - edge[k + 1], start, k + 1, sign
    return best, at, to, way


def minimise_stretches(K: np.ndarray, r: np.ndarray, terms: ChainTerms, w: np.ndarray) -> np.ndarray:
    """The v of the least `½ (v − w)ᵀK(v − w) − rᵀ(v − w)` and the terms of v."""
    return minimise_chain(K + np.diag(terms.l2), r - terms.l2 * w, terms.edge, terms.l1, terms.positive, w)


@kernel
def minimise_chain(K, r, edge, l1, positive, w):
    """The minimiser.

    Args:
        K: (g, g) positive semidefinite; r: (g,) negative gradient of the quadratic at w (g,), a start as well.
        edge: (g + 1,) charges of the differences, 0 at both ends and between outputs, and positive elsewhere; l1:
            (g,) >= 0.
        positive: whether v >= 0 is asked for, and holds for w.
    """
    g = len(r)
    room = 2 * g + 8
    # Slots of intervals: [first, last), sign, height, charge, noise of a sum over it, and its row of K. S lists those
    # at work.
    first, last, sign = np.zeros(room, np.intp), np.zeros(room, np.intp), np.zeros(room)
    height, charge, noise = np.zeros(room), np.zeros(room), np.zeros(room)
    rows, G, L, S = (
        np.empty((room, g)),
        np.empty((room, room)),
        np.empty((room, room)),
        np.zeros(room, np.intp),
    )
    spare, d, size = np.arange(room), np.empty(room), 0
    r, root, allowed, moved = r.copy(), np.zeros(g), np.zeros(g), np.zeros(1)
    for k in range(g):
        if K[k, k] > 0.0:
            root[k] = np.sqrt(K[k, k])
            moved[0] = max(moved[0], abs(r[k]) / root[k])

    at, to, way, tall, count = _layers(w, edge, l1, positive, root)
    for turn in range(count + MOVES * (g + 4)):
        if turn < count:
            s, e, sigma, value = at[turn], to[turn], way[turn], tall[turn]
        else:
            if turn == count:  # from here on r belongs to what the intervals add up to
                _subtract(r, K, _values(g, first, last, sign, height, S, size), w)
            size = _settle(
                r, rows, first, last, sign, height, charge, noise, moved, G, L, S, spare, size, d, positive
            )
            for k in range(g):
                allowed[k] = l1[k] * (1.0 + SLACK) + ROUNDING * moved[0] * root[k]
            excess, s, e, sigma = worst_interval(r, edge, allowed, positive)
            value = 0.0
            if excess <= SLACK * (edge[s] + edge[e]) or size == room:
                break
        j, own, extent = spare[size], 0.0, 0.0
        first[j], last[j], sign[j], height[j], charge[j] = s, e, sigma, value, edge[s] + edge[e]
        for c in range(g):
            rows[j, c] = 0.0
        for k in range(s, e):
            charge[j] += l1[k]
            extent += root[k]
            for c in range(g):
                rows[j, c] += K[k, c]
        for k in range(s, e):
            own += rows[j, k]
        noise[j], G[j, j] = ROUNDING * extent, own
        for i in range(size):
            o, shared = S[i], 0.0
            for k in range(first[o], last[o]):
                shared += rows[j, k]
            G[j, o] = G[o, j] = sigma * sign[o] * shared
        if own > FLAT * extent * extent and append(L, S, size, G, j, PIN * own):
            size += 1
        elif turn >= count:
            break
    return _values(g, first, last, sign, height, S, size)


@kernel
def _settle(r, rows, first, last, sign, height, charge, noise, moved, G, L, S, spare, size, d, positive):
    """Go to the minimum on the face, in place; intervals that reach zero leave. Returns how many stay."""
    repeats = 0
    while size > 0 and repeats < REPEATS:
        repeats += 1
        late = False
        for i in range(size):
            j = S[i]
            d[i] = -charge[j]
            for k in range(first[j], last[j]):
                d[i] += sign[j] * r[k]
            late = late or abs(d[i]) > 0.1 * (SLACK * charge[j] + noise[j] * moved[0])
        if not late:
            break
        solve_factored(L, size, d)
        t, leaving = 1.0, -1
        for i in range(size):
            j = S[i]
            if (positive or charge[j] > 0.0) and height[j] + t * d[i] < 0.0:
                t, leaving = max(-height[j] / d[i], 0.0), i
        for i in range(size):
            j = S[i]
            height[j] += t * d[i]
            moved[0] = max(moved[0], abs(t * d[i]) * np.sqrt(G[j, j]))
            for k in range(len(r)):
                r[k] -= t * d[i] * sign[j] * rows[j, k]
        if leaving >= 0:
            gone, repeats = S[leaving], 0
            for k in range(len(r)):
                r[k] += height[gone] * sign[gone] * rows[gone, k]
            remove(L, S, size, leaving)
            size -= 1
            for i in range(size):  # slots at work stay in front of the spare ones
                if spare[i] == gone:
                    spare[i], spare[size] = spare[size], gone
                    break
    return size


@kernel
def _subtract(r, K, v, w):
    """r − K(v − w), in place."""
    for k in range(len(r)):
        move = v[k] - w[k]
        if move != 0.0:
            for c in range(len(r)):
                r[c] -= move * K[k, c]


@kernel
def _values(g, first, last, sign, height, S, size):
    """What the intervals at work add up to, (g,), the same number wherever the same ones do."""
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
                v[k] += sign[j] * height[j]
    return v


@kernel
def _layers(v, edge, l1, positive, root):
    """v as intervals of one sign each, one upon the other: starts, ends, signs and heights.

    Where the whole of an output is free, the rest stands on the value of the heaviest column, which then is told most
    exactly.
    """
    g = len(v)
    at, to = np.zeros(2 * g + 8, np.intp), np.zeros(2 * g + 8, np.intp)
    way, height = np.ones(2 * g + 8), np.zeros(2 * g + 8)
    begun, level = np.zeros(g + 1, np.intp), np.zeros(g + 1)
    least, charged, count, a = 0.0, 0.0, 0, 0
    for k in range(g):
        least = max(least, DUST * abs(v[k]))
    for b in range(1, g + 1):
        charged += l1[b - 1]
        if edge[b] != 0.0:
            continue
        ground = 0.0
        if charged == 0.0 and not positive:
            ground = v[a + np.argmax(root[a:b])]
            at[count], to[count], height[count] = a, b, ground
            count += 1
        for turn in range(2):
            sign, depth = 1.0 - 2.0 * turn, 0
            for k in range(a, b + 1):
                x, start = 0.0, k
                if k < b:
                    x = max(sign * (v[k] - ground), 0.0)
                while depth > 0 and level[depth - 1] > x:
                    depth -= 1
                    start, under = begun[depth], x
                    if depth > 0:
                        under = max(x, level[depth - 1])
                    if level[depth] - under > least:
                        at[count], to[count], way[count] = start, k, sign
                        height[count] = level[depth] - under
                        count += 1
                if x > 0.0 and (depth == 0 or x > level[depth - 1]):
                    begun[depth], level[depth] = start, x
                    depth += 1
        a, charged = b, 0.0
    return at, to, way, height, count
