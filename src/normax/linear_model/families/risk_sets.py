"""Who is at risk at each event of a partial likelihood, and sums over them in one pass forth and one back."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from normax.compiled import kernel

__all__ = ["RiskSets"]


@dataclass(frozen=True, eq=False)
class RiskSets:
    """n rows, each at risk at the event times lo to hi − 1 of k, whose events are `events[first[t]:first[t + 1]]`.

    Attributes:
        weights: (n,); event: (n,) whether the row ends with one.
        lo, hi: (n,); entering, leaving: (n,) the rows in the order of lo and of hi.
        events: rows that end with one, in the order of their times; first: (k + 1,).
    """

    weights: np.ndarray
    event: np.ndarray
    lo: np.ndarray
    hi: np.ndarray
    entering: np.ndarray
    leaving: np.ndarray
    events: np.ndarray
    first: np.ndarray

    @classmethod
    def of(cls, begin: np.ndarray, end: np.ndarray, event: np.ndarray, weights: np.ndarray) -> RiskSets:
        """Of rows at risk at the places begin to end, both included, where some end with an event; all (n,)."""
        times = np.unique(end[event])
        lo, hi = np.searchsorted(times, begin), np.searchsorted(times, end, side="right")
        events = np.flatnonzero(event)
        events = events[np.argsort(hi[events], kind="stable")]
        first = np.searchsorted(hi[events] - 1, np.arange(len(times) + 1))
        by = (np.argsort(lo, kind="stable"), np.argsort(hi, kind="stable"))
        return cls(np.ascontiguousarray(weights, float), event, lo, hi, *by, events, first)

    def loss(self, eta: np.ndarray, efron: bool) -> np.ndarray:
        """(n,) of each event the logarithm of the sum over those at risk, less its own predictor."""
        risk, tied, _ = self._sums(eta)
        each = np.zeros(len(eta))
        for_time = risk + _mean(np.log, 0.0, tied, np.diff(self.first)) if efron else risk
        each[self.events] = for_time[self.hi[self.events] - 1] - eta[self.events]
        return each

    def hazards(self, eta: np.ndarray, efron: bool) -> np.ndarray:
        """(k,) steps of the baseline hazard at the event times: the events' weight over the sum over those at risk."""
        risk, tied, _ = self._sums(eta)
        own = np.add.reduceat(self.weights[self.events], self.first[:-1])
        steps = own * np.exp(-risk)
        return steps * _mean(lambda left: 1 / left, 1.0, tied, np.diff(self.first)) if efron else steps

    def expected(self, eta: np.ndarray, efron: bool) -> np.ndarray:
        """(n,) the events that a row was to have by its end, at Breslow's or Efron's baseline hazard: the sum of its
        shares p in the risk."""
        own = (self.weights, self.lo, self.hi, self.events, self.first)
        return _expected(np.ascontiguousarray(eta), *own, *self._sums(eta), efron)

    def averages(self, eta: np.ndarray, Z: np.ndarray, efron: bool) -> np.ndarray:
        """(events, a) the means of columns Z (n, a) over those at risk at each event, by their shares p, times the
        root of the event's weight."""
        own = (self.weights, self.lo, self.hi, self.entering, self.leaving, self.events, self.first)
        risk, tied, _ = self._sums(eta)
        return _averages(np.ascontiguousarray(eta), np.ascontiguousarray(Z), *own, risk, tied, efron)

    def divergence(self, eta: np.ndarray, c: float, efron: bool) -> np.ndarray:
        """(n,) Kullback–Leibler divergences from the shares p in the risk of `c p + (1 − c) e`, where e are the shares
        of those who had the event: 0 for c = 1, and at c = 0 the loss above its least."""
        risk, tied, _ = self._sums(eta)
        return _divergence(eta, self.weights, self.events, self.first, risk, tied, c, efron)

    def _sums(self, eta: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        own = (self.lo, self.hi, self.entering, self.leaving, self.events, self.first)
        return _sums(np.ascontiguousarray(eta), self.weights, *own)


def _mean(
    of: Callable[[np.ndarray], np.ndarray], single: float, tied: np.ndarray, d: np.ndarray
) -> np.ndarray:
    """(k,) mean of `of(1 − l/d · tied)` over l = 0 … d − 1, which is `single` where d is 1."""
    mean = np.full(len(d), single)
    for t in np.flatnonzero(d > 1):
        mean[t] = of(1 - np.arange(d[t]) / d[t] * tied[t]).mean()
    return mean


@kernel
def _sums(eta, weights, lo, hi, entering, leaving, events, first):
    """(k,) logarithm of the sum over those at risk, share of those with the event in it, and the first event time that
    is tied to this one by rows at risk in between: sums start anew there, so that strata never mix."""
    n, k = len(eta), len(first) - 1
    risk, tied, begin = np.empty(k), np.empty(k), np.empty(k, dtype=np.intp)
    i, j, count, top, total = n - 1, n - 1, 0, -np.inf, 0.0
    for t in range(k - 1, -1, -1):
        before = total
        while j >= 0 and lo[entering[j]] > t:
            r = entering[j]
            if lo[r] < hi[r]:
                total -= weights[r] * math.exp(eta[r] - top)
                count -= 1
            j -= 1
        if count == 0:
            top, total = -np.inf, 0.0
        elif total < 1e-6 * before:  # what is left was rounding beside those who left
            top, total = _over(eta, weights, lo, hi, t + 1)
        begin[t] = count  # for now whether anybody goes on
        while i >= 0 and hi[leaving[i]] > t:
            r = leaving[i]
            if lo[r] < hi[r]:
                if eta[r] > top:
                    total *= math.exp(top - eta[r])
                    top = eta[r]
                total += weights[r] * math.exp(eta[r] - top)
                count += 1
            i -= 1
        own = 0.0
        for e in range(first[t], first[t + 1]):
            own += weights[events[e]] * math.exp(eta[events[e]] - top)
        total = max(total, own)  # what left again may have left rounding
        risk[t], tied[t] = top + math.log(total), own / total
    start = 0
    for t in range(k):
        goes_on = begin[t] > 0
        begin[t] = start
        if not goes_on:
            start = t + 1
    return risk, tied, begin


@kernel
def _over(eta, weights, lo, hi, t):
    """The largest predictor of those at risk at t − 1 and t, and their sum relative to it."""
    top, total = -np.inf, 0.0
    for r in range(len(eta)):
        if lo[r] < t < hi[r]:
            top = max(top, eta[r])
    for r in range(len(eta)):
        if lo[r] < t < hi[r]:
            total += weights[r] * math.exp(eta[r] - top)
    return top, total


@kernel
def _expected(eta, weights, lo, hi, events, first, risk, tied, begin, efron):
    n, k = len(eta), len(first) - 1
    hazard, spared, out = np.empty(k), np.zeros(k), np.zeros(n)  # hazard: the logarithm of its sum so far
    for t in range(k):
        d, own = first[t + 1] - first[t], 0.0
        for e in range(first[t], first[t + 1]):
            own += weights[events[e]]
        step = own
        if efron:
            step = 0.0
            for l in range(d):
                share = own / d / (1.0 - l / d * tied[t])
                step += share
                spared[t] += l / d * share
        now = math.log(step) - risk[t]
        if t > begin[t]:
            top = max(now, hazard[t - 1])
            now = top + math.log(math.exp(now - top) + math.exp(hazard[t - 1] - top))
        hazard[t] = now
    for r in range(n):
        if lo[r] < hi[r]:
            t = hi[r] - 1
            before = math.exp(hazard[lo[r] - 1] - hazard[t]) if lo[r] > begin[t] else 0.0
            if before < 1.0:
                out[r] = math.exp(eta[r] + hazard[t] + math.log1p(-before))
    if efron:
        for e in range(len(events)):
            r = events[e]
            t = hi[r] - 1
            out[r] = max(out[r] - spared[t] * math.exp(eta[r] - risk[t]), 0.0)
    return out


@kernel
def _averages(eta, Z, weights, lo, hi, entering, leaving, events, first, risk, tied, efron):
    n, a = Z.shape
    out, total, own = np.empty((len(events), a)), np.zeros(a), np.empty(a)
    i, j, count, top = n - 1, n - 1, 0, -np.inf
    for t in range(len(first) - 2, -1, -1):
        while j >= 0 and lo[entering[j]] > t:
            r = entering[j]
            if lo[r] < hi[r]:
                share = weights[r] * math.exp(eta[r] - top)
                for c in range(a):
                    total[c] -= share * Z[r, c]
                count -= 1
            j -= 1
        if count == 0:
            top = -np.inf
            total[:] = 0.0
        while i >= 0 and hi[leaving[i]] > t:
            r = leaving[i]
            if lo[r] < hi[r]:
                if eta[r] > top:
                    shrink = math.exp(top - eta[r])
                    top = eta[r]
                    for c in range(a):
                        total[c] *= shrink
                share = weights[r] * math.exp(eta[r] - top)
                for c in range(a):
                    total[c] += share * Z[r, c]
                count += 1
            i -= 1
        d, weight, scale = first[t + 1] - first[t], 0.0, math.exp(top - risk[t])
        own[:] = 0.0
        for e in range(first[t], first[t + 1]):
            r = events[e]
            weight += weights[r]
            share = weights[r] * math.exp(eta[r] - risk[t])
            for c in range(a):
                own[c] += share * Z[r, c]
        for l in range(d):
            less = l / d if efron else 0.0
            root = math.sqrt(weight / d) / (1.0 - less * tied[t])
            for c in range(a):
                out[first[t] + l, c] = root * (scale * total[c] - less * own[c])
    return out


@kernel
def _divergence(eta, weights, events, first, risk, tied, c, efron):
    out = np.zeros(len(eta))
    for t in range(len(first) - 1):
        d, own, total = first[t + 1] - first[t], 0.0, 0.0
        for e in range(first[t], first[t + 1]):
            own += weights[events[e]]
        rounds = d if efron else 1
        for l in range(rounds):
            left = 1.0 - l / d * tied[t]
            if c > 0.0:
                total += c * max(1.0 - (1.0 - l / d) * tied[t] / left, 0.0) * math.log(c)
            for e in range(first[t], first[t + 1]):
                r = events[e]
                if weights[r] > 0.0:
                    ratio = own * (1.0 - l / d) * math.exp(eta[r] - risk[t]) / left  # p over e
                    mixed = c * ratio + 1.0 - c
                    if c == 0.0:
                        logarithm = risk[t] - eta[r] - math.log(own * (1.0 - l / d) / left)
                    else:
                        logarithm = math.log(mixed / max(ratio, 1e-300))
                    total += weights[r] / own * mixed * logarithm
        for e in range(first[t], first[t + 1]):
            out[events[e]] = max(total / rounds, 0.0)
    return out
