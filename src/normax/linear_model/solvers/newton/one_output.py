"""One output on few rows: the path in one compiled call, proximal Newton steps on a working set.

With few rows the arithmetic of a step takes microseconds and what surrounds it would take most of the time. So the
Hessian is computed anew at every step, which makes the steps converge quadratically, and a handful of them suffices.
Once it is large, or columns repeat others, `working_set` goes on from there by the general steps. The line search is
`line_search.armijo` written out: a call out of the kernel would cost more than the step.
"""

from __future__ import annotations

import math

import numpy as np

from normax.compiled import SUMS, kernel
from normax.linear_model.families.rows import row
from normax.linear_model.problem.fit import Fit
from normax.linear_model.problem.problem import Problem
from normax.linear_model.problem.terms import SLACK, Terms
from normax.linear_model.quadratic.active_set import DONE, SINGULAR_FACE, append, solve_active
from normax.linear_model.solvers.certificate import Gaps
from normax.linear_model.solvers.newton.likelihood import Likelihood
from normax.linear_model.solvers.newton.screening import look

__all__ = ["follow_compiled"]

# A step that gains no more than this share of the null loss leaves the square of it, which is rounding.
SETTLED = 1e-13
# Multiplications of a Hessian up to which a fresh one at every step is cheaper than what sparing it costs.
FEW = 3_000_000
# Linear predictors that are kept for the certificates: 8 MB.
KEPT = 1 << 20


def follow_compiled(fit: Fit, smooth: Likelihood, problem: Problem, strengths: np.ndarray, gaps: Gaps) -> int:
    """Write the first strengths of a path into fit, as many as suit this solver; returns how many."""
    design, family, rules = smooth.design, smooth.family.compiled_row, problem.rules
    k, l1_ratio = int(np.count_nonzero(strengths > 0)), rules.l1_ratio
    if smooth.m > 1 or family is None or rules.bounded or not rules.factor.all() or design.pieces is None:
        return 0
    if k * design.n > KEPT:
        return 0
    intercept, start = smooth.null()
    known = (np.zeros((design.n, 1)) + smooth.offset)[:, 0]
    etas, ends = np.empty((k, design.n)), np.zeros(k + 1, dtype=np.intp)
    done, entries, values = _path(
        family,
        (np.ascontiguousarray(smooth.y[:, 0]), design.weights, known),
        (design.pieces, design.place, design.means, design.norms),
        (rules.factor, strengths[:k] * l1_ratio, strengths[:k] * (1 - l1_ratio)),
        (start[:, 0].copy(), intercept[0]),
        design.centred,
        (problem.max_iter, SETTLED * smooth.scale, FEW),
        (fit.coef[:, 0], fit.intercept[:, 0], fit.n_iter, etas, ends),
    )
    for i in range(done):
        some = entries[ends[i] : ends[i + 1]]
        l1, l2 = l1_ratio * rules.factor[some], (1 - l1_ratio) * rules.factor[some]
        terms = Terms(strengths[i] * l1, strengths[i] * l2, rules.lower[some], rules.upper[some])
        gaps.fit(i, etas[i][:, None], fit.coef[i, 0, some], values[ends[i] : ends[i + 1]], terms)
    return done


@kernel
def _path(family, seen, columns, charges, start, centred, limits, out):
    """Solve strength after strength; how many, and flat lists of the entries that certify each, with their gradients.

    One body, longer than a page, since what is kept from strength to strength lives in its arrays.

    Args:
        seen: response, weights and offset of the rows; columns: what `look` takes.
        charges: multiples of the features, strengths of L1 and of L2.
        start: linear predictors and intercept of the fit without features.
        limits: rounds, gain of a step that needs no other, multiplications of a Hessian.
        out: (k, …) coefs, intercepts, rounds, etas, filled; (k + 1,) ends, where the lists of a strength begin and end.
    """
    (y, weights, known), (pieces, place, means, norms), (factor, l1s, l2s) = seen, columns, charges
    (eta, b), (max_iter, settled, few), (coefs, intercepts, rounds, etas, ends) = start, limits, out
    n, p, k = len(y), len(factor), len(l1s)
    theta, d, reference, u = np.empty(n), np.empty(n), np.zeros(n), np.empty(p)
    at, taken, size = np.empty(p, dtype=np.intp), np.empty(16 * n), 0
    w, at_work, working, count = np.zeros(p), np.zeros(p, dtype=np.bool_), np.empty(p, dtype=np.intp), 0
    found, values, spread, floor = (
        np.empty(p, dtype=np.intp),
        np.empty(p),
        np.zeros(pieces.shape[1]),
        np.empty(p),
    )
    every, told, renew = np.empty(256, dtype=np.intp), np.empty(256), k > 0
    part, l1, l2, place_of = np.empty(p), np.empty(p), np.empty(p), np.empty(p, dtype=np.intp)
    for j in range(p):
        at[j], floor[j] = -1, l1s[0] * factor[j]
    _evaluate(family, y, weights, eta, theta, d)
    looked, renew = look(
        pieces, place, means, norms, theta, spread, w, floor, reference, u, found, values, renew
    )
    for i in range(k):
        old, count = count, 0
        for t in range(old):
            j = working[t]
            at_work[j] = w[j] != 0.0
            if at_work[j]:
                working[count] = j
                count += 1
        for j in range(p):  # what the next strength will ask for as well
            floor[j] = l1s[min(i + 1, k - 1)] * (1.0 - 1e-9) * factor[j]
        rounds[i] = 1
        while True:
            old = count
            for t in range(looked):
                j = found[t]
                if not at_work[j] and abs(values[t]) > (1.0 + SLACK) * l1s[i] * factor[j]:
                    at_work[j] = True
                    working[count] = j
                    count += 1
            if rounds[i] > 1 and (count == old or rounds[i] > max_iter):
                break
            if n * count * count > few:
                return i, every, told
            if (size + count - old) * n > len(taken):
                taken = _longer(taken, (size + count) * n)
            Z = taken.reshape((-1, n))
            for t in range(count):
                j = working[t]
                if at[j] < 0:
                    for r in range(n):
                        Z[size, r] = pieces[j, place[r]] - means[j]
                    at[j] = size
                    size += 1
                place_of[t], part[t], l1[t], l2[t] = at[j], w[j], l1s[i] * factor[j], l2s[i] * factor[j]
            own = (Z, place_of[:count], part[:count], b, l1[:count], l2[:count])
            status, b, _ = _newton(family, y, weights, known, *own, centred, settled, 100, eta)
            if status != DONE:
                return i, every, told
            for t in range(count):
                w[working[t]] = part[t]
            _evaluate(family, y, weights, eta, theta, d)
            looked, renew = look(
                pieces, place, means, norms, theta, spread, w, floor, reference, u, found, values, renew
            )
            rounds[i] += 1
        rounds[i] = min(rounds[i], max_iter)
        for t in range(count):
            coefs[i, working[t]] = w[working[t]]
        intercepts[i] = b
        for r in range(n):
            etas[i, r] = eta[r]
        ends[i + 1] = ends[i] + looked
        if ends[i + 1] > len(every):
            every, told = _longer(every, ends[i + 1]), _longer(told, ends[i + 1])
        for t in range(looked):
            every[ends[i] + t], told[ends[i] + t] = found[t], values[t]
    return k, every, told


@kernel
def _longer(a, length):
    """A flat array with room for at least `length` and twice what it has."""
    out = np.empty(max(2 * len(a), length), dtype=a.dtype)
    for i in range(len(a)):
        out[i] = a[i]
    return out


@kernel(fastmath=SUMS)
def _newton(family, y, weights, known, columns, at, w, b, l1, l2, centred, settled, max_steps, eta):
    """Minimise over w, in place, and b; fills eta (n,) with the linear predictors.

    One body, longer than a page: its parts share a dozen arrays, which compiled code would hand on one by one.

    Args:
        family: which `row` to take; known: (n,) offset.
        columns: (A, n) centred columns, of which `at` (a,) are at work.
        settled: gain of a step that needs no other.

    Returns:
        Status, b and what the last step gained.
    """
    a, n = len(w), len(y)
    theta, d, trial = np.empty(n), np.empty(n), np.empty(n)
    u, h, Z, K = np.empty(a), np.empty(a), np.empty((a, n)), np.empty((a, a))
    noise, L, S = np.empty(a), np.empty((a, a)), np.empty(a, dtype=np.intp)
    inside, new, gain = np.empty(a, dtype=np.bool_), np.empty(a), 0.0
    _predict(columns, at, w, b, known, eta)
    value = _evaluate(family, y, weights, eta, theta, d)
    for _ in range(max_steps):
        bend, slope = 0.0, 0.0
        for i in range(n):
            bend += d[i]
            slope += theta[i]
        inverse = 1.0 / bend if centred and bend > 0.0 else 0.0
        for i in range(n):
            trial[i] = math.sqrt(max(d[i], 0.0))
        for j in range(a):
            z = columns[at[j]]
            s, t = 0.0, 0.0
            for i in range(n):
                s += z[i] * theta[i]
                t += z[i] * d[i]
                Z[j, i] = z[i] * trial[i]
            u[j], h[j] = s, t
        largest = 0.0
        for j in range(a):
            q = u[j] - h[j] * slope * inverse
            for k in range(j + 1):
                s = -h[j] * h[k] * inverse
                for i in range(n):
                    s += Z[j, i] * Z[k, i]
                K[j, k] = K[k, j] = s
            K[j, j] = max(K[j, j], 0.0)
            new[j] = w[j]
            noise[j] = q  # for now
        q = noise.copy()
        for j in range(a):
            for k in range(a):
                q[j] += K[j, k] * w[k]
            if K[j, j] > 0.0:
                largest = max(largest, abs(q[j]) / math.sqrt(K[j, j]))
        size = 0 * a  # a literal would compile the solver twice
        for j in range(a):
            noise[j] = 1e-14 * largest * math.sqrt(K[j, j])
            inside[j] = (w[j] != 0.0 or l1[j] == 0.0) and K[j, j] + l2[j] > 0.0
            if inside[j]:
                if not append(L, S, size, K, j, l2[j]):
                    return SINGULAR_FACE, b, gain
                size += 1
        status, size = solve_active(K, q, new, L, S, inside, size, l1, l2, noise, 20 + 2 * a)
        if status != DONE:
            return status, b, gain
        db, gain = slope * inverse, 0.0
        for j in range(a):
            db -= h[j] * (new[j] - w[j]) * inverse
        gain = slope * db
        for j in range(a):
            gain += u[j] * (new[j] - w[j]) - _change(w[j], new[j], l1[j], l2[j])
        if not gain > 0.0:
            break
        # The way, in trial: a full step unless the loss says otherwise.
        for j in range(a):
            new[j] -= w[j]
        for i in range(n):
            trial[i] = db
        for j in range(a):
            if new[j] != 0.0:
                z = columns[at[j]]
                for i in range(n):
                    trial[i] += new[j] * z[i]
        t, base = 1.0, value
        for i in range(n):
            eta[i] += trial[i]
        while True:
            value = _evaluate(family, y, weights, eta, theta, d)
            change = 0.0
            for j in range(a):
                change += _change(w[j], w[j] + t * new[j], l1[j], l2[j])
            if gain <= 1e-9 * abs(base) or value + change <= base - 1e-4 * t * gain or t < 1e-10:
                break
            t *= 0.5
            for i in range(n):
                eta[i] -= t * trial[i]
        for j in range(a):
            w[j] += t * new[j]
        b += t * db
        if gain <= settled:
            break
    _predict(columns, at, w, b, known, eta)
    if centred:
        b = _balance(family, y, weights, eta, theta, d, b)
    return DONE, b, max(gain, 0.0)


@kernel(fastmath=SUMS)
def _balance(family, y, weights, eta, theta, d, b):
    """Newton steps on the intercept alone until Σθ = 0 to rounding."""
    last = np.inf
    for _ in range(50):
        _evaluate(family, y, weights, eta, theta, d)
        slope, size, bend = 0.0, 0.0, 0.0
        for i in range(len(y)):
            slope += theta[i]
            size += abs(theta[i])
            bend += d[i]
        if abs(slope) <= 1e-15 * size or not bend > 0.0 or abs(slope) >= 0.5 * last:
            break
        last = abs(slope)
        b += slope / bend
        for i in range(len(y)):
            eta[i] += slope / bend
    return b


@kernel(fastmath=SUMS)
def _predict(columns, at, w, b, known, eta):
    for i in range(len(eta)):
        eta[i] = known[i] + b
    for j in range(len(w)):
        if w[j] != 0.0:
            z = columns[at[j]]
            for i in range(len(eta)):
                eta[i] += w[j] * z[i]


@kernel
def _evaluate(family, y, weights, eta, theta, d):
    """The loss; fills theta and d with its weighted negative gradient and its curvature."""
    value = 0.0
    for i in range(len(y)):
        loss, theta[i], d[i] = row(family, y[i], eta[i])
        value += weights[i] * loss
        theta[i] *= weights[i]
        d[i] *= weights[i]
    return value


@kernel
def _change(old, new, l1, l2):
    """How much more penalty the new coefficient pays."""
    return l1 * (abs(new) - abs(old)) + 0.5 * l2 * (new - old) * (new + old)
