"""What a penalty is: a small value object whose strength is data."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from normax.errors import InputError

__all__ = ["Penalty", "Sum", "WithStrength", "check_strength"]


def check_strength(strength: Any) -> None:
    """Refuse a strength that is a number and negative or not finite; traced strengths pass unseen."""
    if isinstance(strength, (bool, str, type(None))) or (
        isinstance(strength, (int, float)) and not (math.isfinite(strength) and strength >= 0)
    ):
        raise InputError(f"strength: expected a finite number >= 0, got {strength!r}")


class Penalty:
    """Base of all penalties: `value`, `prox`, and the split into a smooth and a non-smooth part.

    A penalty knows arrays and nothing else: NumPy or JAX arrays go in and the same come out. Its kind is
    static, its strength may be a float or an array under a JAX transformation, so that one compiled
    program serves every strength.
    """

    # In a sum, proxes of a lower order act first.
    prox_order = 0
    # Whether the prox is a projection, which holds from the first step on and needs no step size.
    constraint = False

    def value(self, w: Any) -> Any:
        """Ω(w), a scalar, strength included."""
        raise NotImplementedError

    def prox(self, w: Any, step: Any) -> Any:
        """`argmin_v ½ Σ_j (v_j − w_j)² / step_j + Ω(v)`, with a scalar or per-coordinate step > 0."""
        raise NotImplementedError

    def slope(self, size: Any) -> Any:
        """`Ω'(|w|)` of each weight, for a penalty that is a sum of concave functions of |w_j|; None for any other.

        With it linear models solve the penalty as a sequence of lassos.
        """
        return None

    def polar(self, u: Any) -> Any:
        """`max_v <u, v>/Ω(v)`, for a norm; None for any other, and where it is not known.

        With it linear models tell a duality gap.
        """
        return None

    def face(self, w: Any) -> Any:
        """The face about w, (p,), on which the penalty is linear: (p, k) directions U >= 0 in size and (k,) charges, with
        w = U z, z > 0 and `Ω(U z) = charges·z` for z near it; None where there is none or it is not known.

        With it linear models finish what proximal steps begin by Newton steps in k unknowns.
        """
        return None

    def scaled(self, factor: Any) -> Penalty:
        """The same penalty with its strength multiplied by `factor`."""
        raise NotImplementedError

    def at(self, step: Any) -> Penalty:
        """The penalty at a step of training: a strength that is a schedule becomes its value there."""
        return self

    def anchored(self, w: Any) -> Penalty:
        """The penalty for a weight whose value is now `w`: what measures from the start learns where it is."""
        return self

    def restricted(self, axis: int, kept: Any, shape: tuple[int, ...]) -> Penalty:
        """The penalty for a weight of `shape` of which only the indices `kept` are left along an axis."""
        return self

    @property
    def decoupled_strength(self) -> Any:
        """Strength of a decay that bypasses the gradient, or None."""
        return None

    @property
    def smooth(self) -> Penalty | None:
        """The part that has a gradient everywhere, which enters the gradient of a training step."""
        return None

    @property
    def nonsmooth(self) -> Penalty | None:
        """The part with kinks, which a proximal step handles and which gives exact zeros."""
        return self

    @property
    def curvature(self) -> Any:
        """Largest second derivative of the smooth part; a gradient step η diverges where η·curvature > 2."""
        return 0.0 if self.smooth is None else self.smooth.curvature

    def __add__(self, other: Penalty) -> Penalty:
        if not isinstance(other, Penalty):
            return NotImplemented
        return Sum(_parts(self) + _parts(other))


@dataclass(frozen=True)
class Sum(Penalty):
    """Several penalties on the same weights: `Ω(w) = Σ_k Ω_k(w)`, written `L1(a) + L2(b)`.

    The prox takes the smooth parts first, which leave a shorter step, `step/(1 + step·curvature)`; then it settles
    signs, thresholds, shortens groups, and projects. For smooth parts, one of L1 and MCP, one partition into groups and
    `Nonnegative` that is exact (Yu, "On decomposing the proximal map", NIPS 2013); with `MaxNorm` where the steps
    within a group are alike. Groups that overlap are not handled exactly.

    Example:
        >>> import numpy as np
        >>> from normax.penalties import L1, L2
        >>> (L1(0.5) + L2(1.0)).prox(np.array([2.0, 0.3]), step=1.0)
        array([0.75, 0.  ])
    """

    parts: tuple[Penalty, ...]

    def value(self, w):
        return sum(part.value(w) for part in self.parts)

    def prox(self, w, step):
        for p in _parts(self.smooth):
            w, step = p.prox(w, step), step / (1 + step * p.curvature)
        for p in sorted(_parts(self.nonsmooth), key=lambda p: p.prox_order):
            w = p.prox(w, step)
        return w

    def scaled(self, factor):
        return Sum(tuple(part.scaled(factor) for part in self.parts))

    def at(self, step):
        return Sum(tuple(part.at(step) for part in self.parts))

    def anchored(self, w):
        return Sum(tuple(part.anchored(w) for part in self.parts))

    def restricted(self, axis, kept, shape):
        return Sum(tuple(part.restricted(axis, kept, shape) for part in self.parts))

    @property
    def constraint(self):
        return all(part.constraint for part in _parts(self.nonsmooth))

    @property
    def decoupled_strength(self):
        found = [p.decoupled_strength for p in self.parts if p.decoupled_strength is not None]
        return sum(found) if found else None

    @property
    def smooth(self):
        return _join([part.smooth for part in self.parts])

    @property
    def nonsmooth(self):
        return _join([part.nonsmooth for part in self.parts])

    @property
    def curvature(self):
        return sum(part.curvature for part in self.parts)


def _parts(penalty: Penalty | None) -> tuple[Penalty, ...]:
    if penalty is None:
        return ()
    return penalty.parts if isinstance(penalty, Sum) else (penalty,)


def _join(penalties: list[Penalty | None]) -> Penalty | None:
    parts = tuple(p for penalty in penalties for p in _parts(penalty))
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else Sum(parts)


@dataclass(frozen=True)
class WithStrength(Penalty):
    """Base of the penalties that carry one strength: a number, or in training a function of the step's number."""

    strength: Any = 1.0

    def __post_init__(self):
        check_strength(self.strength)

    def scaled(self, factor):
        strength = self.strength
        if callable(strength):
            return replace(self, strength=lambda step: strength(step) * factor)
        return replace(self, strength=strength * factor)

    def at(self, step):
        return replace(self, strength=self.strength(step)) if callable(self.strength) else self
