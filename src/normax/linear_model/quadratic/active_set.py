"""The exact solver of a penalised quadratic when most coefficients are zero: faces, by a Cholesky factor
that grows and shrinks.

    min_w  ½ wᵀGw − qᵀw + Σ_j l1_j |w_j| + ½ Σ_j l2_j w_j²

On the face that the support S and its signs span, the minimum is one triangular solve with the factor of
`G_SS + diag(l2_S)`. A coefficient that would change its sign on the way there leaves S; one outside S whose
gradient exceeds its l1 enters by a coordinate step. Each move lowers the objective, and when nothing moves
the solution is exact. Warm starts make a path cost about one solve for each coefficient that comes or goes.
"""

from __future__ import annotations

import math

import numpy as np

from normax.compiled import SUMS, kernel

__all__ = [
    "DONE",
    "SINGULAR_FACE",
    "append",
    "go_on_active",
    "independent_face",
    "pick",
    "remove",
    "solve_active",
    "solve_factored",
]

DONE, SINGULAR_FACE = 0, 1
# A pivot this small against its diagonal means that a column repeats others to rounding.
TINY_PIVOT = 1e-11


@kernel(fastmath=SUMS)
def solve_active(G, q, w, L, S, inside, size, l1, l2, noise, max_rounds):
    """Minimise in place from a warm start.

    Args:
        G: (a, a) Gram matrix, or more rows and columns than that; q: (a,) linear term; w: (a,) coefficients.
        L: (a, a) lower Cholesky factor of the face; S: (a,) its members in order; inside: (a,) flags of
            membership; size: how many members.
        l1, l2: (a,) strengths; noise: (a,) how far |g| may exceed l1 by rounding.
        max_rounds: of entering and leaving.

    Returns:
        (status, size, rounds): DONE, or SINGULAR_FACE where columns repeat others or the rounds ran out, when w is a
        valid point to go on from; how many rounds there were in which some coefficient entered or left.
    """
    a = len(w)
    g = q.copy()
    for i in range(size):
        j = S[i]
        for k in range(a):
            g[k] -= w[j] * G[j, k]
    return go_on_active(G, g, w, L, S, inside, size, l1, l2, noise, max_rounds)


@kernel(fastmath=SUMS)
def go_on_active(G, g, w, L, S, inside, size, l1, l2, noise, max_rounds):
    """The same from the gradient `g = q − Gw`, (a,), which is kept at that of w in place: on a path it is known."""
    a = len(w)
    d = np.empty(a)
    rounds = 0
    while True:
        entered = left = False
        while size > 0:
            for i in range(size):
                j = S[i]
                d[i] = g[j] - l1[j] * np.sign(w[j]) - l2[j] * w[j]
            solve_factored(L, size, d)
            t, leaving = 1.0, -1
            for i in range(size):
                j = S[i]
                if l1[j] > 0.0 and w[j] * d[i] < 0.0 and -w[j] / d[i] < t:
                    t, leaving = -w[j] / d[i], i
            for i in range(size):
                j = S[i]
                move = t * d[i]
                w[j] += move
                for k in range(a):
                    g[k] -= move * G[j, k]
            if leaving < 0:
                break
            w[S[leaving]] = 0.0
            inside[S[leaving]] = False
            remove(L, S, size, leaving)
            size -= 1
            left = True
        for j in range(a):
            excess = abs(g[j]) - l1[j]
            if inside[j] or excess <= noise[j] or G[j, j] + l2[j] <= 0.0:
                continue
            if not append(L, S, size, G, j, l2[j]):
                if entered:  # the face first, where members have no slope of their own
                    break
                if excess <= 10.0 * noise[j]:
                    continue
                if rounds == max_rounds:
                    return SINGULAR_FACE, size, rounds
                size = _exchange(G, w, g, L, S, inside, size, l1, d, j)
                if size < 0 or not append(L, S, size, G, j, l2[j]):
                    return SINGULAR_FACE, max(size, 0), rounds
                size += 1
                inside[j] = entered = True
                break
            if rounds == max_rounds:
                return SINGULAR_FACE, size, rounds
            size += 1
            inside[j] = entered = True
            move = math.copysign(excess / (G[j, j] + l2[j]), g[j])
            w[j] = move
            for k in range(a):
                g[k] -= move * G[j, k]
        rounds = min(rounds + (entered or left), max_rounds)
        if not entered:
            return DONE, size, rounds


@kernel(fastmath=SUMS)
def solve_factored(L, size, x):
    """x ← (LLᵀ)⁻¹x, both passes along rows of L."""
    for i in range(size):
        s = x[i]
        for k in range(i):
            s -= L[i, k] * x[k]
        x[i] = s / L[i, i]
    for i in range(size - 1, -1, -1):
        x[i] /= L[i, i]
        for k in range(i):
            x[k] -= L[i, k] * x[i]


@kernel(fastmath=SUMS)
def append(L, S, size, G, j, l2):
    """One more row of the factor; False if j is a combination of the members to rounding."""
    row, rest = L[size], G[j, j] + l2
    for i in range(size):
        s = G[j, S[i]]
        for k in range(i):
            s -= L[i, k] * row[k]
        row[i] = s / L[i, i]
        rest -= row[i] * row[i]
    if rest <= TINY_PIVOT * (G[j, j] + l2):
        return False
    L[size, size] = math.sqrt(rest)
    S[size] = j
    return True


@kernel
def pick(G, S, l2):
    """The lower triangle of `G_SS + l2 I`, from rows of G that need not be copied whole; zeros above it."""
    K = np.zeros((len(S), len(S)))
    for i in range(len(S)):
        for k in range(i + 1):
            K[i, k] = G[S[i], S[k]]
        K[i, i] += l2
    return K


@kernel(fastmath=SUMS)
def independent_face(G, w, L, S, inside, l1, l2):
    """Factor the face of w, which is moved, in place, along directions that G does not see until no column repeats
    others.

    The objective does not grow on the way. Returns the size of the face, or −1 where that fails.
    """
    d, size = np.empty(len(w)), 0
    for j in range(len(w)):
        if (w[j] == 0.0 and l1[j] > 0.0) or G[j, j] + l2[j] <= 0.0:
            continue
        while not append(L, S, size, G, j, l2[j]):
            if w[j] == 0.0:
                break
            if l2[j] > 0.0:
                return -1
            slope = l1[j] * np.sign(w[j])
            for i in range(size):
                d[i] = G[j, S[i]]
            solve_factored(L, size, d)
            for i in range(size):
                slope -= l1[S[i]] * np.sign(w[S[i]]) * d[i]
            sign = -np.sign(w[j]) if slope * w[j] >= 0.0 else np.sign(w[j])
            t, leaving = (abs(w[j]) if sign * w[j] < 0.0 else np.inf), -1
            for i in range(size):
                k, step = S[i], -sign * d[i]
                if l1[k] > 0.0 and w[k] * step < 0.0 and -w[k] / step < t:
                    t, leaving = -w[k] / step, i
            if t == np.inf:
                return -1
            w[j] = 0.0 if leaving < 0 else w[j] + sign * t
            for i in range(size):
                w[S[i]] -= sign * t * d[i]
            if leaving < 0:
                break
            w[S[leaving]] = 0.0
            inside[S[leaving]] = False
            remove(L, S, size, leaving)
            size -= 1
        else:
            inside[j] = True
            size += 1
    return size


@kernel(fastmath=SUMS)
def _exchange(G, w, g, L, S, inside, size, l1, d, j):
    """Let in j, which the members combine to, along the direction that G does not see, until one of them is zero and
    goes.

    The objective falls on a line there, by what |g_j| exceeds l1_j. Returns how many members are left; −1 if none
    stops it.
    """
    for i in range(size):
        d[i] = G[j, S[i]]
    solve_factored(L, size, d)
    sign = math.copysign(1.0, g[j])
    t, leaving = np.inf, -1
    for i in range(size):
        k = S[i]
        step = -sign * d[i]
        if l1[k] > 0.0 and w[k] * step < 0.0 and -w[k] / step < t:
            t, leaving = -w[k] / step, i
    if leaving < 0:
        return -1
    w[j] = sign * t
    for k in range(len(w)):
        g[k] -= sign * t * G[j, k]
    for i in range(size):
        move = -sign * t * d[i]
        w[S[i]] += move
        for k in range(len(w)):
            g[k] -= move * G[S[i], k]
    w[S[leaving]] = 0.0
    inside[S[leaving]] = False
    remove(L, S, size, leaving)
    return size - 1


@kernel
def remove(L, S, size, gone):
    """Delete a member: its row goes, and Givens rotations restore the triangle below it."""
    for i in range(gone, size - 1):
        S[i] = S[i + 1]
        for k in range(i + 2):
            L[i, k] = L[i + 1, k]
    for c in range(gone, size - 1):
        x, y = L[c, c], L[c, c + 1]
        r = math.hypot(x, y)
        cos, sin = x / r, y / r
        for i in range(c, size - 1):
            u, v = L[i, c], L[i, c + 1]
            L[i, c], L[i, c + 1] = cos * u + sin * v, cos * v - sin * u
