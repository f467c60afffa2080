"""Few rows: the path of one output, or of classes, in one compiled call, proximal Newton steps on a working set.

With few rows the arithmetic of a step takes microseconds and what surrounds it would take most of the time. The
Hessian is computed anew for every solve, and within it where `Likelihood` would, so that a handful of steps suffices.
Once it is large, or columns repeat others in a way that no exchange ends, `working_set` goes on by the general steps.
The line search is `line_search.armijo` written out: a call out of the kernel would cost more than the step.
"""

from __future__ import annotations

import math

import numpy as np

from normax.compiled import SUMS, kernel
from normax.linear_model.families.rows import MULTINOMIAL, evaluate
from normax.linear_model.problem.fit import Fit
from normax.linear_model.problem.problem import Problem
from normax.linear_model.problem.terms import SLACK
from normax.linear_model.quadratic.active_set import (
    DONE,
    SINGULAR_FACE,
    append,
    independent_face,
    solve_active,
    solve_factored,
)
from normax.linear_model.solvers.certificate import Gaps
from normax.linear_model.solvers.dual_point import certify
from normax.linear_model.solvers.newton.likelihood import SLOW, Likelihood
from normax.linear_model.solvers.newton.screening import look

__all__ = ["follow_compiled"]

# Newton steps on one working set, at most.
STEPS = 100
# Gain over the null loss of a step that needs no other: of one with a fresh Hessian, which leaves the square of it, and
# of one with an old Hessian, which leaves a share.
FRESH, OLD = 1e-13, 1e-20
# Coefficients up to which a fresh Hessian costs less than the step that it spares.
SPARED = 24
# Rows whose products are summed at a time, so that they stay in the cache.
ROWS = 512
# Multiplications of a Hessian up to which one for each solve costs less than what surrounds the general steps.
FEW = 200_000_000
# Linear predictors that are kept for the certificates: 32 MB.
KEPT = 1 << 22


def follow_compiled(fit: Fit, smooth: Likelihood, problem: Problem, strengths: np.ndarray, gaps: Gaps) -> int:
    """Write the first strengths of a path into fit, as many as suit this solver; returns how many."""
    design, family, rules = smooth.design, smooth.family.compiled_row, problem.rules
    k, (n, m), l1_ratio = int(np.count_nonzero(strengths > 0)), smooth.y.shape, rules.l1_ratio
    most = min(problem.max_iter, STEPS)
    if family is None or rules.bounded or not rules.factor.all() or design.pieces is None:
        return 0
    absent = m > 1 and not smooth.y.any(axis=0).all()  # a class without a row, which wants to be at -inf
    if k * n * m > KEPT or absent:
        return 0
    (intercept, eta), coef = smooth.null(), np.zeros((m, design.p))
    if (begin := problem.begin()) is not None:
        coef, intercept = begin
        eta = design.predict(coef) + intercept + smooth.offset
    etas, ends = np.empty((k, m, n)), np.zeros(k + 1, dtype=np.intp)
    done, entries, values = _path(
        family,
        (np.ascontiguousarray(smooth.y.T), design.weights, (np.zeros((n, m)) + smooth.offset).T.copy()),
        (design.pieces, design.place, design.means, design.norms),
        (rules.factor, strengths[:k] * l1_ratio, strengths[:k] * (1 - l1_ratio)),
        (eta.T.copy(), intercept, coef.ravel().copy()),
        design.centred,
        (problem.max_iter, smooth.scale, FEW),
        (fit.coef, fit.intercept, fit.n_iter, etas, ends),
    )
    for i in range(done):
        some = entries[ends[i] : ends[i + 1]]
        if fit.n_iter[i] >= most:  # no more steps, and intercepts that the last one left as they are
            terms = rules.terms(strengths[i])
            exact = certify(design, smooth.family, smooth.y, etas[i].T, fit.coef[i], terms)
            if exact is not None:
                fit.gap[i] = exact
                continue
        gradients, terms = values[ends[i] : ends[i + 1]], rules.terms(strengths[i]).of(some, design.p)
        gaps.fit(i, etas[i].T, fit.coef[i].ravel()[some], gradients, terms)
    return done


@kernel
def _path(family, seen, columns, charges, start, centred, limits, out):
    """Solve strength after strength; how many, and flat lists of the entries that certify each, with their gradients.

    One body, longer than a page, since what is kept from strength to strength lives in its arrays. A coefficient is a
    number c p + j, of output c and column j. In a system the intercepts come first, as coefficients of a column of ones
    that nothing is charged for; of classes the last has none, since the softmax does not see a shift of all.

    Args:
        seen: (m, n) response, (n,) weights and (m, n) offset of the rows; columns: what `look` takes.
        charges: multiples of the features, strengths of L1 and of L2.
        start: linear predictors, intercepts and coefficients to begin with.
        limits: Newton steps, the null loss, multiplications of a Hessian.
        out: (k, …) coefs, intercepts, steps, etas, filled; (k + 1,) ends, where the lists of a strength begin and end.
    """
    (y, weights, known), (pieces, place, means, norms), (factor, l1s, l2s) = seen, columns, charges
    (eta, b, w), (max_iter, scale, few), (coefs, intercepts, steps, etas, ends) = start, limits, out
    (m, n), p, k = y.shape, len(factor), len(l1s)
    free = (max(m - 1, 1) if centred else 0) + 0 * m
    for c in range(free, m):
        for r in range(n):
            known[c, r] += b[c]
    theta, d, mean = np.empty((m, n)), np.empty((m, n)), np.empty((m, n) if family == MULTINOMIAL else (0, 0))
    reference, u, spread = np.zeros((m, n)), np.empty((m, p)), np.zeros(pieces.shape[1])
    at, taken, size = (
        np.zeros(p, dtype=np.intp) - 1,
        np.ones((16 + np.count_nonzero(w)) * n),
        1,
    )  # of columns that were taken out of X, ones first
    at_work, working, count = np.zeros(m * p, dtype=np.bool_), np.empty(m * p, dtype=np.intp), 0
    for e in range(m * p):
        if w[e] != 0.0:
            working[count] = e
            count += 1
    found, values, floor = np.empty(m * p, dtype=np.intp), np.empty(m * p), np.empty(p)
    every, told = np.empty(256, dtype=np.intp), np.empty(256)
    part, l1, l2 = np.zeros(free + m * p), np.zeros(free + m * p), np.zeros(free + m * p)
    entry, place_of = np.zeros(free + m * p, dtype=np.intp), np.zeros(free + m * p, dtype=np.intp)
    class_of = np.zeros(free + m * p, dtype=np.intp)
    for c in range(free):
        part[c], class_of[c] = b[c], c
    for j in range(p):
        floor[j] = l1s[0] * factor[j]
    value = evaluate(family, y, weights, eta, theta, d, mean)
    seen_from = (pieces, place, means, norms)
    looked, renew = _look(seen_from, theta, spread, w, floor, reference, u, found, values, True)
    for i in range(k):
        old, count = count, 0
        for t in range(old):
            e = working[t]
            at_work[e] = w[e] != 0.0
            if at_work[e]:
                working[count] = e
                count += 1
        for j in range(p):  # what the next strength will ask for as well
            floor[j] = l1s[min(i + 1, k - 1)] * (1.0 - 1e-9) * factor[j]
        steps[i], solved = 0, False
        while True:
            old = count
            for t in range(looked):
                e = found[t]
                if not at_work[e] and abs(values[t]) > (1.0 + SLACK) * l1s[i] * factor[e % p]:
                    at_work[e] = True
                    working[count] = e
                    count += 1
            if solved and (count == old or steps[i] >= max_iter):
                break
            if n * count * count > few:
                return i, every, told
            if (size + count - old) * n > len(taken):
                taken = _longer(taken, (size + count) * n)
            Z = taken.reshape((-1, n))
            a = free
            for c in range(m):
                for t in range(count):
                    e = working[t]
                    if e // p != c:
                        continue
                    j = e % p
                    if at[j] < 0:
                        for r in range(n):
                            Z[size, r] = pieces[j, place[r]] - means[j]
                        at[j] = size
                        size += 1
                    entry[a], place_of[a], class_of[a], part[a] = e, at[j], c, w[e]
                    l1[a], l2[a] = l1s[i] * factor[j], l2s[i] * factor[j]
                    a += 1
            own = (Z, place_of[:a], class_of[:a], free, part[:a], l1[:a], l2[:a])
            most = min(STEPS, max_iter - steps[i])
            status, value, more = _newton(
                family, y, weights, known, *own, scale, most, eta, theta, d, mean, value
            )
            if status != DONE:
                return i, every, told
            for t in range(free, a):
                w[entry[t]] = part[t]
            looked, renew = _look(seen_from, theta, spread, w, floor, reference, u, found, values, renew)
            steps[i] += more
            solved = True
        for t in range(count):
            e = working[t]
            coefs[i, e // p, e % p] = w[e]
        shift = 0.0  # intercepts of classes keep their sum
        for c in range(free if m > 1 else 0):
            shift += (b[c] - part[c]) / m
        for c in range(m):
            intercepts[i, c] = (part[c] if c < free else b[c]) + shift
            for r in range(n):
                etas[i, c, r] = eta[c, r]
        ends[i + 1] = ends[i] + looked
        if ends[i + 1] > len(every):
            every, told = _longer(every, ends[i + 1]), _longer(told, ends[i + 1])
        for t in range(looked):
            every[ends[i] + t], told[ends[i] + t] = found[t], values[t]
    return k, every, told


@kernel
def _look(columns, theta, spread, w, floor, reference, u, found, values, renew):
    """`look` of one output after the other: how many entries were found, and whether the reference wants to be renewed."""
    (m, p), looked, stale = u.shape, 0, False
    for c in range(m):
        own = (theta[c], spread, w[c * p : (c + 1) * p], floor, reference[c], u[c])
        more, old = look(*columns, *own, found[looked:], values[looked:], renew)
        for t in range(looked, looked + more):
            found[t] += c * p
        looked, stale = looked + more, stale or old
    return looked, stale


@kernel
def _longer(a, length):
    """A flat array with room for at least `length` and twice what it has."""
    out = np.empty(max(2 * len(a), length), dtype=a.dtype)
    for i in range(len(a)):
        out[i] = a[i]
    return out


@kernel(fastmath=SUMS)
def _newton(
    family,
    y,
    weights,
    known,
    columns,
    at,
    class_of,
    free,
    w,
    l1,
    l2,
    scale,
    max_steps,
    eta,
    theta,
    d,
    mean,
    value,
):
    """Minimise over w, in place, of which the first `free` are intercepts; status, the loss there, and how many steps.

    One body, longer than a page: its parts share a dozen arrays, which compiled code would hand on one by one.

    Args:
        family: which case of `evaluate` to take; known: (m, n) offset.
        columns: (A, n) ones and centred columns, of which those `at` (a,) are at work, for the outputs `class_of`.
        scale: of the loss.
        eta, theta, d, mean, value: linear predictors and what `evaluate` gives of them, at w before and after.
    """
    a, (m, n) = len(w), y.shape
    K, L, S, inside = (
        np.empty((a, a)),
        np.empty((a, a)),
        np.empty(a, dtype=np.intp),
        np.empty(a, dtype=np.bool_),
    )
    u, q, noise, new, way = np.empty(a), np.empty(a), np.empty(a), np.empty(a), np.empty((m, n))
    own, across = np.empty((a, n)), np.empty((a if len(mean) else 0, n))
    fresh, size, before = True, 0 * a, np.inf  # a literal would compile the solver twice
    steps, settles = 0, False
    for _ in range(max_steps):
        if fresh:
            _curvature(family, weights, columns, at, class_of, d, mean, own, across, K)
        largest = 0.0
        for j in range(a):
            z, c, s = columns[at[j]], class_of[j], 0.0
            for i in range(n):
                s += z[i] * theta[c, i]
            u[j], q[j], new[j] = s, s, w[j] if j >= free else 0.0
            for t in range(free, a):
                q[j] += K[j, t] * w[t]
            if K[j, j] > 0.0:
                largest = max(largest, abs(q[j]) / math.sqrt(K[j, j]))
        for j in range(a):
            noise[j] = 1e-14 * largest * math.sqrt(K[j, j])
        if fresh:
            inside[:] = False
            size = independent_face(K, new, L, S, inside, l1, l2)
            if size < 0:
                return SINGULAR_FACE, value, steps
        status, size, _ = solve_active(K, q, new, L, S, inside, size, l1, l2, noise, 20 + 2 * a)
        if status != DONE:
            if fresh:
                return status, value, steps
            fresh = True
            continue
        gain = 0.0
        for j in range(a):
            if j >= free:
                gain -= _change(w[j], new[j], l1[j], l2[j])
                new[j] -= w[j]
            gain += u[j] * new[j]
        if not gain > 0.0:
            settles = True
            break
        # A full step unless the loss says otherwise.
        way[:] = 0.0
        _add(columns, at, class_of, new, way)
        t, base = 1.0, value
        for c in range(m):
            for i in range(n):
                eta[c, i] += way[c, i]
        while True:
            value = evaluate(family, y, weights, eta, theta, d, mean)
            change = 0.0
            for j in range(free, a):
                change += _change(w[j], w[j] + t * new[j], l1[j], l2[j])
            if gain <= 1e-9 * abs(base) or value + change <= base - 1e-4 * t * gain or t < 1e-10:
                break
            t *= 0.5
            for c in range(m):
                for i in range(n):
                    eta[c, i] -= t * way[c, i]
        for j in range(a):
            w[j] += t * new[j]
        steps += gain > OLD * scale  # less polishes what is solved
        if gain <= (FRESH if fresh else OLD) * scale:
            settles = True
            break
        fresh, before = a <= SPARED or t < 1.0 or gain > SLOW * before, gain
    for c in range(m):  # a whole assignment would take seconds to compile
        for i in range(n):
            eta[c, i] = known[c, i]
    _add(columns, at, class_of, w, eta)
    value = evaluate(family, y, weights, eta, theta, d, mean)
    if settles or steps < max_steps:  # else the next step is the next fit's
        value = _balance(family, y, weights, free, w, eta, theta, d, mean, value)
    return DONE, value, steps


@kernel(fastmath=SUMS)
def _curvature(family, weights, columns, at, class_of, d, mean, own, across, K):
    """Fill K (a, a) with the second derivative of the loss.

    Args:
        own, across: room for columns (a, n) by the roots of what is on the diagonal of a row's second derivative, and by
            what is off it, none where outputs are not coupled.
    """
    a, n, coupled = len(at), len(weights), family == MULTINOMIAL
    roots, shares = np.empty(d.shape), np.empty(mean.shape)
    for c in range(len(d)):
        for i in range(n):
            roots[c, i] = math.sqrt(max(d[c, i], 0.0))
            if coupled:
                shares[c, i] = math.sqrt(weights[i]) * mean[c, i]
    for j in range(a):
        z, c = columns[at[j]], class_of[j]
        for i in range(n):
            own[j, i] = z[i] * roots[c, i]
        if coupled:
            for i in range(n):
                across[j, i] = z[i] * shares[c, i]
    K[:] = 0.0
    for start in range(0, n, ROWS):
        rows, j = slice(start, min(start + ROWS, n)), 0
        while j < a:
            k, t = _partner(class_of, j), 0
            while t <= j:
                s = _partner(class_of, t)
                if class_of[j] == class_of[t]:
                    _square(own, j, k, t, s, rows, 1.0, K)
                else:
                    _square(across, j, k, t, s, rows, -1.0, K)
                t = s + 1
            j = k + 1
    for j in range(a):
        for t in range(j):
            K[t, j] = K[j, t]


@kernel
def _partner(class_of, j):
    """The next entry if it is of the same output, or else this one."""
    return j + 1 if j + 1 < len(class_of) and class_of[j + 1] == class_of[j] else j


@kernel(fastmath=SUMS)
def _square(A, j, k, t, s, rows, sign, K):
    """Add the products of two rows of A (a, n) with two, each of which is read for two; k may be j, and s may be t."""
    x0, x1, y0, y1 = A[j][rows], A[k][rows], A[t][rows], A[s][rows]
    p, q, u, v = 0.0, 0.0, 0.0, 0.0
    for i in range(len(x0)):
        p += x0[i] * y0[i]
        q += x0[i] * y1[i]
        u += x1[i] * y0[i]
        v += x1[i] * y1[i]
    K[j, t] += sign * p
    if s > t:
        K[j, s] += sign * q
    if k > j:
        K[k, t] += sign * u
    if s > t and k > j:
        K[k, s] += sign * v


@kernel(fastmath=SUMS)
def _balance(family, y, weights, free, w, eta, theta, d, mean, value):
    """Newton steps on the intercepts alone until Σθ = 0 to rounding; the loss there."""
    n, last = len(weights), np.inf
    slope, K, L, S = (
        np.empty(free),
        np.empty((free, free)),
        np.empty((free, free)),
        np.empty(free, dtype=np.intp),
    )
    for _ in range(50 if free else 0):
        size, most = 0.0, 0.0
        for c in range(free):
            slope[c] = 0.0
            for i in range(n):
                slope[c] += theta[c, i]
                size += abs(theta[c, i])
            most = max(most, abs(slope[c]))
        if most <= 1e-15 * size or most >= 0.5 * last:
            break
        for c in range(free):
            for e in range(c + 1):
                s = 0.0
                for i in range(n):
                    s += d[c, i] if e == c else -weights[i] * mean[c, i] * mean[e, i]
                K[c, e] = K[e, c] = s
            if not (K[c, c] > 0.0 and append(L, S, c, K, c, 0.0)):
                return value
        solve_factored(L, free, slope)
        last = most
        for c in range(free):
            w[c] += slope[c]
            for i in range(n):
                eta[c, i] += slope[c]
        value = evaluate(family, y, weights, eta, theta, d, mean)
    return value


@kernel(fastmath=SUMS)
def _add(columns, at, class_of, w, eta):
    """Add what coefficients make of their columns to linear predictors."""
    for j in range(len(w)):
        if w[j] != 0.0:
            z, c = columns[at[j]], class_of[j]
            for i in range(eta.shape[1]):
                eta[c, i] += w[j] * z[i]


@kernel
def _change(old, new, l1, l2):
    """How much more penalty the new coefficient pays."""
    return l1 * (abs(new) - abs(old)) + 0.5 * l2 * (new - old) * (new + old)
