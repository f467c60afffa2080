"""One row of a family as compiled code: (y, η) -> loss, −∂loss/∂η, ∂²loss/∂η², for kernels to call.

A kernel gets the address, a whole number, so that one compilation serves all families and a call costs nothing to set
up.
"""

from __future__ import annotations

import math

from llvmlite import ir
from numba import cfunc, types
from numba.extending import intrinsic

__all__ = ["ROW", "binomial", "call", "poisson"]

ROW = types.UniTuple(types.float64, 3)(types.float64, types.float64)


@cfunc(ROW, cache=True)
def binomial(y, eta):
    e = math.exp(-abs(eta))
    mean = 1.0 / (1.0 + e) if eta >= 0.0 else e / (1.0 + e)
    return max(eta, 0.0) + math.log1p(e) - y * eta, y - mean, e / (1.0 + e) ** 2


@cfunc(ROW, cache=True)
def poisson(y, eta):
    mean = math.exp(eta)
    return mean - y * eta, y - mean, mean


@intrinsic
def call(typing, address, y, eta):
    """What the row at an address, of type ROW, gives for y and η."""

    def generate(context, builder, signature, args):
        kinds = [context.get_value_type(kind) for kind in (ROW.return_type, *ROW.args)]
        function = builder.inttoptr(args[0], ir.FunctionType(kinds[0], kinds[1:]).as_pointer())
        return builder.call(function, args[1:])

    return ROW.return_type(types.intp, *ROW.args), generate
