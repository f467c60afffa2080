"""One row of a family as compiled code: (y, η) -> loss, −∂loss/∂η, ∂²loss/∂η², for kernels to call.

A kernel gets the family as a whole number, so that one compilation serves all families.
"""

from __future__ import annotations

import math

from normax.compiled import kernel

__all__ = ["BINOMIAL", "POISSON", "row"]

BINOMIAL, POISSON = 0, 1


@kernel
def row(family, y, eta):
    """Loss, its negative first and its second derivative in η."""
    if family == BINOMIAL:
        e = math.exp(-abs(eta))
        mean = 1.0 / (1.0 + e) if eta >= 0.0 else e / (1.0 + e)
        return max(eta, 0.0) + math.log1p(e) - y * eta, y - mean, e / (1.0 + e) ** 2
    mean = math.exp(eta)
    return mean - y * eta, y - mean, mean
