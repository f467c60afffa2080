"""How much of a step to take: Armijo's rule."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["armijo", "parabola"]

# Share of what the slope promises that a step must gain.
SHARE = 1e-4


def armijo(
    loss: Callable[[float], float],
    charge: Callable[[float], float],
    now: float,
    gain: float,
    rounding: float = 0.0,
    shortest: float = 1e-10,
    first: float = 1.0,
) -> tuple[float, float]:
    """The largest t of 1, ½, ¼, … > `shortest` with `loss(t) + charge(t) <= now − 1e-4 t gain + rounding`, and the loss
    there; 0 and the loss now if none is.

    Args:
        loss: at a part t of the step; charge: how much more penalty it pays.
        now: the loss at t = 0; gain: what the slope promises for the whole step; rounding: of the loss.
        first: where to begin instead of 1.

    Source:
        Armijo, "Minimization of functions having Lipschitz continuous first partial derivatives", 1966.
    """
    t = first
    while t > shortest:
        new = loss(t)
        if new + charge(t) <= now - SHARE * t * gain + rounding:
            return t, new
        t *= 0.5
    return 0.0, now


def parabola(slope: float, curve: float, t: float) -> float:
    """`t·slope + ½ t² curve`: the change of a quadratic along a step."""
    return t * slope + 0.5 * t * t * curve
