"""The rows of a family as compiled code: (y, η) -> loss, −∂loss/∂η, ∂²loss/∂η², for kernels to call.

A kernel gets the family as a whole number, so that one compilation serves all families.
"""

from __future__ import annotations

import math

import numpy as np

from normax.compiled import SUMS, kernel

__all__ = ["BINOMIAL", "MULTINOMIAL", "POISSON", "evaluate", "row"]

BINOMIAL, POISSON, MULTINOMIAL = 0, 1, 2


@kernel
def row(family, y, eta):
    """Loss of one row of a family of one output, its negative first and its second derivative in η."""
    if family == BINOMIAL:
        e = math.exp(-abs(eta))
        mean = 1.0 / (1.0 + e) if eta >= 0.0 else e / (1.0 + e)
        return max(eta, 0.0) + math.log1p(e) - y * eta, y - mean, e / (1.0 + e) ** 2
    mean = math.exp(eta)
    return mean - y * eta, y - mean, mean


@kernel
def evaluate(family, y, weights, eta, theta, d, mean):
    """The loss of m outputs of n rows, all (m, n); fills theta and d with its weighted negative gradient and its
    curvature, and mean with the means of outputs that are coupled, whose curvature off the diagonal they are."""
    if family == MULTINOMIAL:
        return _softmax(y, weights, eta, theta, d, mean)
    value = 0.0
    for c in range(len(y)):
        for i in range(len(weights)):
            loss, theta[c, i], d[c, i] = row(family, y[c, i], eta[c, i])
            value += weights[i] * loss
            theta[c, i] *= weights[i]
            d[c, i] *= weights[i]
    return value


@kernel(fastmath=SUMS)
def _softmax(y, weights, eta, theta, d, mean):
    m, n = eta.shape
    largest, total, value = eta[0].copy(), np.zeros(n), 0.0
    for c in range(1, m):
        for i in range(n):
            largest[i] = max(largest[i], eta[c, i])
    for c in range(m):
        for i in range(n):
            mean[c, i] = math.exp(eta[c, i] - largest[i])
            total[i] += mean[c, i]
    for i in range(n):
        value += weights[i] * (math.log(total[i]) + largest[i])
    for c in range(m):
        for i in range(n):
            value -= weights[i] * y[c, i] * eta[c, i]
            mean[c, i] /= total[i]
            theta[c, i] = weights[i] * (y[c, i] - mean[c, i])
            d[c, i] = weights[i] * mean[c, i] * (1.0 - mean[c, i])
    return value
